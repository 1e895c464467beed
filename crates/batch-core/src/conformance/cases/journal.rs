use std::num::NonZeroU32;
use std::time::Duration;

use crate::conformance::sample::{failed, kind, processed, retry};
use crate::conformance::yard::Yard;
use crate::journal::{Fact, Sequence};
use crate::run::RunState;
use crate::storage::Disposition;

async fn kinds(yard: &Yard) -> Vec<&'static str> {
    let entries = yard.journal().await;
    entries.iter().map(|entry| kind(&entry.fact)).collect()
}

/// Shows: "Entries are numbered from 1 without gaps, and no number is used twice."
/// Shows: "Every transition of a run is in one of them, its end in exactly one."
/// Shows: "The end of a batch comes once, after the end of its last run."
pub(crate) async fn every_transition_is_in_the_journal_in_order_and_the_end_comes_once(
    yard: &mut Yard,
) {
    let id = yard.submit(3).await;
    let mut runs = yard.claim(3).await;
    yard.settle(runs.remove(0), retry(1)).await;
    yard.settle(runs.remove(0), failed("X")).await;
    yard.settle(runs.remove(0), processed()).await;
    yard.clock().advance(Duration::from_secs(1));
    let run = yard.claim_one().await;
    yard.settle(run, Disposition::Released).await;
    yard.work_off().await;
    let entries = yard.journal().await;
    let numbers: Vec<_> = entries.iter().map(|entry| entry.sequence.get()).collect();
    assert_eq!(numbers, (1..).take(numbers.len()).collect::<Vec<_>>());
    assert!(entries.iter().all(|entry| entry.batch == id));
    let expected = [
        "created", "started", "retrying", "ended", "ended", "started", "released", "started",
        "ended", "finished",
    ];
    assert_eq!(kinds(yard).await, expected);
}

/// Shows: "The end of a batch comes once, after the end of its last run."
pub(crate) async fn the_end_of_a_batch_tells_its_counts_and_follows_its_last_run(yard: &mut Yard) {
    let id = yard.submit(3).await;
    for run in yard.claim(3).await {
        assert!(!kinds(yard).await.contains(&"finished"));
        yard.settle(run, processed()).await;
    }
    let entries = yard.journal().await;
    let batch = yard.batch(id).await;
    let Some(Fact::Finished { counts, state }) = entries.last().map(|entry| &entry.fact) else {
        panic!("the last entry is no end: {entries:?}");
    };
    assert_eq!((*counts, *state), (batch.counts, batch.state));
    let ends = entries
        .iter()
        .filter(|entry| kind(&entry.fact) == "finished");
    assert_eq!(ends.count(), 1);
}

/// Shows: "Every transition of a run is in one of them, its end in exactly one."
pub(crate) async fn the_cancel_of_a_batch_names_every_run_once(yard: &mut Yard) {
    let id = yard.submit(100).await;
    let held = yard.claim(2).await;
    yard.cancel_run(id, 50).await;
    yard.cancel_batch(id).await;
    for run in held {
        yard.settle(run, processed()).await;
    }
    let mut ended = vec![0; 100];
    let mut asked = Vec::new();
    for entry in yard.journal().await {
        let ordinals: Vec<_> = entry.fact.ordinals().iter().map(|o| o.get()).collect();
        match kind(&entry.fact) {
            "ended" | "swept" => ordinals.iter().for_each(|o| ended[*o as usize] += 1),
            "cancelling" => asked.extend(ordinals),
            _ => {}
        }
    }
    assert_eq!(ended, vec![1; 100]);
    assert_eq!(asked, [0, 1]);
    assert_eq!(kinds(yard).await.last(), Some(&"finished"));
}

/// Shows: "Every transition of a run is in one of them, its end in exactly one."
pub(crate) async fn an_ended_run_says_how_and_in_which_attempt(yard: &mut Yard) {
    yard.submit(1).await;
    let run = yard.claim_one().await;
    yard.settle(run, retry(0)).await;
    let run = yard.claim_one().await;
    yard.settle(run, failed("BROKEN")).await;
    let entries = yard.journal().await;
    let ends: Vec<_> = entries
        .iter()
        .filter_map(|entry| match &entry.fact {
            Fact::Ended(ends) => Some(ends.clone()),
            _ => None,
        })
        .flatten()
        .collect();
    assert_eq!(ends.len(), 1);
    assert_eq!(ends[0].state, RunState::Failed);
    assert_eq!(ends[0].attempt.unwrap().get(), 2);
    assert_eq!(ends[0].failure.as_ref().unwrap().reason(), "BROKEN");
}

/// Shows: "What an entry says never changes."
pub(crate) async fn what_an_entry_says_does_not_change_with_a_later_attempt(yard: &mut Yard) {
    yard.submit(1).await;
    let run = yard.claim_one().await;
    yard.settle(run, retry(0)).await;
    let before = yard.journal().await;
    yard.work_off().await;
    let after = yard.journal().await;
    assert_eq!(before[..], after[..before.len()]);
}

/// Shows: "Reads the entries after a position, at most about limit of them."
pub(crate) async fn a_reader_gets_what_comes_after_its_position(yard: &mut Yard) {
    for _ in 0..5 {
        yard.submit(1).await;
    }
    let limit = NonZeroU32::new(2).unwrap();
    for (after, first) in [
        (0, Some(1)),
        (2, Some(3)),
        (4, Some(5)),
        (5, None),
        (9, None),
    ] {
        let page = yard.storage().journal(Sequence::new(after), limit).await;
        let page = page.unwrap();
        let numbers = page.entries.iter().map(|entry| entry.sequence.get());
        assert_eq!(numbers.clone().next(), first, "after {after}");
        assert!(numbers.is_sorted_by(|a, b| a + 1 == *b));
        assert_eq!(page.head, Sequence::new(5));
        assert_eq!(page.trimmed, Sequence::START);
    }
}

/// Shows: "Reads the entries after a position, at most about limit of them."
pub(crate) async fn a_long_journal_is_read_in_bounded_pages(yard: &mut Yard) {
    for _ in 0..60 {
        yard.submit(1).await;
    }
    let limit = NonZeroU32::new(10).unwrap();
    let mut after = Sequence::START;
    let mut pages = 0;
    while after < Sequence::new(60) {
        let page = yard.storage().journal(after, limit).await.unwrap();
        assert!(page.entries.len() <= 20, "{} entries", page.entries.len());
        after = page.entries.last().expect("there are more").sequence;
        pages += 1;
    }
    assert!(pages >= 3, "{pages} pages");
}
