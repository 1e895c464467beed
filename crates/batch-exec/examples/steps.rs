//! Orders that are charged, packed and shipped in durable steps, while the process is killed.
//!
//! The program starts itself again as a child that works until it aborts in the midst of an
//! order, right after it was charged. The next child goes on with what is left of that order,
//! and charges nobody twice. Shipping fails now and then: that attempt is repeated, and neither
//! charging nor packing is.

use std::collections::BTreeMap;
use std::env;
use std::error::Error;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::num::NonZeroUsize;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use batch_core::engine::Engine;
use batch_core::request::{BatchRequest, Input};
use batch_core::sled::SledStorage;
use batch_exec::{Dispatcher, ExecutorError, Outcome, RetryPolicy, RunContext};

type Fallible<T = ()> = Result<T, Box<dyn Error>>;

const ORDERS: usize = 12;
const KILLS: usize = 3;
/// A child aborts in its third order.
const ORDERS_A_LIFE: u32 = 3;

fn main() -> Fallible {
    match env::args().nth(1) {
        None => parent(),
        Some(dir) => tokio::runtime::Runtime::new()?.block_on(child(Path::new(&dir))),
    }
}

/// Lets children work until one of them comes to the end, then counts what has happened.
fn parent() -> Fallible {
    let dir = tempfile::tempdir()?;
    let mut kills = 0;
    loop {
        let mut life = Command::new(env::current_exe()?);
        life.arg(dir.path()).env("LIFE", kills.to_string());
        let ended = life.status()?;
        if ended.success() {
            break;
        }
        kills += 1;
        println!("-- the process died: {ended}");
    }
    assert_eq!(kills, KILLS, "children died otherwise than they should");
    let mut effects: BTreeMap<String, usize> = BTreeMap::new();
    for line in fs::read_to_string(dir.path().join("effects"))?.lines() {
        let what = line.split(' ').next().unwrap_or_default();
        *effects.entry(what.to_owned()).or_default() += 1;
    }
    println!("-- {KILLS} kills; what has happened to {ORDERS} orders: {effects:?}");
    assert_eq!(effects["charged"], ORDERS, "somebody was charged twice");
    assert_eq!(effects["packed"], ORDERS, "something was packed twice");
    Ok(())
}

/// Submits the orders, or finds them, and works on them until all is done or it is time to die.
async fn child(dir: &Path) -> Fallible {
    let engine = Engine::open(SledStorage::open(dir.join("store"))?).await?;
    let life: usize = env::var("LIFE")?.parse()?;
    let fatal = match life < KILLS {
        true => ORDERS_A_LIFE,
        false => u32::MAX,
    };
    engine.ensure_deployed("order".parse()?).await?;
    let inputs = (0..ORDERS).map(|n| Input::text(format!("order {n}")));
    let request = BatchRequest::new("order").idempotency_key("today");
    let batch = engine.submit_batch(request.inputs(inputs)).await?;
    let begun = Arc::new(AtomicU32::new(0));
    let effects: Arc<Path> = dir.join("effects").into();
    let order = move |run: RunContext| {
        let nth = begun.fetch_add(1, Ordering::Relaxed) + 1;
        let effects = Arc::clone(&effects);
        async move { order(run, &effects, nth == fatal).await }
    };
    // One at a time: the others that a process dies with would be charged and not yet recorded.
    let builder = Dispatcher::builder(&engine).concurrency(NonZeroUsize::MIN);
    let soon = RetryPolicy {
        max_delay: Duration::from_millis(10),
        ..RetryPolicy::default()
    };
    let dispatcher = builder.retry(soon).workflow("order", order).start().await?;
    println!("{}", batch.wait().await?);
    dispatcher.shutdown().await?;
    Ok(())
}

/// What an order takes. Each step is done once, and its result kept until the order is done.
async fn order(run: RunContext, effects: &Path, fatal: bool) -> Result<Outcome, ExecutorError> {
    let name = run.text()?;
    run.progress(0, 3, format!("charging {name}"));
    let payment: u64 = run
        .step("charge", || async {
            happen(effects, &format!("charged {name}"))?;
            Ok(4_200)
        })
        .await?;
    if fatal {
        // Charged and recorded, and nothing else is done.
        std::process::abort();
    }
    run.progress(1, 3, format!("packing {name}"));
    let parcel: String = run
        .step("pack", || async {
            happen(effects, &format!("packed {name}"))?;
            Ok(format!("parcel of {name}"))
        })
        .await?;
    run.progress(2, 3, format!("shipping {parcel}"));
    run.step("ship", || async {
        match run.attempt().get() {
            1 => Err("the carrier is closed".into()),
            _ => Ok(happen(effects, &format!("shipped {parcel}"))?),
        }
    })
    .await?;
    Ok(Outcome::done((parcel, payment)))
}

/// Something happens outside the store: a line in a file.
fn happen(effects: &Path, what: &str) -> std::io::Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).open(effects)?;
    writeln!(file, "{what}")
}
