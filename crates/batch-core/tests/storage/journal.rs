use std::num::NonZeroU32;

use batch_core::id::SinkName;
use batch_core::journal::{Fact, Sequence};
use batch_core::run::RunState;
use batch_core::storage::{CancelTarget, SinkStart};

use super::yard::{Yard, failed, processed, retry};

#[tokio::test]
async fn every_transition_is_in_the_journal_in_order_and_the_end_comes_once() {
    let yard = Yard::new().await;
    let id = yard.submit(3).await;
    let mut runs = yard.claim(3).await;
    let retried = runs.remove(0);
    yard.settle(retried, retry(1)).await;
    yard.settle(runs.remove(0), failed("X")).await;
    yard.settle(runs.remove(0), processed()).await;
    yard.clock.advance(std::time::Duration::from_secs(1));
    yard.work_off().await;
    let entries = yard.journal().await;
    let numbers: Vec<_> = entries.iter().map(|entry| entry.sequence.get()).collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
    assert!(entries.iter().all(|entry| entry.batch == id));
    let kinds: Vec<_> = entries.iter().map(|entry| kind(&entry.fact)).collect();
    let expected = [
        "created", "started", "retrying", "ended", "ended", "started", "ended", "finished",
    ];
    assert_eq!(kinds, expected);
}

fn kind(fact: &Fact) -> &'static str {
    match fact {
        Fact::Created => "created",
        Fact::Started(_) => "started",
        Fact::Ended(_) => "ended",
        Fact::Retrying(_) => "retrying",
        Fact::Released(_) => "released",
        Fact::Interrupted(_) => "interrupted",
        Fact::Cancelling(_) => "cancelling",
        Fact::Swept(_) => "swept",
        Fact::Finished { .. } => "finished",
        _ => "unknown",
    }
}

#[tokio::test]
async fn a_cancelled_batch_is_one_entry_that_names_all_its_runs() {
    let yard = Yard::new().await;
    let id = yard.submit(100).await;
    yard.storage()
        .cancel(CancelTarget::Batch(id))
        .await
        .unwrap();
    let entries = yard.journal().await;
    let kinds: Vec<_> = entries.iter().map(|entry| kind(&entry.fact)).collect();
    assert_eq!(kinds, ["created", "swept", "finished"]);
    assert_eq!(entries[1].fact.ordinals().len(), 100);
}

#[tokio::test]
async fn what_an_entry_says_does_not_change_with_a_later_attempt() {
    let yard = Yard::new().await;
    yard.submit(1).await;
    let run = yard.claim(1).await.remove(0);
    yard.settle(run, retry(0)).await;
    let before = yard.journal().await;
    yard.work_off().await;
    let after = yard.journal().await;
    assert_eq!(before[..], after[..before.len()]);
}

#[tokio::test]
async fn a_reader_gets_what_comes_after_its_position() {
    let yard = Yard::new().await;
    for _ in 0..5 {
        yard.submit(1).await;
    }
    let limit = NonZeroU32::new(2).unwrap();
    let page = yard
        .storage()
        .journal(Sequence::new(2), limit)
        .await
        .unwrap();
    let numbers: Vec<_> = page.entries.iter().map(|e| e.sequence.get()).collect();
    assert_eq!(numbers, [3, 4]);
    assert_eq!(page.head, Sequence::new(5));
}

#[tokio::test]
async fn a_waiter_wakes_when_the_journal_grows() {
    let yard = Yard::new().await;
    let wait = yard.storage().wait(Sequence::START);
    let submit = yard.submit(1);
    let (reached, _) = tokio::join!(wait, submit);
    assert_eq!(reached.unwrap(), Sequence::new(1));
}

#[tokio::test]
async fn a_sink_keeps_its_place_across_a_restart_and_never_goes_back() {
    let mut yard = Yard::new().await;
    let sink = || SinkName::new("mail").unwrap();
    yard.submit(1).await;
    yard.submit(1).await;
    let start = yard.storage().open_sink(sink(), SinkStart::Beginning).await;
    assert_eq!(start.unwrap(), Sequence::START);
    let storage = yard.storage();
    storage
        .advance_sink(sink(), Sequence::new(2))
        .await
        .unwrap();
    storage
        .advance_sink(sink(), Sequence::new(1))
        .await
        .unwrap();
    yard.crash();
    let again = yard.storage().open_sink(sink(), SinkStart::Beginning).await;
    assert_eq!(again.unwrap(), Sequence::new(2));
}

#[tokio::test]
async fn a_sink_that_begins_now_sees_nothing_of_before() {
    let yard = Yard::new().await;
    yard.submit(1).await;
    let sink = SinkName::new("late").unwrap();
    let start = yard
        .storage()
        .open_sink(sink, SinkStart::Now)
        .await
        .unwrap();
    assert_eq!(start, Sequence::new(1));
}

#[tokio::test]
async fn an_ended_run_says_how_and_in_which_attempt() {
    let yard = Yard::new().await;
    yard.submit(1).await;
    let run = yard.claim(1).await.remove(0);
    yard.settle(run, failed("BROKEN")).await;
    let entries = yard.journal().await;
    let Fact::Ended(ends) = &entries[2].fact else {
        panic!("{entries:?}");
    };
    assert_eq!(ends[0].state, RunState::Failed);
    assert_eq!(ends[0].attempt.unwrap().get(), 1);
    assert_eq!(ends[0].failure.as_ref().unwrap().reason(), "BROKEN");
}
