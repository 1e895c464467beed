use std::time::Duration;

use batch_core::request::Input;
use batch_core::run::{Failure, Output, Run, RunState};
use serde_json::Value;

use super::wire_server::{Reply, WireServer, answer};
use super::yard::Yard;
use batch_exec::http::{HttpExecutor, HttpExecutorError, HttpExecutorOptions, SecretsSent};
use batch_exec::outbound::{OutboundClient, OutboundPolicy};
use batch_exec::retry::RetryPolicy;

fn here() -> OutboundClient {
    OutboundClient::new(OutboundPolicy::with_this_machine()).unwrap()
}

fn quick() -> HttpExecutorOptions {
    let mut options = HttpExecutorOptions::default();
    options.timeout = Duration::from_millis(500);
    options
}

/// How a run ends that may be tried twice.
async fn run_on(executor: HttpExecutor, input: Input) -> Run {
    let yard = Yard::new().await;
    let mut retry = RetryPolicy::of_attempts(2);
    retry.first_delay = Duration::from_millis(1);
    let builder = yard.dispatcher().retry(retry).workflow("w", executor);
    let dispatcher = builder.start().await.unwrap();
    let batch = yard.submit_inputs("w", [input]).await;
    yard.finished(batch).await;
    dispatcher.shutdown().await.unwrap();
    yard.run(batch, 0).await
}

async fn run_at(server: &WireServer) -> Run {
    let executor = HttpExecutor::new(here(), &server.url())
        .unwrap()
        .options(quick());
    run_on(executor, Input::text("t")).await
}

#[tokio::test]
async fn a_service_is_told_of_a_run_and_its_answer_is_the_outcome() {
    let server =
        WireServer::new(|_| answer(200, "", br#"{"outcome":"done","output":{"pages":3}}"#)).await;
    let executor = HttpExecutor::new(here(), &server.url()).unwrap();
    let executor = executor.header("Authorization", "Bearer t0ken").unwrap();
    let debug = format!("{executor:?}");
    assert!(
        !debug.contains("t0ken") && !debug.contains("query"),
        "{debug}"
    );
    let input = Input::text("read me")
        .with_name("n")
        .with_metadata_json(r#"{"n":1.50}"#);
    let run = run_on(executor, input.with_secret("key", "hunter2")).await;
    assert_eq!(run.state, RunState::Processed);
    assert_eq!(
        run.output.as_ref().map(Output::as_json),
        Some(r#"{"pages":3}"#)
    );
    let (head, body) = server.asked.lock()[0].clone();
    let body = String::from_utf8(body).unwrap();
    assert!(head.contains("authorization: bearer t0ken"), "{head}");
    assert!(
        head.contains(&format!("idempotency-key: {}", run.id)),
        "{head}"
    );
    assert!(body.contains(r#""metadata":{"n":1.50}"#), "{body}");
    assert!(!body.contains("hunter2"), "secrets stay here: {body}");
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["input"]["text"], "read me");
    assert_eq!(body["run"], run.id.to_string());
    assert_eq!(
        (&body["workflow"], &body["attempt"], &body["name"]),
        (&"w".into(), &1.into(), &"n".into())
    );
}

#[tokio::test]
async fn secrets_are_sent_where_the_host_says_so() {
    let server = WireServer::new(|_| answer(204, "", b"")).await;
    let mut options = quick();
    options.secrets = SecretsSent::InTheBody;
    let executor = HttpExecutor::new(here(), &server.url())
        .unwrap()
        .options(options);
    let run = run_on(
        executor,
        Input::file_url("https://example.com/a.pdf").with_secret("key", "hunter2"),
    )
    .await;
    assert_eq!(run.state, RunState::Processed);
    let body: Value = serde_json::from_slice(&server.asked.lock()[0].1).unwrap();
    assert_eq!(body["secrets"]["key"], "hunter2");
    assert_eq!(body["input"]["url"], "https://example.com/a.pdf");
}

#[tokio::test]
async fn what_may_go_better_is_tried_again_and_what_cannot_is_not() {
    let huge = format!(r#"{{"outcome":"done","output":"{}"}}"#, "x".repeat(2 << 20));
    for (reply, reason, attempts) in [
        (answer(500, "", b"oops"), HttpExecutor::STATUS, 2),
        (
            answer(503, "retry-after: 0\r\n", b""),
            HttpExecutor::STATUS,
            2,
        ),
        (answer(200, "", b"<html>"), HttpExecutor::ANSWER, 2),
        (
            answer(200, "", br#"{"outcome":"retry","reason":"BUSY"}"#),
            "BUSY",
            2,
        ),
        (Reply::Hang, Failure::TIMED_OUT, 2),
        (
            Reply::Slowly("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi".to_owned()),
            Failure::TIMED_OUT,
            2,
        ),
        (
            Reply::Reset("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{".to_owned()),
            HttpExecutor::CONNECTION,
            2,
        ),
        (
            answer(200, "", br#"{"outcome":"fail","reason":"BAD"}"#),
            "BAD",
            1,
        ),
        (answer(404, "", b""), HttpExecutor::STATUS, 1),
        (
            answer(307, "location: /elsewhere\r\n", b""),
            HttpExecutor::STATUS,
            1,
        ),
        (
            answer(200, "", huge.as_bytes()),
            Failure::OUTPUT_TOO_LARGE,
            1,
        ),
        (
            Reply::Endless("HTTP/1.1 200 OK\r\n\r\n".to_owned()),
            Failure::OUTPUT_TOO_LARGE,
            1,
        ),
    ] {
        let server = WireServer::new(move |_| reply.clone()).await;
        let run = run_at(&server).await;
        let failure = run.failure.unwrap();
        assert_eq!(
            (failure.reason(), run.attempts),
            (reason, attempts),
            "{failure}"
        );
        assert_eq!(server.times_asked(), attempts as usize, "{failure}");
    }
}

#[tokio::test]
async fn redirects_are_followed_only_where_allowed_with_the_input_and_never_inward() {
    let mut options = quick();
    options.redirects = 1;
    let server = WireServer::new(|n| match n {
        0 => answer(307, "location: /next\r\n", b""),
        _ => answer(204, "", b""),
    })
    .await;
    let executor = HttpExecutor::new(here(), &server.url())
        .unwrap()
        .options(options.clone());
    let run = run_on(executor, Input::text("t")).await;
    assert_eq!(run.state, RunState::Processed);
    let asked = server.asked.lock().clone();
    assert!(asked[1].0.starts_with("post /next"), "{}", asked[1].0);
    assert_eq!(asked[0].1, asked[1].1);

    let inward = WireServer::new(|_| answer(307, "location: http://10.0.0.1/\r\n", b"")).await;
    let executor = HttpExecutor::new(here(), &inward.url())
        .unwrap()
        .options(options);
    let run = run_on(executor, Input::text("t")).await;
    assert_eq!(
        (run.failure.unwrap().reason(), run.attempts),
        (HttpExecutor::REFUSED, 1)
    );
}

#[tokio::test]
async fn a_run_that_is_cancelled_does_not_wait_for_its_service() {
    let server = WireServer::new(|_| Reply::Hang).await;
    let yard = Yard::new().await;
    let executor = HttpExecutor::new(here(), &server.url()).unwrap();
    let dispatcher = yard
        .dispatcher()
        .workflow("w", executor)
        .start()
        .await
        .unwrap();
    let batch = yard.submit("w", 1).await;
    while server.times_asked() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    yard.cancel(batch).await;
    let ended = yard.finished(batch).await;
    assert_eq!(ended.counts.cancelled, 1);
    dispatcher.shutdown().await.unwrap();
}

#[test]
fn a_service_that_is_not_allowed_is_refused_at_the_start() {
    let client = OutboundClient::new(OutboundPolicy::default()).unwrap();
    let error = HttpExecutor::new(client, "https://10.0.0.1/").unwrap_err();
    assert!(matches!(error, HttpExecutorError::Url(_)), "{error}");
    for (name, value) in [("host", "x"), ("a b", "x"), ("x", "a\nb")] {
        let executor = HttpExecutor::new(here(), "http://127.0.0.1/").unwrap();
        assert!(executor.header(name, value).is_err(), "{name}");
    }
}
