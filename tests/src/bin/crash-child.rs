//! The process that the crash journeys kill: `crash-child BACKEND STORE TASK`.
//!
//! With the feature `failpoints`, `BATCHYARD_FAILPOINT=NAME:n` ends it at the nth time that it
//! comes to a failpoint, and `BATCHYARD_FAILPOINT=count` has it report how often it came to each.
#![allow(clippy::unwrap_used)]

use std::path::Path;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let backend = arguments[1].parse().unwrap();
    let store = Path::new(&arguments[2]);
    let task: batch_tests::crash::Task = arguments[3].parse().unwrap();
    #[cfg(feature = "failpoints")]
    batch_tests::crash::failpoints::arm();
    task.perform(backend, store).await;
    #[cfg(feature = "failpoints")]
    batch_tests::crash::failpoints::report();
}
