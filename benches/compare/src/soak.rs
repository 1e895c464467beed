use std::fs::File;
use std::io::Write;
use std::num::NonZeroU32;
use std::path::Path;
use std::time::{Duration, Instant};

use batch_benches::{Backend, Broken, Opened, WORKFLOW, directory_bytes, inputs, resident_bytes};
use batch_core::storage::PruneRequest;
use batch_exec::dispatcher::Dispatcher;
use batch_exec::executor::{Outcome, RunContext};

use crate::plot;

const BYTES: usize = 300;
/// Inputs of a batch.
const INPUTS: u32 = 500;
/// How long finished batches are kept.
const RETENTION: Duration = Duration::from_secs(20);
/// How often a line is written.
const SAMPLE: Duration = Duration::from_secs(2);

/// What happened since the last line.
#[derive(Default)]
struct Sample {
    runs: u64,
    submits: Vec<Duration>,
    ends: Vec<Duration>,
}

/// Submits at a steady rate, executes, and prunes; writes what it costs over time.
pub(crate) async fn soak(
    backend: &str,
    seconds: &str,
    rate: &str,
    file: &str,
) -> Result<(), Broken> {
    let backend: Backend = backend.parse()?;
    let (seconds, rate): (u64, f64) = (seconds.parse()?, rate.parse()?);
    let opened = backend.subject().open().await?;
    let no_op = |_: RunContext| async { Ok(Outcome::done(())) };
    let dispatcher = Dispatcher::builder(&opened.engine).workflow(WORKFLOW, no_op);
    let dispatcher = dispatcher.start().await?;
    let mut csv = File::create(file)?;
    writeln!(
        csv,
        "seconds,runs_per_second,resident_mib,store_mib,submit_ms,end_ms"
    )?;
    let mut pace = tokio::time::interval(Duration::from_secs_f64(f64::from(INPUTS) / rate));
    let start = Instant::now();
    let mut sample = Sample::default();
    let mut next = SAMPLE;
    while start.elapsed().as_secs() < seconds {
        pace.tick().await;
        let called = Instant::now();
        let handle = opened
            .engine
            .submit(WORKFLOW, inputs(INPUTS, BYTES))
            .await?;
        sample.submits.push(called.elapsed());
        handle.wait().await?;
        sample.ends.push(called.elapsed());
        sample.runs += u64::from(INPUTS);
        prune(&opened).await?;
        if start.elapsed() >= next {
            write_sample(
                &mut csv,
                start.elapsed(),
                &opened,
                std::mem::take(&mut sample),
            )?;
            next += SAMPLE;
        }
    }
    dispatcher.shutdown().await?;
    drop(csv);
    plot::soak(Path::new(file))
}

/// Prunes a little with every batch, as a host would with a timer.
async fn prune(opened: &Opened) -> Result<(), Broken> {
    let limit = NonZeroU32::new(4).ok_or("4 is not zero")?;
    let before = opened.engine.clock().now().wall - RETENTION;
    opened
        .engine
        .prune(PruneRequest::new(before, limit))
        .await?;
    Ok(())
}

fn write_sample(
    csv: &mut File,
    at: Duration,
    opened: &Opened,
    mut sample: Sample,
) -> Result<(), Broken> {
    const MIB: f64 = (1 << 20) as f64;
    let median = |took: &mut Vec<Duration>| {
        took.sort_unstable();
        took.get(took.len() / 2)
            .map_or(0.0, |t| t.as_secs_f64() * 1e3)
    };
    let line = format!(
        "{:.1},{:.0},{:.1},{:.1},{:.2},{:.2}",
        at.as_secs_f64(),
        sample.runs as f64 / SAMPLE.as_secs_f64(),
        resident_bytes() as f64 / MIB,
        directory_bytes(opened.path()) as f64 / MIB,
        median(&mut sample.submits),
        median(&mut sample.ends),
    );
    println!("{line}");
    writeln!(csv, "{line}")?;
    Ok(())
}
