//! The process that the crash journeys kill: `crash-child STORE SEED STEPS`.
#![allow(clippy::unwrap_used)]

use std::path::Path;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let store = Path::new(&arguments[1]);
    let seed = arguments[2].parse().unwrap();
    let steps = arguments[3].parse().unwrap();
    batch_tests::crash::work(store, seed, steps, &mut std::io::stdout().lock()).await;
}
