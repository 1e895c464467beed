//! A store that an older program left, as a list of its keys and values, opens under this one.

use std::fmt::Write as _;
use std::path::PathBuf;

use batch_core::batch::{Batch, BatchState};
use batch_core::id::RunId;
use batch_core::kv::{WriteBatch, verify_map};
use batch_core::ordinal::{Ordinal, OrdinalSet};
use batch_core::request::{Limits, RunUpdate};
use batch_core::run::{Failure, Run, RunState};
use batch_core::storage::{
    CancelTarget, DeleteReply, DeleteTarget, Disposition, RunQuery, UpdateReply,
};
use batch_core::valid::validate_update;

use super::faulty_kv::FaultyKv;
use super::yard::{Yard, output, request, retry, run_id};

fn file(name: &str) -> PathBuf {
    let here = env!("CARGO_MANIFEST_DIR");
    PathBuf::from(here).join("tests/storage/golden").join(name)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn unhex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks(2);
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.map(byte).collect()
}

/// Leaves one batch of each kind: waiting, half done with all sorts of ends, finished, cancelled.
async fn day(yard: &Yard) {
    let finished = yard.submit_request(request(3).priority(1)).await;
    yard.work_off().await;
    assert!(yard.batch(finished).await.is_finished());
    yard.submit_request(request(40).priority(2).idempotency_key("golden"))
        .await;
    let ends = [
        output("small"),
        output(&"large ".repeat(300)),
        Disposition::Failed {
            failure: Failure::new("BROKEN", "for a test"),
            output: None,
        },
        retry(60),
        Disposition::Released,
    ];
    for (run, end) in yard.claim(6).await.into_iter().zip(ends) {
        yard.settle(run, end).await;
    }
    let cancelled = yard.submit(20).await;
    let target = CancelTarget::Batch(cancelled);
    yard.storage().cancel(target).await.unwrap();
}

fn states(runs: &[Run]) -> Vec<RunState> {
    let mut states: Vec<_> = runs.iter().map(|run| run.state).collect();
    states.truncate(7);
    states
}

async fn check(yard: &Yard) {
    let batches = yard.storage().batches(Default::default()).await.unwrap();
    let of = |state| -> &Batch {
        let mut found = batches.items.iter().filter(|batch| batch.state == state);
        found.next().unwrap()
    };
    let half = of(BatchState::Processing);
    assert_eq!(half.counts.total(), 40);
    assert_eq!((half.counts.processed, half.counts.failed), (2, 1));
    let runs = yard.runs_of(half.id).await;
    let pending = [RunState::Pending; 4];
    let ended = [RunState::Processed, RunState::Processed, RunState::Failed];
    assert_eq!(states(&runs), [&ended[..], &pending[..]].concat());
    // The sixth was held when the older program ended.
    assert_eq!(runs[5].interruptions, 1);
    assert!(runs[3].due_at.is_some());
    let large = yard.storage().run(run_id(half.id, 1)).await.unwrap();
    let large = large.unwrap().output.unwrap();
    assert_eq!(large.parse::<String>().unwrap(), "large ".repeat(300));
    assert_eq!(of(BatchState::Cancelled).counts.cancelled, 20);
    assert_eq!(of(BatchState::Processed).counts.processed, 3);
    assert!(yard.journal().await.len() > 10);
}

/// Writes the file of the present format: `BATCHYARD_GOLDEN=v1.kv cargo test golden`.
async fn write_if_asked() {
    let Ok(name) = std::env::var("BATCHYARD_GOLDEN") else {
        return;
    };
    let yard = Yard::new().await;
    day(&yard).await;
    let lines = yard.kv.dump().into_iter();
    let lines = lines.map(|kv| format!("{} {}\n", hex(&kv.key), hex(&kv.value)));
    std::fs::write(file(&name), lines.collect::<String>()).unwrap();
}

fn of_the_first_format() -> FaultyKv {
    let kv = FaultyKv::new();
    let mut writes = WriteBatch::new();
    for line in std::fs::read_to_string(file("v1.kv")).unwrap().lines() {
        let (key, value) = line.split_once(' ').unwrap();
        writes.put(unhex(key), unhex(value));
    }
    kv.tamper(writes);
    kv
}

#[tokio::test]
async fn inputs_of_the_first_format_are_updated_past_their_chunk_and_deleted() {
    let yard = Yard::on(of_the_first_format());
    let listed = yard.storage().runs(RunQuery::default()).await.unwrap();
    let half = listed
        .items
        .iter()
        .find(|run| run.state == RunState::Failed);
    let (failed, id) = half.map(|run| (run.id, run.id.batch())).unwrap();
    let all = || yard.storage().inputs(id, OrdinalSet::up_to(40));
    let before = all().await.unwrap();
    let large = format!(r#"{{"a":"{}"}}"#, "x".repeat(9_000));
    for place in (0..40).map(Ordinal::new) {
        let update = RunUpdate::new().merge_json(&large);
        let update = validate_update(place, update, &Limits::default()).unwrap();
        let run = RunId::new(id, place);
        let reply = yard.storage().update_run(run, update).await.unwrap();
        assert!(matches!(reply, UpdateReply::Updated(_)));
    }
    for (before, after) in before.iter().zip(all().await.unwrap()) {
        assert_eq!(
            (before.source(), before.name()),
            (after.source(), after.name())
        );
        assert_eq!(after.metadata().as_json(), large);
    }
    let target = DeleteTarget::Run(failed);
    let reply = yard.storage().delete(target).await.unwrap();
    assert_eq!(reply, DeleteReply::Deleted);
    let blank = &all().await.unwrap()[failed.ordinal().get() as usize];
    assert!(blank.metadata().is_empty());
    let report = verify_map(&yard.kv).unwrap();
    assert!(report.is_sound(), "{report}");
    assert_eq!(yard.work_off().await, 36);
}

#[tokio::test]
async fn a_store_of_the_first_format_opens_and_reads_as_it_was_left() {
    write_if_asked().await;
    let yard = Yard::on(of_the_first_format());
    check(&yard).await;
    assert_eq!(yard.work_off().await, 36);
}
