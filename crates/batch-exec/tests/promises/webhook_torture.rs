use std::collections::BTreeSet;
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
    assert_eq!(events.len(), 10_010);
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
    let taken: BTreeSet<_> = arrivals
        .iter()
        .filter(|it| it.taken)
        .map(|it| it.id)
        .collect();
    let expected: BTreeSet<_> = events.iter().map(DeliveryId::of).collect();
    assert!(taken == expected, "{} of 10,010 have arrived", taken.len());
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
    // Of 10,010 deliveries and more than 13,000 tries a thousand are kept, and the log follows.
    let lines = std::fs::read_to_string(&path).unwrap().lines().count();
    assert!((1_000..10_000).contains(&lines), "{lines} records");
}
