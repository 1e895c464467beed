//! Books 1,000 invoices durably on sled while its process is killed three times.
//!
//! The program starts itself again as a child that works until it aborts in the
//! midst of an invoice, and then looks at what is left. Each booking has an effect
//! outside the store, a file; the run's idempotency key makes repeating it harmless.

use std::collections::BTreeMap;
use std::env;
use std::error::Error;
use std::fs;
use std::io::{ErrorKind, Write};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use batch_core::engine::{Engine, Replay};
use batch_core::journal::{Fact, Sequence};
use batch_core::request::{BatchRequest, Input};
use batch_core::sled::SledStorage;
use batch_exec::{Dispatcher, ExecutorError, Outcome, RunContext};

type Fallible<T = ()> = Result<T, Box<dyn Error>>;

const INVOICES: u32 = 1_000;
const KILLS: usize = 3;
/// A child aborts while it books its 250th invoice.
const BOOKINGS_A_LIFE: u32 = 250;

fn main() -> Fallible {
    match env::args().nth(1) {
        None => parent(),
        Some(dir) => tokio::runtime::Runtime::new()?.block_on(child(Path::new(&dir))),
    }
}

/// Lets children work until one of them comes to the end, then checks what is there.
fn parent() -> Fallible {
    let dir = tempfile::tempdir()?;
    fs::create_dir(dir.path().join("booked"))?;
    let mut kills = 0;
    loop {
        let mut life = Command::new(env::current_exe()?);
        let ended = life
            .arg(dir.path())
            .env("LIFE", kills.to_string())
            .status()?;
        if ended.success() {
            break;
        }
        kills += 1;
        println!("-- the process died: {ended}");
    }
    assert_eq!(kills, KILLS, "children died otherwise than they should");
    tokio::runtime::Runtime::new()?.block_on(check(dir.path()))
}

/// Submits the batch, or finds it, and works on it until all is done or it is time to die.
async fn child(dir: &Path) -> Fallible {
    let engine = Engine::open(SledStorage::open(dir.join("store"))?).await?;
    let life: usize = env::var("LIFE")?.parse()?;
    let fatal = if life < KILLS {
        BOOKINGS_A_LIFE
    } else {
        u32::MAX
    };
    engine.ensure_deployed("book".parse()?).await?;
    let inputs = (0..INVOICES).map(|n| Input::text(format!("invoice {n}")));
    let request = BatchRequest::new("book")
        .idempotency_key("invoices-2026")
        .inputs(inputs);
    let batch = engine.submit_batch(request).await?;
    match batch.replayed() {
        Replay::New => println!("submitted {INVOICES} invoices"),
        _ => println!("started again and found: {}", batch.get().await?),
    }
    let booked = Arc::new(AtomicU32::new(0));
    let directory = dir.join("booked");
    let book = move |run: RunContext| {
        let directory = directory.clone();
        let nth = booked.fetch_add(1, Ordering::Relaxed) + 1;
        async move { book(&run, &directory, nth == fatal) }
    };
    let builder = Dispatcher::builder(&engine).workflow("book", book);
    let dispatcher = builder.start().await?;
    println!("{}", batch.wait().await?);
    dispatcher.shutdown().await?;
    Ok(())
}

/// Books an invoice, once however often it is asked to.
fn book(run: &RunContext, directory: &Path, fatal: bool) -> Result<Outcome, ExecutorError> {
    let receipt = directory.join(run.idempotency_key());
    match fs::File::create_new(&receipt) {
        Ok(mut file) => file.write_all(run.text()?.as_bytes())?,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error.into()),
    }
    if fatal {
        // Booked and not yet recorded: the worst moment.
        std::process::abort();
    }
    Ok(Outcome::done(run.interruptions()))
}

/// Counts what the journal says and what was booked.
async fn check(dir: &Path) -> Fallible {
    let engine = Engine::open(SledStorage::open(dir.join("store"))?).await?;
    let (mut ends, mut interruptions, mut after) = (BTreeMap::new(), 0, Sequence::START);
    loop {
        let page = engine.storage().journal(after, NonZeroU32::MAX).await?;
        let Some(last) = page.entries.last() else {
            break;
        };
        after = last.sequence;
        for entry in page.entries {
            match entry.fact {
                Fact::Ended(runs) => {
                    for run in runs {
                        *ends.entry(run.ordinal).or_insert(0) += 1;
                    }
                }
                Fact::Interrupted(runs) => interruptions += runs.len(),
                _ => {}
            }
        }
    }
    let receipts = fs::read_dir(dir.join("booked"))?.collect::<Result<Vec<_>, _>>()?;
    let receipts: Vec<PathBuf> = receipts.iter().map(fs::DirEntry::path).collect();
    println!("-- {KILLS} kills, {interruptions} runs interrupted and taken up again");
    let (lost, twice) = (
        INVOICES as usize - ends.len(),
        ends.values().filter(|n| **n > 1).count(),
    );
    println!(
        "recorded ended: {}, lost: {lost}, recorded twice: {twice}",
        ends.len()
    );
    println!("booked: {} invoices, a receipt each", receipts.len());
    assert_eq!((lost, twice, receipts.len()), (0, 0, INVOICES as usize));
    Ok(())
}
