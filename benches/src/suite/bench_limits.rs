use criterion::Criterion;
use tokio::runtime::Runtime;

use super::rows::Rows;
use crate::limit::{self, Syncing};

/// Measures what the machine itself does with the bytes of batches: append, channel, memcpy.
///
/// # Panics
///
/// When a file cannot be written or the runtime cannot be made.
pub fn bench_limits(criterion: &mut Criterion) {
    let runtime = Runtime::new().expect("the machine has a runtime to give");
    let directory = tempfile::tempdir().expect("a directory can be made");
    let mut rows = Rows::new(criterion, &runtime, "limit");
    for bytes in [200, 4_096] {
        for inputs in [1, 100, 1_000] {
            let block = vec![b'x'; inputs as usize * bytes];
            let name = format!("{inputs}x{bytes}B");
            rows.row(&format!("append-fdatasync/{name}"), inputs, async |n| {
                let took = limit::append(directory.path(), &block, n, Syncing::Each)?;
                Ok(took.into_iter().sum())
            });
            let grouped = format!("append-fdatasync-grouped/{name}/4-submitters");
            rows.row(&grouped, inputs, async |n| {
                limit::grouped_append(directory.path(), &block, n, 4).await
            });
            rows.row(&format!("memcpy/{name}"), inputs, async |n| {
                Ok(limit::memcpy(&block, n))
            });
        }
        rows.row(&format!("channel/1000x{bytes}B"), 1_000, async |n| {
            limit::channel(bytes, n * 1_000).await
        });
    }
}
