use std::time::Duration;

use crate::conformance::yard::Yard;
use crate::id::SinkName;
use crate::journal::Sequence;
use crate::storage::{Pruned, SinkStart};

fn sink(name: &str) -> SinkName {
    SinkName::new(name).unwrap()
}

async fn open(yard: &Yard, name: &str, start: SinkStart) -> Sequence {
    yard.storage().open_sink(sink(name), start).await.unwrap()
}

async fn advance(yard: &Yard, name: &str, to: Sequence) {
    let moved = yard.storage().advance_sink(sink(name), to).await;
    moved.unwrap();
}

/// Shows: "Gives a sink's position, and makes one where the sink is new."
pub(crate) async fn a_new_sink_begins_with_the_oldest_entry_or_now(yard: &mut Yard) {
    yard.submit(1).await;
    yard.submit(1).await;
    let beginning = open(yard, "all", SinkStart::Beginning).await;
    assert_eq!(beginning, Sequence::START);
    let now = open(yard, "late", SinkStart::Now).await;
    assert_eq!(now, Sequence::new(2));
}

/// Shows: "Gives a sink's position, and makes one where the sink is new."
pub(crate) async fn a_known_sink_goes_on_where_it_was(yard: &mut Yard) {
    for _ in 0..3 {
        yard.submit(1).await;
    }
    open(yard, "mail", SinkStart::Beginning).await;
    advance(yard, "mail", Sequence::new(2)).await;
    for start in [SinkStart::Beginning, SinkStart::Now] {
        assert_eq!(open(yard, "mail", start).await, Sequence::new(2));
    }
}

/// Shows: "Moves a sink's position forward; one that lies further already stays."
pub(crate) async fn a_sink_never_goes_back(yard: &mut Yard) {
    for _ in 0..3 {
        yard.submit(1).await;
    }
    open(yard, "mail", SinkStart::Beginning).await;
    for (to, expected) in [(1, 1), (3, 3), (2, 3), (0, 3)] {
        advance(yard, "mail", Sequence::new(to)).await;
        let position = open(yard, "mail", SinkStart::Now).await;
        assert_eq!(position, Sequence::new(expected));
    }
}

/// Shows: "No position lies past the last entry, whatever is asked for."
pub(crate) async fn a_sink_never_lies_past_the_last_entry(yard: &mut Yard) {
    yard.submit(1).await;
    open(yard, "eager", SinkStart::Beginning).await;
    advance(yard, "eager", Sequence::new(1_000)).await;
    let position = open(yard, "eager", SinkStart::Now).await;
    assert_eq!(position, Sequence::new(1));
}

/// Shows: "Moves a sink's position forward; one that lies further already stays."
pub(crate) async fn a_sink_keeps_its_place_across_a_crash(yard: &mut Yard) {
    yard.submit(1).await;
    yard.submit(1).await;
    open(yard, "mail", SinkStart::Beginning).await;
    advance(yard, "mail", Sequence::new(2)).await;
    advance(yard, "mail", Sequence::new(1)).await;
    yard.crash().await;
    let again = open(yard, "mail", SinkStart::Beginning).await;
    assert_eq!(again, Sequence::new(2));
}

/// Shows: "Forgets a sink, so that it holds nothing back any more."
pub(crate) async fn a_removed_sink_holds_nothing_back_and_begins_anew(yard: &mut Yard) {
    open(yard, "gone", SinkStart::Beginning).await;
    yard.submit(1).await;
    yard.work_off().await;
    yard.clock().advance(Duration::from_secs(1));
    assert_eq!(yard.prune().await, Pruned::default());
    for _ in 0..2 {
        yard.storage().remove_sink(sink("gone")).await.unwrap();
    }
    assert!(yard.storage().sinks().await.unwrap().is_empty());
    assert_eq!(yard.prune().await.batches, 1);
    let head = yard.head().await;
    let again = open(yard, "gone", SinkStart::Now).await;
    assert_eq!(again, head);
}

/// Shows: "All sinks and how far they have come, by name."
pub(crate) async fn sinks_are_listed_by_name_with_their_positions(yard: &mut Yard) {
    yard.submit(1).await;
    for name in ["b", "a", "ab"] {
        open(yard, name, SinkStart::Beginning).await;
    }
    advance(yard, "ab", Sequence::new(1)).await;
    let sinks = yard.storage().sinks().await.unwrap();
    let listed: Vec<_> = sinks
        .iter()
        .map(|cursor| (cursor.sink.as_str(), cursor.position.get()))
        .collect();
    assert_eq!(listed, [("a", 0), ("ab", 1), ("b", 0)]);
}
