//! Sends events to a receiver that is unwell at first, verifies them there as a receiver
//! should, and lists what it never took. No service is needed: both ends are here.

use std::collections::HashMap;
use std::error::Error;
use std::num::NonZeroU32;
use std::time::Duration;

use batch_core::time::{Clock, SystemClock};
use batch_core::{engine::Engine, memory::MemoryStorage, request::Input};
use batch_exec::outbound::OutboundPolicy;
use batch_exec::webhook::{
    EventFilter, FileDeliveryLog, RetrySchedule, Signing, WebhookOptions, WebhookSink,
};
use batch_exec::{Dispatcher, Outcome, RunContext, SinkStart};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A secret of your own: `echo whsec_$(openssl rand -base64 32)`.
const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

/// Reads one request as a web framework would: headers by name in lower case, and the body.
async fn read(stream: &mut TcpStream) -> std::io::Result<(HashMap<String, String>, Vec<u8>)> {
    let mut reader = BufReader::new(stream);
    let (mut headers, mut line) = (HashMap::new(), String::new());
    while reader.read_line(&mut line).await? > 2 {
        if let Some((name, value)) = line.trim_end().split_once(": ") {
            headers.insert(name.to_lowercase(), value.to_owned());
        }
        line.clear();
    }
    let length = headers.get("content-length").and_then(|it| it.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).await?;
    Ok((headers, body))
}

/// Verifies what comes, and answers: 503 to the first three, 400 always to the run it cannot read.
async fn receive(listener: TcpListener) -> Result<(), Box<dyn Error + Send + Sync>> {
    let signing = Signing::standard(SECRET)?;
    for number in 1.. {
        let (mut stream, _) = listener.accept().await?;
        let (headers, body) = read(&mut stream).await?;
        let header = |name: &str| headers.get(name).map(String::as_str);
        // Over the bytes as they came: JSON that is parsed and printed again is other bytes.
        signing.verify(header, &body, SystemClock::default().now().wall)?;
        let event: serde_json::Value = serde_json::from_slice(&body)?;
        let status = match (number, event["data"]["run"]["name"].as_str()) {
            (1..=3, _) => 503,
            (_, Some("invoice 2")) => 400,
            _ => 200,
        };
        let about = event["data"]["run"]["name"].as_str().unwrap_or("the batch");
        println!("  received {} of {about}: {status}", event["type"]);
        let answer =
            format!("HTTP/1.1 {status} S\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        stream.write_all(answer.as_bytes()).await?;
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/hooks", listener.local_addr()?);
    tokio::spawn(receive(listener));

    // A day in a second. Leave the schedule out, and it goes on for 28 hours.
    let mut options = WebhookOptions::default();
    options.schedule = RetrySchedule::default();
    options.schedule.tries = NonZeroU32::new(5).ok_or("five is not zero")?;
    options.schedule.first_wait = Duration::from_millis(20);
    let folder = tempfile::tempdir()?;
    let webhook = WebhookSink::builder(url, Signing::standard(SECRET)?)
        .events(EventFilter::only([
            "run.processed",
            "run.failed",
            "batch.finished",
        ]))
        .log(FileDeliveryLog::open(
            folder.path().join("receiver.deliveries"),
        )?)
        .options(options)
        // The receiver is on this machine. Leave it out, and only https to the internet is allowed.
        .policy(OutboundPolicy::with_this_machine())
        .start()
        .await?;

    let engine = Engine::open(MemoryStorage::new()).await?;
    let dispatcher = Dispatcher::builder(&engine)
        .workflow("scan", |_: RunContext| async {
            Ok(Outcome::done_without_output())
        })
        .sink("receiver", SinkStart::Beginning, webhook.clone())
        .start()
        .await?;
    let inputs = (1..=4).map(|n| Input::text("…").with_name(format!("invoice {n}")));
    println!("{}", engine.submit("scan", inputs).await?.wait().await?);
    dispatcher.shutdown().await?;
    webhook.idle().await;

    for dead in webhook.dead() {
        let last = dead.attempts.back().map(|attempt| attempt.end.to_string());
        let (id, tries) = (dead.id, dead.attempts.len());
        println!(
            "dead after {tries} tries: {id} ({})",
            last.unwrap_or_default()
        );
        println!("  send it once more: {:?}", webhook.redeliver(id).await?);
    }
    webhook.idle().await;
    println!("{:?}", webhook.status());
    Ok(())
}
