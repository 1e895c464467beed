use std::hint::black_box;
use std::time::{Duration, Instant};

/// Copies a block so many times into a new allocation each.
#[must_use]
pub fn memcpy(block: &[u8], times: u64) -> Duration {
    let start = Instant::now();
    for _ in 0..times {
        black_box(black_box(block).to_vec());
    }
    start.elapsed()
}
