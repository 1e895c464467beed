use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use crate::Broken;

/// Payloads that may wait in the channel.
const BOUND: usize = 1_024;

/// Sends so many payloads from one task to another, and says how long that took.
///
/// # Errors
///
/// When the runtime stops meanwhile.
pub async fn channel(bytes: usize, items: u64) -> Result<Duration, Broken> {
    let payloads: Vec<Box<[u8]>> = (0..items).map(|_| vec![b'x'; bytes].into()).collect();
    let (sender, mut receiver) = mpsc::channel(BOUND);
    let start = Instant::now();
    let sending = tokio::spawn(async move {
        for payload in payloads {
            if sender.send(payload).await.is_err() {
                return;
            }
        }
    });
    let receiving = tokio::spawn(async move {
        let mut got = 0u64;
        while receiver.recv().await.is_some() {
            got += 1;
        }
        got
    });
    let got = receiving.await?;
    let spent = start.elapsed();
    sending.await?;
    match got == items {
        true => Ok(spent),
        false => Err("the channel lost something".into()),
    }
}
