use crate::conformance::sample::{kind, processed, request};
use crate::conformance::yard::{Yard, run_id};
use crate::id::{BatchId, SinkName};
use crate::ordinal::{Ordinal, OrdinalSet};
use crate::request::{Limits, RunUpdate};
use crate::run::Run;
use crate::storage::{DeleteReply, SinkStart, UpdateReply};
use crate::valid::{ValidUpdate, validate_update};

fn valid(update: RunUpdate) -> ValidUpdate {
    validate_update(Ordinal::new(0), update, &Limits::default()).unwrap()
}

async fn update(yard: &Yard, batch: BatchId, ordinal: u32, update: RunUpdate) -> UpdateReply {
    let run = run_id(batch, ordinal);
    yard.storage().update_run(run, valid(update)).await.unwrap()
}

async fn updated(yard: &Yard, batch: BatchId, ordinal: u32, change: RunUpdate) -> Run {
    match update(yard, batch, ordinal, change).await {
        UpdateReply::Updated(run) => *run,
        other => panic!("not updated: {other:?}"),
    }
}

/// Shows: "Changes the label and the metadata of a run, whatever its state, as the update says."
/// Shows: "The reply is the run as every read has it from then on."
pub(crate) async fn an_update_is_read_back_in_every_state_of_the_run(yard: &mut Yard) {
    let id = yard.submit(30).await;
    let held = yard.claim_one().await;
    for (ordinal, n) in [(0, 1), (29, 2), (0, 3)] {
        let change = RunUpdate::new().name(format!("name {n}"));
        let change = change.merge_json(format!(r#"{{"n":{n}}}"#));
        let run = updated(yard, id, ordinal, change).await;
        assert_eq!(run, yard.run(id, ordinal).await);
        assert_eq!(run.name.as_deref(), Some(format!("name {n}").as_str()));
        assert_eq!(run.metadata.to_map()["n"], n);
    }
    yard.settle(held, processed()).await;
    yard.work_off().await;
    let run = updated(yard, id, 0, RunUpdate::new().without_name().remove("n")).await;
    assert!(run.name.is_none() && !run.metadata.to_map().contains_key("n"));
    yard.crash().await;
    assert_eq!(yard.run(id, 0).await.name, None);
    assert_eq!(yard.run(id, 29).await.name.as_deref(), Some("name 2"));
    assert_eq!(yard.runs_of(id).await[29].name.as_deref(), Some("name 2"));
    yard.recount(id).await;
}

/// Shows: "The next claim of the run and all its later events have the new ones."
pub(crate) async fn a_run_that_is_claimed_after_its_update_brings_the_new_metadata(
    yard: &mut Yard,
) {
    let id = yard.submit_request(request(3)).await;
    let change = RunUpdate::new().merge_json(r#"{"for":"the executor"}"#);
    updated(yard, id, 1, change).await;
    let claimed = yard.claim(3).await;
    let metadata: Vec<_> = claimed.iter().map(|run| run.input.metadata()).collect();
    assert_eq!(metadata[1].to_map()["for"], "the executor");
    let one = std::iter::once(Ordinal::new(1)).collect::<OrdinalSet>();
    let inputs = yard.storage().inputs(id, one).await.unwrap();
    assert_eq!(inputs[0].metadata(), metadata[1]);
    assert!(!metadata[0].to_map().contains_key("for"));
}

/// Shows: "An update that changes nothing writes nothing, so repeating the call is safe."
/// Shows: "Any other is in the journal."
pub(crate) async fn an_update_is_in_the_journal_once_however_often_it_is_repeated(yard: &mut Yard) {
    let id = yard.submit(2).await;
    let change = || RunUpdate::new().name("new").merge_json(r#"{"a":1}"#);
    updated(yard, id, 1, change()).await;
    let entries = yard.journal().await;
    let last = entries.last().unwrap();
    assert_eq!(kind(&last.fact), "updated");
    assert!(last.fact.ordinals().iter().eq([Ordinal::new(1)]));
    updated(yard, id, 1, change()).await;
    assert_eq!(yard.journal().await, entries);
}

/// Shows: "Where the metadata would be larger than the update allows, nothing is changed and the reply says both numbers."
pub(crate) async fn a_merge_past_the_limit_changes_nothing(yard: &mut Yard) {
    let id = yard.submit(1).await;
    let half = |key: &str| {
        let half = "x".repeat(6_000);
        RunUpdate::new().merge_json(format!(r#"{{"{key}":"{half}"}}"#))
    };
    let before = updated(yard, id, 0, half("a")).await;
    let reply = update(yard, id, 0, half("b").name("too")).await;
    let UpdateReply::MetadataTooLarge { bytes, limit } = reply else {
        panic!("{reply:?}");
    };
    assert!(bytes > limit && limit == Limits::default().metadata_bytes);
    assert_eq!(yard.run(id, 0).await, before);
}

/// Shows: "A run that is not there, or not any more, is UpdateReply::NotFound."
pub(crate) async fn what_is_not_there_is_not_updated(yard: &mut Yard) {
    let id = yard.submit(2).await;
    yard.work_off().await;
    assert_eq!(yard.delete_run(id, 1).await, DeleteReply::Deleted);
    let change = || RunUpdate::new().name("new");
    for (batch, ordinal) in [(id, 1), (id, 2), (BatchId::generate(), 0)] {
        let reply = update(yard, batch, ordinal, change()).await;
        assert_eq!(reply, UpdateReply::NotFound);
    }
    assert_eq!(
        updated(yard, id, 0, change()).await.name.as_deref(),
        Some("new")
    );
}

/// Shows: "Any other is in the journal."
pub(crate) async fn a_finished_batch_is_not_pruned_before_the_sinks_have_passed_an_update(
    yard: &mut Yard,
) {
    let sink = || SinkName::new("slow").unwrap();
    let opened = yard.storage().open_sink(sink(), SinkStart::Beginning);
    opened.await.unwrap();
    let id = yard.submit(1).await;
    yard.work_off().await;
    let finished = yard.head().await;
    updated(yard, id, 0, RunUpdate::new().name("late")).await;
    yard.storage().advance_sink(sink(), finished).await.unwrap();
    yard.clock().advance(std::time::Duration::from_secs(1));
    assert_eq!(yard.prune().await.batches, 0);
    let head = yard.head().await;
    yard.storage().advance_sink(sink(), head).await.unwrap();
    assert_eq!(yard.prune().await.batches, 1);
}
