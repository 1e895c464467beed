use std::num::NonZeroUsize;

use batch_core::kv::{KeyRange, OrderedKv, WriteBatch};
use batch_core::run::{Failure, RunState};
use batch_core::storage::{ErrorKind, InsertReply, Settled, SortOrder};

use super::yard::{Yard, processed, request, retry, valid};

#[tokio::test]
async fn what_was_stored_is_there_after_a_restart() {
    let mut yard = Yard::new().await;
    let id = yard.submit(40).await;
    for run in yard.claim(10).await {
        yard.settle(run, processed()).await;
    }
    let before = (yard.batch(id).await, yard.runs_of(id).await);
    yard.crash();
    assert_eq!((yard.batch(id).await, yard.runs_of(id).await), before);
}

#[tokio::test]
async fn runs_that_a_dead_process_held_are_claimable_at_once_and_counted_as_interrupted() {
    let mut yard = Yard::new().await;
    let id = yard.submit(5).await;
    let held = yard.claim(3).await;
    yard.crash();
    let again = yard.claim(9).await;
    assert_eq!(again.len(), 5);
    for run in &again[..3] {
        assert_eq!((run.interruptions, run.claim.attempt().get()), (1, 1));
    }
    assert_eq!(yard.run(id, 0).await.attempts, 0);
    for run in held {
        assert_eq!(yard.settle(run, processed()).await, Settled::Stale);
    }
}

#[tokio::test]
async fn tokens_grow_across_restarts() {
    let mut yard = Yard::new().await;
    yard.submit(1).await;
    let mut last = None;
    for _ in 0..2 {
        let run = yard.claim(1).await.remove(0);
        let token = run.claim.key().token;
        assert!(last.is_none_or(|last| last < token));
        last = Some(token);
        yard.crash();
    }
}

#[tokio::test]
async fn a_poison_run_is_found_alone_and_fails_while_its_neighbours_go_on() {
    let mut yard = Yard::new().await;
    let id = yard.submit(4).await;
    // Whoever executes run 2 dies.
    let mut deaths = 0;
    loop {
        let claimed = yard.claim(4).await;
        if claimed.is_empty() {
            break;
        }
        if claimed
            .iter()
            .any(|run| run.claim.run().ordinal().get() == 2)
        {
            deaths += 1;
            yard.crash();
            continue;
        }
        for run in claimed {
            yard.settle(run, processed()).await;
        }
    }
    let batch = yard.batch(id).await;
    assert_eq!((batch.counts.processed, batch.counts.failed), (3, 1));
    let poison = yard.run(id, 2).await;
    assert_eq!(poison.failure.unwrap().reason(), Failure::CRASHED);
    assert_eq!(deaths, 3);
}

#[tokio::test]
async fn a_suspect_executes_alone_one_at_a_time() {
    let mut yard = Yard::new().await;
    yard.submit(3).await;
    for _ in 0..2 {
        yard.claim(3).await;
        yard.crash();
    }
    yard.submit(2).await;
    let others = yard.claim(9).await;
    assert_eq!(others.len(), 2, "suspects wait while other work is there");
    for run in others {
        yard.settle(run, processed()).await;
    }
    for _ in 0..3 {
        let mut alone = yard.claim(9).await;
        assert_eq!(alone.len(), 1);
        assert!(yard.claim(9).await.is_empty());
        yard.settle(alone.remove(0), processed()).await;
    }
}

#[tokio::test]
async fn suspects_have_their_turn_though_other_work_never_ends() {
    let mut yard = Yard::new().await;
    let id = yard.submit(1).await;
    for _ in 0..2 {
        yard.claim(1).await;
        yard.crash();
    }
    yard.submit(1_000).await;
    yard.clock.advance(std::time::Duration::from_secs(10));
    let alone = yard.claim(64).await;
    assert_eq!(alone.len(), 1);
    assert_eq!(alone[0].claim.run().batch(), id);
}

#[tokio::test]
async fn a_retry_that_waited_through_a_restart_falls_due_in_its_time() {
    let mut yard = Yard::new().await;
    yard.submit(1).await;
    let run = yard.claim(1).await.remove(0);
    yard.settle(run, retry(60)).await;
    yard.crash();
    assert!(yard.claim(1).await.is_empty());
    yard.clock.advance(std::time::Duration::from_secs(60));
    assert_eq!(yard.claim(1).await.remove(0).claim.attempt().get(), 2);
}

#[tokio::test]
async fn keys_are_remembered_across_restarts() {
    let mut yard = Yard::new().await;
    let keyed = || request(2).idempotency_key("k");
    let id = yard.submit_request(keyed()).await;
    yard.crash();
    assert_eq!(yard.insert(valid(keyed())).await, InsertReply::Replayed(id));
}

#[tokio::test]
async fn a_missing_record_is_damage_and_never_an_emptier_store() {
    let mut yard = Yard::new().await;
    yard.submit(40).await;
    yard.submit(1).await;
    yard.work_off().await;
    yard.submit(40).await;
    yard.close();
    let everything = KeyRange::prefix(b"");
    let all = yard
        .kv
        .scan(&everything, SortOrder::Ascending, NonZeroUsize::MAX)
        .unwrap();
    let mut silent = Vec::new();
    for lost in all {
        let mut writes = WriteBatch::new();
        writes.delete(lost.key.clone());
        yard.kv.tamper(writes);
        if !notices(&mut yard).await {
            silent.push(String::from_utf8_lossy(&lost.key[..1]).into_owned());
        }
        yard.close();
        let mut writes = WriteBatch::new();
        writes.put(lost.key, lost.value);
        yard.kv.tamper(writes);
    }
    // What is left unnoticed by reading: indexes (f, u, v) and names (q, s, t, w) that
    // nothing counts, and the header of a finished batch (b). A full check looks at those.
    silent.sort();
    silent.dedup();
    let allowed = ["b", "f", "u", "v", "w"];
    assert!(
        silent.iter().all(|k| allowed.contains(&k.as_str())),
        "{silent:?}"
    );
}

/// Whether opening the store and reading all runs and the journal meets damage.
async fn notices(yard: &mut Yard) -> bool {
    match yard.open() {
        Err(error) => error.kind() == ErrorKind::Damaged,
        Ok(()) => {
            let runs = yard.storage().runs(Default::default()).await;
            let limit = std::num::NonZeroU32::new(10_000).unwrap();
            let start = batch_core::journal::Sequence::START;
            let journal = yard.storage().journal(start, limit).await;
            let damaged = |kind| kind == Some(ErrorKind::Damaged);
            damaged(runs.err().map(|e| e.kind())) || damaged(journal.err().map(|e| e.kind()))
        }
    }
}

#[tokio::test]
async fn a_run_asked_to_stop_is_cancelled_when_its_process_dies() {
    let mut yard = Yard::new().await;
    let id = yard.submit(2).await;
    let run = yard.claim(1).await.remove(0);
    let target = batch_core::storage::CancelTarget::Run(run.claim.run());
    yard.storage().cancel(target).await.unwrap();
    yard.crash();
    assert_eq!(yard.state(id, 0).await, RunState::Cancelled);
    assert_eq!(yard.claim(9).await.len(), 1);
}
