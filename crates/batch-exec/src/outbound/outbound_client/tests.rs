use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::super::{AddressKind, Body, Refusal};
use super::*;

/// Answers every connection with the same bytes, and remembers what was asked.
#[derive(Debug, Clone)]
struct Receiver {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Receiver {
    async fn answering(answer: impl Into<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (answer, seen) = (answer.into(), Arc::clone(&asked));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut head = vec![0; 4_096];
                let read = stream.read(&mut head).await.unwrap_or(0);
                seen.lock()
                    .push(String::from_utf8_lossy(&head[..read]).into_owned());
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        Self { address, asked }
    }

    async fn redirecting(status: u16, target: impl std::fmt::Display) -> Self {
        Self::answering(format!(
            "HTTP/1.1 {status} R\r\nlocation: {target}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        ))
        .await
    }

    async fn ok() -> Self {
        Self::answering("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nhi").await
    }

    fn url(&self, host: &str) -> String {
        format!("http://{host}:{}/", self.address.port())
    }

    fn times_asked(&self) -> usize {
        self.asked.lock().len()
    }
}

/// Answers each question with the next of its answers, the last one for ever.
#[derive(Debug, Clone)]
struct Flipping {
    answers: Arc<Mutex<Vec<Vec<IpAddr>>>>,
    asked: Arc<Mutex<usize>>,
}

impl Flipping {
    fn new(answers: &[&[&str]]) -> Self {
        let parse = |list: &&[&str]| list.iter().map(|a| a.parse().unwrap()).collect();
        Self {
            answers: Arc::new(Mutex::new(answers.iter().map(parse).collect())),
            asked: Arc::default(),
        }
    }
}

#[async_trait]
impl Resolver for Flipping {
    async fn addresses(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        *self.asked.lock() += 1;
        let mut answers = self.answers.lock();
        if answers.len() > 1 {
            return Ok(answers.remove(0));
        }
        Ok(answers[0].clone())
    }
}

/// The internet is 127.0.0.2 here, and what must not be reached is 127.0.0.1.
fn policy(open: &str) -> OutboundPolicy {
    let mut policy = OutboundPolicy::with_this_machine();
    policy.addresses = vec![open.parse().unwrap()];
    policy
}

fn get(url: &str) -> Call {
    Call {
        method: Method::GET,
        url: url.parse().unwrap(),
        headers: HeaderMap::new(),
        body: Bytes::new(),
    }
}

#[tokio::test]
async fn a_name_that_has_one_address_that_is_not_allowed_is_refused_whole() {
    let receiver = Receiver::ok().await;
    let names = Flipping::new(&[&["93.184.216.34", "127.0.0.1"]]);
    let client = OutboundClient::with_resolver(policy("127.0.0.2"), names.clone()).unwrap();
    let error = client
        .call(get(&receiver.url("evil.example")), Redirects::Never)
        .await
        .unwrap_err();
    assert_eq!(
        error,
        OutboundError::Refused(Refusal::Address(AddressKind::Loopback))
    );
    assert_eq!((receiver.times_asked(), *names.asked.lock()), (0, 1));
}

#[tokio::test]
async fn a_resolver_that_flips_its_answer_cannot_lead_a_connection_elsewhere() {
    let receiver = Receiver::ok().await;
    // Allowed when it is asked first; an internal address whenever it is asked again.
    let names = Flipping::new(&[&["127.0.0.1"], &["169.254.169.254"]]);
    let client = OutboundClient::with_resolver(policy("127.0.0.1"), names.clone()).unwrap();
    let url = receiver.url("rebinding.example");
    let answer = client.call(get(&url), Redirects::Never).await.unwrap();
    assert_eq!(answer.read(10).await.unwrap(), Body::Whole(b"hi".to_vec()));
    assert_eq!(
        *names.asked.lock(),
        1,
        "looked up once, and connected to what was checked"
    );
    let error = client.call(get(&url), Redirects::Never).await.unwrap_err();
    assert_eq!(
        error,
        OutboundError::Refused(Refusal::Address(AddressKind::LinkLocal))
    );
    assert_eq!(receiver.times_asked(), 1);
}

#[tokio::test]
async fn an_address_in_the_url_is_checked_although_no_resolver_is_asked() {
    let receiver = Receiver::ok().await;
    let client = OutboundClient::new(policy("127.0.0.2")).unwrap();
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "[::ffff:127.0.0.1]",
        "localhost",
    ] {
        let error = client
            .call(get(&receiver.url(host)), Redirects::Never)
            .await
            .unwrap_err();
        let refused = OutboundError::Refused(Refusal::Address(AddressKind::Loopback));
        assert_eq!(error, refused, "{host}");
    }
    assert_eq!(receiver.times_asked(), 0);
}

#[tokio::test]
async fn a_redirect_to_an_address_that_is_not_allowed_is_refused() {
    let inner = Receiver::ok().await;
    let names = Flipping::new(&[&["127.0.0.1"]]);
    for target in [
        "http://169.254.169.254/latest/",
        "http://10.0.0.1/",
        "file:///etc/passwd",
        "http://u:p@example.com/",
    ] {
        let outer = Receiver::redirecting(302, target).await;
        let client = OutboundClient::with_resolver(policy("127.0.0.1"), names.clone()).unwrap();
        let error = client
            .call(get(&outer.url("outer.example")), Redirects::AtMost(3))
            .await
            .unwrap_err();
        assert!(
            matches!(error, OutboundError::Refused(_)),
            "{target}: {error}"
        );
    }
    assert_eq!(inner.times_asked(), 0);
}

#[tokio::test]
async fn a_redirect_that_is_allowed_is_followed_without_the_headers_of_the_first_host() {
    let inner = Receiver::ok().await;
    let outer = Receiver::redirecting(302, inner.url("127.0.0.1")).await;
    let client = OutboundClient::new(policy("127.0.0.1")).unwrap();
    let mut call = get(&outer.url("127.0.0.1"));
    call.headers
        .insert("authorization", "Bearer token".parse().unwrap());
    let answer = client.call(call, Redirects::AtMost(1)).await.unwrap();
    assert_eq!(
        (answer.status(), answer.url().port()),
        (200, Some(inner.address.port()))
    );
    assert!(outer.asked.lock()[0].contains("Bearer token"));
    assert!(!inner.asked.lock()[0].contains("Bearer token"));
}

#[tokio::test]
async fn redirects_that_go_in_a_circle_end() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let circle = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = circle.accept().await {
            let _ = stream.read(&mut [0; 4_096]).await;
            let _ = stream.write_all(b"HTTP/1.1 307 R\r\nlocation: /\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await;
        }
    });
    let client = OutboundClient::new(policy("127.0.0.1")).unwrap();
    let call = get(&format!("http://127.0.0.1:{port}/"));
    let error = client.call(call, Redirects::AtMost(4)).await.unwrap_err();
    assert_eq!(error, OutboundError::Redirects { most: 4 });
}

#[tokio::test]
async fn a_body_without_end_is_read_to_the_bound_and_no_further() {
    let body = "x".repeat(100_000);
    let receiver = Receiver::answering(format!(
        "HTTP/1.1 200 OK\r\ncontent-length: 9999999999\r\n\r\n{body}"
    ))
    .await;
    let client = OutboundClient::new(policy("127.0.0.1")).unwrap();
    let answer = client
        .call(get(&receiver.url("127.0.0.1")), Redirects::Never)
        .await
        .unwrap();
    let Body::Begun(bytes) = answer.read(65_536).await.unwrap() else {
        panic!("the body has no end");
    };
    assert_eq!(bytes.len(), 65_536);
}

#[tokio::test]
async fn a_closed_port_and_a_receiver_that_speaks_no_http_read_the_same() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let talker = Receiver::answering("SSH-2.0-OpenSSH_9.9\r\n").await;
    let no_tls = talker.url("127.0.0.1").replace("http:", "https:");
    let client = OutboundClient::new(policy("127.0.0.1")).unwrap();
    for url in [closed, talker.url("127.0.0.1"), no_tls] {
        let error = client.call(get(&url), Redirects::Never).await.unwrap_err();
        assert_eq!(error, OutboundError::Connection, "{url}");
    }
}
