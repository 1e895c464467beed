use std::io::Write;
use std::time::Duration;

use batch_core::request::Input;
use batch_core::run::{Run, RunState};

use super::wire_server::{Reply, WireServer, answer};
use super::yard::Yard;
use batch_exec::executor::{ExecutorError, Outcome, RunContext};
use batch_exec::fetch::{AllowedKinds, ContentKind, FetchError, FetchOptions, Fetcher};
use batch_exec::outbound::{OutboundClient, OutboundError, OutboundPolicy, Refusal};

const PDF: &[u8] = b"%PDF-1.7 and so on";

fn here(options: FetchOptions) -> Fetcher {
    let policy = OutboundPolicy::with_this_machine();
    Fetcher::new(OutboundClient::new(policy).unwrap(), options)
}

fn small() -> FetchOptions {
    let mut options = FetchOptions::default();
    options.most_bytes = 100_000;
    options.timeout = Duration::from_millis(500);
    options
}

async fn refused(server: &WireServer, options: FetchOptions) -> FetchError {
    here(options).fetch_url(&server.url()).await.unwrap_err()
}

#[tokio::test]
async fn a_file_is_fetched_whole_into_a_temporary_file_that_goes_with_its_owner() {
    let body: Vec<u8> = [PDF, &[7; 90_000]].concat();
    let sent = body.clone();
    let server = WireServer::new(move |_| answer(200, "content-type: text/html\r\n", &sent)).await;
    let dir = tempfile::tempdir().unwrap();
    let mut options = small();
    options.folder = Some(dir.path().to_owned());
    let file = here(options).fetch_url(&server.url()).await.unwrap();
    assert_eq!(std::fs::read(file.path()).unwrap(), body);
    assert_eq!(
        (file.bytes, file.kind),
        (body.len() as u64, ContentKind::Pdf)
    );
    assert_eq!(file.declared_type.as_deref(), Some("text/html"));
    assert!(file.path().starts_with(dir.path()));
    drop(file);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_file_that_is_too_large_is_refused_whether_it_says_so_or_not() {
    let long = "x".repeat(100_001);
    for reply in [
        answer(200, "", long.as_bytes()),
        Reply::Bytes(format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{long}").into_bytes()),
        Reply::Endless("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".to_owned()),
        Reply::Bytes(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n".to_vec()),
    ] {
        let server = WireServer::new(move |_| reply.clone()).await;
        let dir = tempfile::tempdir().unwrap();
        let mut options = small();
        options.folder = Some(dir.path().to_owned());
        let error = refused(&server, options).await;
        assert_eq!(
            (error.reason(), error.is_final()),
            (FetchError::TOO_LARGE, true)
        );
        assert_eq!(
            std::fs::read_dir(dir.path()).unwrap().count(),
            0,
            "something was left"
        );
    }
}

#[tokio::test]
async fn a_file_that_comes_too_slowly_or_breaks_off_may_be_tried_again() {
    let slow = format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(500));
    for (reply, reason) in [
        (Reply::Hang, FetchError::TIMED_OUT),
        (Reply::Slowly(slow), FetchError::TIMED_OUT),
        (
            Reply::Reset("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nbegun".to_owned()),
            FetchError::FAILED,
        ),
        (
            Reply::Bytes(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nbegun".to_vec()),
            FetchError::FAILED,
        ),
        (answer(503, "", b""), FetchError::STATUS),
        (answer(429, "", b""), FetchError::STATUS),
    ] {
        let server = WireServer::new(move |_| reply.clone()).await;
        let error = refused(&server, small()).await;
        assert_eq!(
            (error.reason(), error.is_final()),
            (reason, false),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_file_that_is_not_there_or_not_of_a_kind_that_is_allowed_is_refused_for_good() {
    let mut options = small();
    options.kinds = AllowedKinds::Only(vec![ContentKind::Pdf]);
    let mut gzip = Vec::new();
    gzip.write_all(b"\x1f\x8b\x08\0 a bomb, perhaps").unwrap();
    for (reply, reason) in [
        (answer(404, "", b""), FetchError::STATUS),
        (answer(403, "", b""), FetchError::STATUS),
        (
            answer(
                200,
                "content-type: application/pdf\r\n",
                b"<html>login</html>",
            ),
            FetchError::KIND,
        ),
        (
            answer(200, "content-encoding: gzip\r\n", &gzip),
            FetchError::KIND,
        ),
        (answer(200, "", b""), FetchError::KIND),
    ] {
        let server = WireServer::new(move |_| reply.clone()).await;
        let error = refused(&server, options.clone()).await;
        assert_eq!(
            (error.reason(), error.is_final()),
            (reason, true),
            "{error}"
        );
    }
}

#[tokio::test]
async fn redirects_are_followed_five_times_and_never_to_where_the_url_could_not_go() {
    let server = WireServer::new(|n| match n {
        0..5 => answer(302, "location: /next\r\n", b""),
        _ => answer(200, "", PDF),
    })
    .await;
    let file = here(small()).fetch_url(&server.url()).await.unwrap();
    assert_eq!((file.kind, file.url.path()), (ContentKind::Pdf, "/next"));
    let circle = WireServer::new(|_| answer(302, "location: /next\r\n", b"")).await;
    let error = refused(&circle, small()).await;
    assert!(
        matches!(
            error,
            FetchError::Call(OutboundError::Redirects { most: 5 })
        ),
        "{error}"
    );
    assert_eq!(circle.times_asked(), 6);
    let inward =
        WireServer::new(|_| answer(302, "location: http://169.254.169.254/latest/\r\n", b"")).await;
    let error = refused(&inward, small()).await;
    assert!(
        matches!(
            error,
            FetchError::Call(OutboundError::Refused(Refusal::Address(_)))
        ),
        "{error}"
    );
    assert_eq!(
        (error.reason(), error.is_final()),
        (FetchError::REFUSED, true)
    );
}

/// How a run ends whose executor fetches its file with the strictest policy.
async fn run_of(input: Input) -> Run {
    let yard = Yard::new().await;
    let client = OutboundClient::new(OutboundPolicy::default()).unwrap();
    let fetcher = Fetcher::new(client, FetchOptions::default());
    let work = move |run: RunContext| {
        let fetcher = fetcher.clone();
        async move {
            let file = fetcher.fetch(&run).await?;
            Ok::<_, ExecutorError>(Outcome::done(file.bytes))
        }
    };
    let dispatcher = yard.dispatcher().workflow("w", work).start().await.unwrap();
    let batch = yard.submit_inputs("w", [input]).await;
    yard.finished(batch).await;
    dispatcher.shutdown().await.unwrap();
    yard.run(batch, 0).await
}

#[tokio::test]
async fn a_refusal_fails_the_run_for_good_with_its_reason_after_one_attempt() {
    for (input, reason) in [
        (
            Input::file_url("https://169.254.169.254/latest/meta-data/"),
            FetchError::REFUSED,
        ),
        (Input::file_url("http://example.com/"), FetchError::REFUSED),
        (Input::file_url("https://localhost/"), FetchError::REFUSED),
        (Input::text("no url"), "WRONG_INPUT"),
    ] {
        let run = run_of(input).await;
        assert_eq!((run.state, run.attempts), (RunState::Failed, 1));
        assert_eq!(run.failure.unwrap().reason(), reason);
    }
}
