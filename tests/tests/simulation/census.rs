use batch_core::batch::Batch;
use batch_core::id::{BatchId, RunId};
use batch_core::run::{Run, RunState};
use batch_core::storage::{
    BatchQuery, ErrorKind, OutputDetail, PageSize, RunQuery, Storage, StorageError,
};

use super::tag::{name_of, tag_of};
use super::witness::{KnownRun, Verdict, Witness, must};
use super::world::World;

/// Reads the whole store and compares it with what the witness has seen.
///
/// Batches are whole and none is lost, counts equal a recount, each run stands where
/// the journal says, and an output is that of its own run.
pub(super) async fn census(world: &World, storage: &dyn Storage) -> Verdict {
    let all = read(storage).await.map_err(|e| format!("census: {e}"))?;
    let state = world.lock();
    let witness = &state.witness;
    for (batch, runs) in &all {
        compare(witness, batch, runs)?;
    }
    for (id, known) in &witness.batches {
        let there = all.iter().any(|(batch, _)| batch.id == *id);
        must!(there || known.may_be_missing(), "{id} is lost");
        must!(!there || !known.deleted, "{id} was deleted and is listed");
    }
    Ok(())
}

/// The same while a failed commit leaves what it touched in doubt: nothing is shown as done
/// that is not.
pub(super) async fn census_in_doubt(world: &World, storage: &dyn Storage) -> Verdict {
    let ids: Vec<BatchId> = world.lock().witness.asked.keys().copied().collect();
    let mut all = Vec::new();
    for id in ids {
        match (storage.batch(id).await, runs(storage, id).await) {
            (Ok(Some(batch)), Ok(runs)) => all.push((batch, runs)),
            (Ok(_), Ok(_)) => {}
            (Err(error), _) | (_, Err(error)) if error.kind() == ErrorKind::InDoubt => {}
            (Err(error), _) | (_, Err(error)) => return Err(format!("census: {error}")),
        }
    }
    let state = world.lock();
    let witness = &state.witness;
    for (batch, runs) in &all {
        let id = batch.id;
        let known = witness.batches.get(&id);
        let finished = known.is_some_and(|known| known.finished.is_some());
        must!(
            finished || !batch.is_finished(),
            "{id} is shown as finished"
        );
        for run in runs {
            let known = witness.runs.get(&run.id);
            known.map_or(Ok(()), |known| is_as_updated(run, known))?;
        }
        for run in runs.iter().filter(|run| run.state.is_ended()) {
            let ended = witness.runs.get(&run.id).and_then(|run| run.ended);
            must!(
                ended == Some(run.state),
                "{} is shown as {}",
                run.id,
                run.state
            );
        }
    }
    Ok(())
}

async fn read(storage: &dyn Storage) -> Result<Vec<(Batch, Vec<Run>)>, StorageError> {
    let mut query = BatchQuery::default();
    query.page.size = PageSize::MAX;
    let mut all = Vec::new();
    loop {
        let page = storage.batches(query.clone()).await?;
        for batch in page.items {
            let runs = runs(storage, batch.id).await?;
            all.push((batch, runs));
        }
        query.page.token = page.next;
        if query.page.token.is_none() {
            return Ok(all);
        }
    }
}

async fn runs(storage: &dyn Storage, batch: BatchId) -> Result<Vec<Run>, StorageError> {
    let mut query = RunQuery::default();
    query.batch = Some(batch);
    query.output = OutputDetail::Included;
    query.page.size = PageSize::MAX;
    let mut all = Vec::new();
    loop {
        let page = storage.runs(query.clone()).await?;
        all.extend(page.items);
        query.page.token = page.next;
        if query.page.token.is_none() {
            return Ok(all);
        }
    }
}

fn compare(witness: &Witness, batch: &Batch, runs: &[Run]) -> Verdict {
    let id = batch.id;
    let known = witness.batches.get(&id);
    let known = known.ok_or_else(|| format!("{id} is in the store and not in the journal"))?;
    let deleted: Vec<_> = witness.of(id).into_iter().filter(|r| r.deleted).collect();
    let (listed, gone) = (runs.len(), deleted.len());
    must!(
        (listed + gone) as u32 == known.runs && batch.deleted == gone as u64,
        "{id} lists {listed} runs and says that {} were deleted, which {gone} were",
        batch.deleted
    );
    for state in RunState::ALL {
        let said = batch.counts.of(state);
        let is = runs.iter().filter(|run| run.state == state).count();
        let was = deleted.iter().filter(|run| run.ended == Some(state));
        let is = (is + was.count()) as u64;
        must!(said == is, "{id} counts {said} {state}, and there are {is}");
    }
    let finished = known.finished.is_some();
    let said = [
        batch.is_finished(),
        batch.counts.all_ended(),
        batch.finished_at.is_some(),
    ];
    must!(
        said == [finished; 3],
        "{id} is finished: {finished}, and says {said:?}"
    );
    for run in runs {
        let held = witness.held().contains(&run.id);
        stands(run, &witness.runs[&run.id], held)?;
    }
    Ok(())
}

/// A run has what the last update left, and no other.
fn is_as_updated(run: &Run, known: &KnownRun) -> Verdict {
    let id = run.id;
    let (tag, name) = (tag_of(&run.metadata), known.tag.map(name_of));
    must!(
        tag == known.tag && run.name == name,
        "{id} is {:?} with the tag {tag:?}, known {known:?}",
        run.name
    );
    Ok(())
}

fn stands(run: &Run, known: &KnownRun, held: bool) -> Verdict {
    let id = run.id;
    must!(!known.deleted, "{id} was deleted and is listed");
    is_as_updated(run, known)?;
    let as_known = match (known.ended, held) {
        (Some(ended), _) => run.state == ended,
        (None, true) => matches!(run.state, RunState::Processing | RunState::Cancelling),
        (None, false) if known.in_review => run.state == RunState::NeedsReview,
        (None, false) => run.state == RunState::Pending,
    };
    must!(
        as_known,
        "{id} is {}, known {known:?}, held {held}",
        run.state
    );
    let (attempts, interruptions) = (run.attempts, run.interruptions);
    let (more_attempts, more_interruptions) = (
        attempts.checked_sub(known.attempts),
        interruptions.checked_sub(known.interruptions),
    );
    let more = more_attempts.zip(more_interruptions).map(|(a, b)| a + b);
    let expected = u32::from(known.one_of_both);
    must!(
        more == Some(expected),
        "{id}: {attempts} attempts, {interruptions} interruptions, {known:?}"
    );
    must!(
        run.ended_at.is_some() == run.state.is_ended(),
        "{id}: {run:?}"
    );
    if run.state == RunState::Processed {
        let output = run
            .output
            .as_ref()
            .and_then(|output| output.parse::<String>().ok());
        must!(
            output == Some(output_of(id)),
            "{id} has the output {output:?}"
        );
    }
    Ok(())
}

/// What an executor gives back for a run.
pub(super) fn output_of(run: RunId) -> String {
    format!("result of {run}")
}
