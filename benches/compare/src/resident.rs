use std::path::Path;
use std::process::Command;
use std::time::Instant;

use batch_benches::{Backend, Broken, Load, batch, directory_bytes, resident_bytes};
use batch_core::engine::Engine;
use batch_core::storage::BatchQuery;

const LOAD: Load = Load {
    inputs: 1_000,
    bytes: 200,
    submitters: 1,
};
const MIB: f64 = (1 << 20) as f64;
/// How often each store is opened; the median counts.
const TIMES: usize = 5;

/// Fills a store with 1 batch and one with 1,000, and opens each in processes of its own.
pub(crate) fn resident(backend: Backend) -> Result<(), Broken> {
    let directory = tempfile::tempdir()?;
    let name = backend.to_string();
    let mut paths = Vec::new();
    for (path, batches) in [("small", "1"), ("large", "1000")] {
        let path = directory.path().join(path);
        let path = path.to_str().ok_or("the path is no text")?.to_owned();
        again(&["resident", "fill", &name, &path, batches])?;
        paths.push(path);
    }
    let mut found = [Vec::new(), Vec::new()];
    for _ in 0..TIMES {
        for (path, found) in paths.iter().zip(&mut found) {
            found.push(again(&["resident", "open", &name, path])?);
        }
    }
    let [small, large] = found.map(|mut found| {
        let mut medians = [0.0; 2];
        for (at, median) in medians.iter_mut().enumerate() {
            found.sort_by(|a, b| a[at].total_cmp(&b[at]));
            *median = found[TIMES / 2][at];
        }
        medians
    });
    println!("{backend}: medians of {TIMES} processes each\n");
    println!("| | 1,000 queued | 1,000,000 queued | difference |\n|---|---|---|---|");
    let [few, many] = [small[0] / MIB, large[0] / MIB];
    println!(
        "| resident after opening | {few:.1} MiB | {many:.1} MiB | {:.1} MiB |",
        many - few
    );
    let [few, many] = [small[1], large[1]];
    println!(
        "| reopen | {few:.3} s | {many:.3} s | {:.3} s |",
        many - few
    );
    println!(
        "| on disk, large store | | {:.0} MiB | |",
        directory_bytes(paths[1].as_ref()) as f64 / MIB
    );
    Ok(())
}

/// Resident bytes and seconds, as a process of its own says them.
fn again(arguments: &[&str]) -> Result<[f64; 2], Broken> {
    let output = Command::new(std::env::current_exe()?)
        .args(arguments)
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let said = String::from_utf8_lossy(&output.stdout);
    let mut words = said.split_whitespace().map(str::parse);
    let mut next = || words.next().and_then(Result::ok).unwrap_or(0.0);
    Ok([next(), next()])
}

pub(crate) async fn fill(backend: Backend, path: &Path, batches: u32) -> Result<(), Broken> {
    let storage = backend.subject().open_at(path)?;
    let engine = Engine::builder().open_shared(storage).await?;
    engine.ensure_deployed("bench".parse()?).await?;
    for _ in 0..batches {
        engine
            .storage()
            .insert(batch(LOAD.inputs, LOAD.bytes)?)
            .await?;
    }
    engine.close().await?;
    Ok(())
}

pub(crate) async fn open(backend: Backend, path: &Path) -> Result<(), Broken> {
    let start = Instant::now();
    let storage = backend.subject().open_at(path)?;
    let took = start.elapsed();
    let resident = resident_bytes();
    let batches = storage.batches(BatchQuery::default()).await?;
    if batches
        .items
        .first()
        .is_none_or(|batch| batch.counts.pending == 0)
    {
        return Err("nothing waits in the store".into());
    }
    println!("{resident} {}", took.as_secs_f64());
    storage.close().await?;
    Ok(())
}
