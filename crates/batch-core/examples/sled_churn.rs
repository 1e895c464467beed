//! Batches in, the oldest out: prints how fast, and whether memory and file stay level.
//!
//! `cargo run --release --example sled_churn -- DIR SECONDS KEYS VALUE_BYTES KEPT INTERVAL_MS`

use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

use batch_core::kv::{OrderedKv, WriteBatch};
use batch_core::sled::{SledKv, SledOptions};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let dir = arguments.next().unwrap_or_else(|| "churn".to_owned());
    let mut number = |default: u64| match arguments.next() {
        Some(text) => text.parse(),
        None => Ok(default),
    };
    let seconds = number(10)?;
    let keys = number(84)?;
    let value = number(3_600)? as usize;
    let kept = number(20)?;
    let options = SledOptions {
        collect_interval: Duration::from_millis(number(200)?),
        ..SledOptions::default()
    };
    let mut kv = SledKv::open_with(&dir, &options)?;
    println!(
        "{keys} keys of {value} bytes a batch, {kept} batches kept, {}",
        kv.traits().description.durability
    );
    let begun = Instant::now();
    let mut round: u64 = 0;
    let mut told = (0, 0);
    while begun.elapsed().as_secs() < seconds {
        kv.commit(batch(round, keys, value, kept))?;
        round += 1;
        let second = begun.elapsed().as_secs();
        if second >= told.0 + 2 {
            let rate = (round - told.1) / (second - told.0);
            told = (second, round);
            println!(
                "{second:>4} s {rate:>7} commits/s, {:>6} MB resident, {:>6} MB on disk",
                resident()? >> 20,
                std::fs::metadata(Path::new(&dir).join("db"))?.len() >> 20
            );
        }
    }
    Ok(())
}

fn batch(round: u64, keys: u64, value: usize, kept: u64) -> WriteBatch {
    let mut batch = WriteBatch::new();
    for key in 0..keys {
        let content = (0..value).map(|n| (round + key + n as u64) as u8).collect();
        batch.put(name(round, key), content);
        if let Some(old) = round.checked_sub(kept) {
            batch.delete(name(old, key));
        }
    }
    batch
}

fn name(round: u64, key: u64) -> Vec<u8> {
    let mut name = b"i".to_vec();
    name.extend(round.to_be_bytes());
    name.extend(key.to_be_bytes());
    name
}

/// Bytes of this process in memory. Only Linux tells them in this way.
fn resident() -> Result<u64, Box<dyn Error>> {
    let text = std::fs::read_to_string("/proc/self/statm")?;
    let pages = text.split(' ').nth(1).ok_or("no resident pages")?;
    Ok(pages.parse::<u64>()? * 4_096)
}
