use std::sync::atomic::{AtomicU64, Ordering};

use batch_core::id::{BatchId, BatchIds};

/// Ids that count from 1, so that a test sees the same ones each time.
#[derive(Debug, Default)]
pub(super) struct CountedIds {
    last: AtomicU64,
}

impl BatchIds for CountedIds {
    fn next(&self) -> BatchId {
        let number = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let text = format!("batch_{number:032x}");
        text.parse().expect("32 hexadecimal digits are a batch id")
    }
}
