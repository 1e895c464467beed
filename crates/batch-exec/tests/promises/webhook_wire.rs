use std::num::NonZeroU32;
use std::time::Duration;

use batch_core::storage::SinkStart;
use batch_core::time::Timestamp;

use super::webhook_receiver::SECRET;
use super::wire_server::{Reply, WireServer, answer};
use super::yard::Yard;
use batch_exec::executor::{ExecutorError, Outcome, RunContext};
use batch_exec::outbound::OutboundPolicy;
use batch_exec::webhook::{
    DeliveryEnd, DeliveryState, EventFilter, RetrySchedule, Signing, WebhookOptions, WebhookSink,
};

fn at_once(tries: u32) -> WebhookOptions {
    let mut schedule = RetrySchedule::default();
    schedule.tries = NonZeroU32::new(tries).unwrap();
    schedule.longest_wait = Duration::from_millis(1);
    let mut options = WebhookOptions::default();
    options.schedule = schedule;
    options.timeout = Duration::from_millis(400);
    options.longest_retry_after = Duration::from_millis(1);
    options
}

/// Sends one event to a server, and gives the ends of the tries and what became of it.
async fn ends_at(
    server: &WireServer,
    options: WebhookOptions,
) -> (Vec<DeliveryEnd>, DeliveryState) {
    let yard = Yard::new().await;
    let webhook = WebhookSink::builder(server.url(), Signing::standard(SECRET).unwrap())
        .policy(OutboundPolicy::with_this_machine())
        .events(EventFilter::only(["batch.finished"]))
        .options(options)
        .start()
        .await
        .unwrap();
    let done = |_: RunContext| async { Ok::<_, ExecutorError>(Outcome::done_without_output()) };
    let builder = yard.dispatcher().workflow("w", done);
    let dispatcher = builder
        .sink("hook", SinkStart::Beginning, webhook.clone())
        .start()
        .await
        .unwrap();
    let batch = yard.submit("w", 1).await;
    yard.finished(batch).await;
    let delivery = loop {
        if let [delivery] = &webhook.deliveries(None, 9, |it| !it.is_pending())[..] {
            break delivery.clone();
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    };
    dispatcher.shutdown().await.unwrap();
    (
        delivery.attempts.into_iter().map(|it| it.end).collect(),
        delivery.state,
    )
}

fn statuses(ends: &[DeliveryEnd]) -> Vec<u16> {
    let status = |end: &DeliveryEnd| match end {
        DeliveryEnd::Answered { status, .. } => *status,
        _ => 0,
    };
    ends.iter().map(status).collect()
}

#[tokio::test]
async fn what_goes_over_the_wire_is_a_signed_post_of_json() {
    let server = WireServer::new(|_| answer(200, "", b"thanks")).await;
    let (ends, _) = ends_at(&server, at_once(1)).await;
    assert_eq!(
        ends,
        [DeliveryEnd::Answered {
            status: 200,
            body: "thanks".to_owned()
        }]
    );
    let asked = server.asked.lock().clone();
    let [(head, body)] = &asked[..] else {
        panic!("asked {} times", asked.len());
    };
    assert!(head.starts_with("post /path?query=1 http/1.1"), "{head}");
    for line in ["content-type: application/json", "user-agent: batchyard/"] {
        assert!(head.contains(line), "{head}");
    }
    for absent in ["accept-encoding", "referer", "cookie"] {
        assert!(!head.contains(absent), "{head}");
    }
    // The server has lowered the head, and with it the signature; so it is made again.
    let header = |name: &str| {
        head.lines()
            .find_map(|line| line.strip_prefix(&format!("{name}: ")[..]))
    };
    let at = Timestamp::from_second(header("webhook-timestamp").unwrap().parse().unwrap()).unwrap();
    let signed =
        Signing::standard(SECRET)
            .unwrap()
            .headers(header("webhook-id").unwrap(), at, body);
    assert_eq!(
        header("webhook-signature").unwrap(),
        signed[2].1.to_ascii_lowercase()
    );
}

#[tokio::test]
async fn whatever_a_receiver_does_wrong_is_a_failure_and_the_next_try_is_taken() {
    let elsewhere = WireServer::new(|_| answer(200, "", b"")).await;
    let target = elsewhere.url();
    let server = WireServer::new(move |n| match n {
        0 => answer(500, "", b"oops"),
        1 => answer(429, "retry-after: 86400\r\n", b""),
        2 => answer(302, &format!("location: {target}\r\n"), b""),
        3 => answer(308, &format!("location: {target}\r\n"), b""),
        4 => Reply::Hang,
        5 => Reply::Reset(String::new()),
        6 => Reply::Reset("HTTP/1.1 2".to_owned()),
        7 => Reply::Bytes(b"SSH-2.0-OpenSSH\r\n".to_vec()),
        8 => Reply::Slowly("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_owned()),
        9 => Reply::Bytes(Vec::new()),
        _ => answer(200, "", b""),
    })
    .await;
    let (ends, state) = ends_at(&server, at_once(20)).await;
    assert_eq!(statuses(&ends), [500, 429, 302, 308, 0, 0, 0, 0, 0, 0, 200]);
    assert!(matches!(state, DeliveryState::Delivered { .. }));
    assert_eq!(elsewhere.times_asked(), 0, "a redirect was followed");
}

#[tokio::test]
async fn a_status_of_success_counts_whatever_follows_it() {
    let bomb = "content-encoding: gzip\r\ntransfer-encoding: chunked\r\n";
    for reply in [
        Reply::Endless("HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n".to_owned()),
        Reply::Endless(format!("HTTP/1.1 202 OK\r\n{bomb}\r\nFFFFFFFF\r\n")),
        Reply::Reset("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nbegun".to_owned()),
        Reply::Slowly(format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(99))),
    ] {
        let server = WireServer::new(move |_| match &reply {
            // Only the body is slow.
            Reply::Slowly(text) => Reply::Bytes(
                text.replace("\r\n\r\n", "\r\ncontent-length: 1000\r\n\r\n")
                    .into_bytes(),
            ),
            other => other.clone(),
        })
        .await;
        let (ends, state) = ends_at(&server, at_once(1)).await;
        assert!(matches!(state, DeliveryState::Delivered { .. }), "{ends:?}");
    }
}

#[tokio::test]
async fn an_answer_is_kept_only_in_its_beginning() {
    let server = WireServer::new(|_| answer(400, "", "ä".repeat(40_000).as_bytes())).await;
    let (ends, state) = ends_at(&server, at_once(1)).await;
    let [DeliveryEnd::Answered { status: 400, body }] = &ends[..] else {
        panic!("{ends:?}");
    };
    assert!(body.len() <= 512 && body.starts_with("ää"), "{body}");
    assert!(matches!(state, DeliveryState::Dead { .. }));
}
