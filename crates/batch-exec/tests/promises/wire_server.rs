use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

/// What a server does once it has read a request.
#[derive(Debug, Clone)]
pub(super) enum Reply {
    /// Writes this and closes.
    Bytes(Vec<u8>),
    /// Writes this, and then more without end.
    Endless(String),
    /// Writes this one byte after another.
    Slowly(String),
    /// Never writes.
    Hang,
    /// Writes this and breaks the connection.
    Reset(String),
}

/// The head of a request in lower case, and its body.
pub(super) type Asked = (String, Vec<u8>);

/// A server of one's own on a real socket, and what it was asked.
#[derive(Debug, Clone)]
pub(super) struct WireServer {
    pub(super) address: SocketAddr,
    pub(super) asked: Arc<Mutex<Vec<Asked>>>,
}

impl WireServer {
    /// `reply` is told the number of the request, from 0.
    pub(super) async fn new(reply: impl Fn(usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = Self {
            address,
            asked: Arc::default(),
        };
        let (this, reply) = (server.clone(), Arc::new(reply));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (this, reply) = (this.clone(), Arc::clone(&reply));
                tokio::spawn(async move { this.serve(stream, &*reply).await });
            }
        });
        server
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/path?query=1", self.address)
    }

    pub(super) fn times_asked(&self) -> usize {
        self.asked.lock().len()
    }

    async fn serve(&self, mut stream: TcpStream, reply: &(dyn Fn(usize) -> Reply + Send + Sync)) {
        let Some(request) = read_request(&mut stream).await else {
            return;
        };
        let number = {
            let mut asked = self.asked.lock();
            asked.push(request);
            asked.len() - 1
        };
        // What the other side has closed cannot be written to; that is its good right.
        let _ = act(stream, reply(number)).await;
    }
}

/// An answer with a body.
pub(super) fn answer(status: u16, headers: &str, body: &[u8]) -> Reply {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} S\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n"
    );
    Reply::Bytes([head.as_bytes(), body].concat())
}

async fn act(mut stream: TcpStream, reply: Reply) -> std::io::Result<()> {
    match reply {
        Reply::Bytes(bytes) => stream.write_all(&bytes).await?,
        Reply::Endless(head) => {
            stream.write_all(head.as_bytes()).await?;
            loop {
                stream.write_all(&[b'x'; 8_192]).await?;
            }
        }
        Reply::Slowly(text) => {
            for byte in text.bytes() {
                stream.write_all(&[byte]).await?;
                sleep(Duration::from_millis(50)).await;
            }
        }
        Reply::Hang => std::future::pending().await,
        Reply::Reset(head) => {
            stream.write_all(head.as_bytes()).await?;
            stream.set_zero_linger()?;
        }
    }
    Ok(())
}

async fn read_request(stream: &mut TcpStream) -> Option<Asked> {
    let mut bytes = Vec::new();
    loop {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(end) = end {
            let head = String::from_utf8(bytes[..end].to_vec())
                .ok()?
                .to_ascii_lowercase();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            let length = length.map_or(0, |it| it.parse().unwrap());
            if bytes.len() >= end + 4 + length {
                return Some((head, bytes.split_off(end + 4)));
            }
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}
