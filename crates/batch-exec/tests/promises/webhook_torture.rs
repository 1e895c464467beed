use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::time::Duration;

use parking_lot::Mutex;

use super::webhook_receiver::{Conduct, Receiver, events_of};
use super::webhooks::assert_in_order;
use super::yard::Yard;
use batch_exec::EventSink;
use batch_exec::webhook::{DeliveryId, FileDeliveryLog, WebhookAnswer};

/// What a receiver does that is out of its mind, by the number of its dice.
fn conduct(dice: &mut fastrand::Rng) -> Conduct {
    match dice.u32(..100) {
        0..50 => Conduct::Answer(200),
        50..60 => Conduct::Late(Duration::from_secs(dice.u64(..45))),
        60..75 => Conduct::Answer([500, 502, 503, 400, 404][dice.usize(..5)]),
        75..80 => Conduct::Answer([301, 302, 307][dice.usize(..3)]),
        80..85 => {
            let mut answer = WebhookAnswer::with_status(429);
            answer.retry_after = Some(dice.u32(..3).to_string());
            Conduct::AnswerWith(answer)
        }
        85..90 => Conduct::Hang,
        90..95 => Conduct::Reset,
        _ => Conduct::ResetAfter,
    }
}

/// They go to a receiver that is out of its mind. The sink gets them as a dispatcher hands
/// them on; a dispatcher would fill the days that pass with heartbeats.
async fn torture(seed: u64, log: Option<FileDeliveryLog>) {
    let yard = Yard::new().await;
    let events = events_of(&yard, 5, 1_000).await;
    assert_eq!(events.len(), 10_015);
    let dice = Mutex::new(fastrand::Rng::with_seed(seed));
    let receiver = Receiver::new(&yard, move |_, _| conduct(&mut dice.lock()));
    let mut builder = receiver.sink(&yard);
    if let Some(log) = log {
        builder = builder.log(log);
    }
    let webhook = builder.start().await.unwrap();
    for some in events.chunks(500) {
        webhook.deliver(some).await.unwrap();
    }
    webhook.idle().await;
    let arrivals = receiver.arrivals();
    let taken = receiver.has();
    let expected: BTreeSet<_> = events.iter().map(DeliveryId::of).collect();
    assert!(taken == expected, "{} of 10,015 have arrived", taken.len());
    assert_eq!(webhook.status().dead, 0);
    assert_in_order(&receiver);
    assert!(arrivals.len() > 13_000, "only {} tries", arrivals.len());
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_events_reach_a_receiver_that_misbehaves_at_random_where_they_are_in_memory() {
    torture(1, None).await;
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_events_reach_a_receiver_that_misbehaves_at_random_where_they_are_in_a_log() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log");
    torture(2, Some(FileDeliveryLog::open(&path).unwrap())).await;
    // Of 10,015 deliveries and more than 13,000 tries a thousand are kept, and the log follows.
    let lines = std::fs::read_to_string(&path).unwrap().lines().count();
    assert!((1_000..10_000).contains(&lines), "{lines} records");
}

/// 1,003 events go to a receiver that is out of its mind, and every half minute or so the
/// process dies. The cursor stands where a dispatcher would have moved it.
async fn torture_with_crashes(seed: u64, log: Option<PathBuf>) {
    let yard = Yard::new().await;
    let events = events_of(&yard, 1, 500).await;
    let (dice, mut fate) = (
        Mutex::new(fastrand::Rng::with_seed(seed)),
        fastrand::Rng::with_seed(seed),
    );
    let receiver = Receiver::new(&yard, move |_, _| conduct(&mut dice.lock()));
    let (mut cursor, mut crashes) = (0, 0);
    loop {
        let mut builder = receiver.sink(&yard);
        if let Some(path) = &log {
            builder = builder.log(FileDeliveryLog::open(path).unwrap());
        }
        let webhook = builder.start().await.unwrap();
        // The longer it goes on the longer it lives, or it would never come to an end.
        let life = Duration::from_secs(fate.u64(..60 + 10 * crashes * crashes));
        let living = async {
            while cursor < events.len() {
                let next = events.len().min(cursor + 50);
                webhook.deliver(&events[cursor..next]).await.unwrap();
                cursor = next;
            }
            webhook.idle().await;
        };
        if tokio::time::timeout(life, living).await.is_ok() {
            break;
        }
        crashes += 1;
        drop(webhook);
        // The courier of a process that has died would be gone at once.
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let taken: BTreeSet<_> = receiver
        .arrivals()
        .iter()
        .filter(|it| it.taken)
        .map(|it| it.id)
        .collect();
    let expected: BTreeSet<_> = events.iter().map(DeliveryId::of).collect();
    assert!(taken == expected, "{} of 1,003 have arrived", taken.len());
    assert!(crashes > 10, "only {crashes} crashes");
    assert_taken_in_order(&receiver);
}

/// What was taken for the first time came after all that it has to wait for.
fn assert_taken_in_order(receiver: &Receiver) {
    let (mut seen, mut last) = (BTreeSet::new(), HashMap::new());
    let taken = receiver.arrivals().into_iter().filter(|it| it.taken);
    for id in taken.map(|it| it.id).filter(|id| seen.insert(*id)) {
        let before = last.insert(id.event().ordinal, id.event());
        assert!(before < Some(id.event()), "{id} came too late");
    }
    let first = seen.first().unwrap().event();
    assert!(first.ordinal.is_none(), "batch.created is the first");
}

#[tokio::test(start_paused = true)]
async fn a_process_that_dies_again_and_again_loses_no_event_where_they_are_in_memory() {
    for seed in 0..2 {
        torture_with_crashes(seed, None).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_process_that_dies_again_and_again_loses_no_event_where_they_are_in_a_log() {
    for seed in 0..2 {
        let dir = tempfile::tempdir().unwrap();
        torture_with_crashes(seed, Some(dir.path().join("log"))).await;
    }
}
