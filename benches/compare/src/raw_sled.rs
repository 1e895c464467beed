use std::fs::File;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use batch_benches::Broken;

/// What our backend puts into one value.
const CHUNK: usize = 3_600;

/// Feeds sled batches of bytes in chunks from one thread, with an fdatasync after each.
///
/// With the settings of our own backend, and as it does: sled's `flush` hands the bytes
/// to the operating system and leaves the rest to us. Rests before each batch, and says how
/// long each took.
pub(crate) fn raw_sled(
    directory: &Path,
    bytes: usize,
    batches: u64,
    rest: Duration,
) -> Result<Vec<Duration>, Broken> {
    let path = directory.join("raw");
    let db = sled::Config::new()
        .path(&path)
        .cache_capacity(32 << 20)
        .flush_every_ms(Some(200))
        .open()?;
    let log = File::open(path.join("db"))?;
    let block = vec![b'x'; bytes];
    let mut took = Vec::new();
    for number in 0..batches {
        thread::sleep(rest);
        let start = Instant::now();
        let mut batch = sled::Batch::default();
        for (at, chunk) in (0u32..).zip(block.chunks(CHUNK)) {
            let mut key = [0; 12];
            key[..8].copy_from_slice(&number.to_be_bytes());
            key[8..].copy_from_slice(&at.to_be_bytes());
            batch.insert(&key, chunk);
        }
        db.apply_batch(batch)?;
        db.flush()?;
        log.sync_data()?;
        took.push(start.elapsed());
    }
    Ok(took)
}
