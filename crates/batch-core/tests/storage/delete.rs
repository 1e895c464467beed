use std::num::NonZeroU32;
use std::time::Duration;

use batch_core::id::SinkName;
use batch_core::ordinal::Ordinal;
use batch_core::request::{BatchRequest, Input, Limits, RunUpdate};
use batch_core::run::{Failure, Output};
use batch_core::storage::{
    CancelTarget, DeleteReply, DeleteTarget, Disposition, PruneRequest, SinkStart, UpdateReply,
};
use batch_core::time::Clock;
use batch_core::valid::validate_update;

use super::yard::{Yard, output, run_id};

/// Long enough for a value of 512 bytes to hold some of its repetitions whole.
const MARK: &str = "what-nobody-shall-read-again/";

async fn delete(yard: &Yard, target: DeleteTarget) {
    let reply = yard.storage().delete(target).await.unwrap();
    assert_eq!(reply, DeleteReply::Deleted);
}

/// How many values of the map hold the mark.
fn marks(yard: &Yard) -> usize {
    let marked = |value: &[u8]| value.windows(MARK.len()).any(|w| w == MARK.as_bytes());
    yard.kv.dump().iter().filter(|kv| marked(&kv.value)).count()
}

/// Asks until the idle owner has cleared everything away.
async fn settle_down(yard: &Yard, at_most: usize) {
    for _ in 0..10_000 {
        if yard.kv.dump().len() <= at_most {
            return;
        }
        yard.storage().sinks().await.unwrap();
        tokio::task::yield_now().await;
    }
    panic!("{} keys are left", yard.kv.dump().len());
}

#[tokio::test]
async fn a_deleted_run_leaves_nothing_of_what_it_held_in_the_map() {
    let yard = Yard::new().await;
    let long = MARK.repeat(40);
    let plain = |n: u32| Input::text(format!("text {n}"));
    let marked = Input::text(&long).with_name(MARK.repeat(3));
    let marked = marked.with_metadata_json(format!(r#"{{"m":"{long}"}}"#));
    let request = BatchRequest::new("w").inputs([plain(0), marked, plain(2)]);
    let id = yard.submit_request(request).await;
    for run in yard.claim(3).await {
        let how = match run.claim.run().ordinal().get() {
            1 => Disposition::Failed {
                failure: Failure::new("X", "no mark: the journal keeps messages"),
                output: Some(Output::new(&long).unwrap()),
            },
            _ => output("fine"),
        };
        yard.settle(run, how).await;
    }
    assert!(marks(&yard) > 0);
    delete(&yard, DeleteTarget::Run(run_id(id, 1))).await;
    assert_eq!(marks(&yard), 0);
    let neighbours = yard.storage().run(run_id(id, 2)).await.unwrap().unwrap();
    assert_eq!(neighbours.output.unwrap().as_json(), "\"fine\"");
}

#[tokio::test]
async fn a_deleted_batch_leaves_nothing_behind_with_a_sink_or_without() {
    let yard = Yard::new().await;
    let sink = || SinkName::new("s").unwrap();
    for sinks in [false, true] {
        if sinks {
            yard.storage()
                .open_sink(sink(), SinkStart::Now)
                .await
                .unwrap();
        }
        let before = yard.kv.dump().len();
        let id = yard.submit(50).await;
        for run in yard.claim(50).await {
            yard.settle(run, output(&"x".repeat(2_000))).await;
        }
        delete(&yard, DeleteTarget::Batch(id)).await;
        if sinks {
            let head = yard.storage().journal(Default::default(), NonZeroU32::MIN);
            let head = head.await.unwrap().head;
            yard.storage().advance_sink(sink(), head).await.unwrap();
        }
        yard.clock.advance(Duration::from_secs(1));
        for _ in 0..3 {
            let request = PruneRequest::new(yard.clock.now().wall, NonZeroU32::MAX);
            let pruned = yard.storage().prune(request).await.unwrap();
            assert_eq!(pruned.batches, 0, "what was deleted is not pruned");
        }
        settle_down(&yard, before).await;
    }
}

#[tokio::test]
async fn an_update_writes_the_chunk_of_its_input_and_no_more_for_a_huge_batch() {
    let yard = Yard::new().await;
    let mut costs = Vec::new();
    for inputs in [10, 1_000] {
        let id = yard.submit(inputs).await;
        let before = yard.kv.writes();
        let update = RunUpdate::new().merge_json(r#"{"a":1}"#);
        let update = validate_update(Ordinal::new(3), update, &Limits::default()).unwrap();
        let reply = yard
            .storage()
            .update_run(run_id(id, 3), update)
            .await
            .unwrap();
        assert!(matches!(reply, UpdateReply::Updated(_)));
        costs.push(yard.kv.writes() - before);
    }
    // The head, the entry, the batch's header and live record, and the chunk, which may have grown
    // past one value.
    assert!(costs.iter().all(|cost| *cost <= 6), "{costs:?}");
}

#[tokio::test]
async fn many_updates_of_one_chunk_grow_it_and_every_input_is_still_read() {
    let yard = Yard::new().await;
    let id = yard.submit(100).await;
    let large = "x".repeat(9_000);
    for ordinal in 0..100 {
        let update = RunUpdate::new().merge_json(format!(r#"{{"n":{ordinal},"x":"{large}"}}"#));
        let update = validate_update(Ordinal::new(ordinal), update, &Limits::default()).unwrap();
        yard.storage()
            .update_run(run_id(id, ordinal), update)
            .await
            .unwrap();
    }
    let mut claimed = 0;
    while claimed < 100 {
        for run in yard.claim(100).await {
            let n = run.input.metadata().to_map()["n"].as_u64();
            assert_eq!(n, Some(run.claim.run().ordinal().get().into()));
            claimed += 1;
        }
    }
}

#[tokio::test]
async fn the_secrets_of_a_deleted_run_are_gone_before_those_of_its_cancelled_batch() {
    let yard = Yard::new().await;
    let secret = |n: u32| Input::text(format!("{n}")).with_secret("token", MARK.repeat(20));
    let request = BatchRequest::new("w").inputs([Input::text("held"), secret(1)]);
    let id = yard.submit_request(request).await;
    let held = yard.claim(1).await;
    let target = CancelTarget::Batch(id);
    yard.storage().cancel(target).await.unwrap();
    assert!(marks(&yard) > 0, "while the batch lives they are there");
    delete(&yard, DeleteTarget::Run(run_id(id, 1))).await;
    assert_eq!(marks(&yard), 0);
    drop(held);
}
