use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::num::NonZeroU32;

use batch_core::batch::Batch;
use batch_core::id::{BatchId, RunId};
use batch_core::journal::{Entry, Fact, Sequence};
use batch_core::run::{Run, RunState};
use batch_core::storage::{BatchQuery, PageSize, RunQuery, Storage};

/// All runs of a batch, page by page.
pub async fn all_runs(storage: &dyn Storage, batch: BatchId) -> Vec<Run> {
    let mut query = RunQuery::default();
    query.batch = Some(batch);
    query.page.size = PageSize::MAX;
    let mut all = Vec::new();
    loop {
        let page = storage.runs(query.clone()).await.unwrap();
        all.extend(page.items);
        match page.next {
            Some(next) => query.page.token = Some(next),
            None => return all,
        }
    }
}

/// The whole journal, from what was trimmed on, without gaps.
pub async fn whole_journal(storage: &dyn Storage) -> Vec<Entry> {
    let mut all: Vec<Entry> = Vec::new();
    let first = storage.journal(Sequence::START, NonZeroU32::MIN).await;
    let trimmed = first.unwrap().trimmed;
    loop {
        let after = all.last().map_or(trimmed, |entry| entry.sequence);
        let limit = NonZeroU32::new(1_000).unwrap();
        let page = storage.journal(after, limit).await.unwrap();
        assert_eq!(page.trimmed, trimmed, "nobody prunes");
        if page.entries.is_empty() {
            assert_eq!(after, page.head, "the journal ends before its head");
            return all;
        }
        all.extend(page.entries);
    }
}

/// Checks a whole store against itself and gives every batch with its runs.
///
/// Batches are whole; counts equal a recount; the journal has no gap, ends each
/// ended run once and no other, and finishes each finished batch once and last. Of a
/// batch whose first entries were trimmed, no end and no finish may come twice.
pub async fn recount(storage: &dyn Storage) -> Vec<(Batch, Vec<Run>)> {
    let mut query = BatchQuery::default();
    query.page.size = PageSize::MAX;
    let page = storage.batches(query).await.unwrap();
    assert!(
        page.next.is_none(),
        "a recount takes at most a thousand batches"
    );
    let mut all = Vec::new();
    for batch in page.items {
        let runs = all_runs(storage, batch.id).await;
        let mut deleted = 0;
        for state in RunState::ALL {
            let listed = runs.iter().filter(|run| run.state == state).count() as u64;
            let counted = batch.counts.of(state);
            // Deleted runs are counted as they ended.
            let right = counted == listed || (counted > listed && state.is_ended());
            assert!(right, "{counted} {state} in {}, {listed} listed", batch.id);
            deleted += counted - listed;
        }
        assert_eq!(batch.deleted, deleted, "deleted runs of {}", batch.id);
        assert_eq!(batch.is_finished(), batch.counts.all_ended());
        all.push((batch, runs));
    }
    check_journal(&whole_journal(storage).await, &all);
    all
}

fn check_journal(entries: &[Entry], batches: &[(Batch, Vec<Run>)]) {
    let mut ends: BTreeMap<RunId, u32> = BTreeMap::new();
    let mut finished: BTreeMap<BatchId, u32> = BTreeMap::new();
    let mut created = BTreeSet::new();
    let first = entries.first().map_or(1, |entry| entry.sequence.get());
    for (number, entry) in (first..).zip(entries) {
        let expected = Sequence::new(number);
        assert_eq!(entry.sequence, expected, "a gap in the journal");
        let may_be_late = matches!(
            entry.fact,
            Fact::Updated(_) | Fact::Deleted(_) | Fact::BatchDeleted
        );
        let over = finished.contains_key(&entry.batch) && !may_be_late;
        assert!(!over, "{entry:?} comes after the end of its batch");
        match &entry.fact {
            Fact::Ended(_) | Fact::Reviewed(_) | Fact::Swept(_) | Fact::Expired(_) => {
                for ordinal in entry.fact.ordinals().iter() {
                    *ends.entry(RunId::new(entry.batch, ordinal)).or_default() += 1;
                }
            }
            Fact::Created => assert!(
                created.insert(entry.batch),
                "{} was stored twice",
                entry.batch
            ),
            Fact::Finished { .. } => *finished.entry(entry.batch).or_default() += 1,
            _ => {}
        }
    }
    for (batch, runs) in batches {
        let whole = created.contains(&batch.id);
        let check = |times: Option<&u32>, expected, what: &dyn fmt::Display| {
            let times = times.copied().unwrap_or(0);
            assert!(
                times == u32::from(expected) || (times == 0 && !whole),
                "{times} ends of {what}"
            );
        };
        check(finished.get(&batch.id), batch.is_finished(), &batch.id);
        for run in runs {
            check(ends.get(&run.id), run.state.is_ended(), &run.id);
        }
    }
}
