use std::sync::atomic::{AtomicU64, Ordering};

use batch_core::id::{BatchId, BatchIds};

/// Ids that count from 1, so that work that is counted is the same each time.
#[derive(Debug, Default)]
pub struct NumberedIds {
    last: AtomicU64,
}

impl BatchIds for NumberedIds {
    fn next(&self) -> BatchId {
        let number = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let text = format!("batch_0190000000007000{number:016x}");
        text.parse().expect("32 hexadecimal digits are an id")
    }
}
