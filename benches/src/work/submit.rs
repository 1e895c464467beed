use std::time::{Duration, Instant};

use batch_core::engine::Engine;
use batch_core::request::BatchRequest;

use crate::{Broken, Load, Opened, Subject, batch, request};

/// Bytes of inputs that are made at once, and then submitted.
const TURN_BYTES: usize = 32 << 20;
/// Batches that are made at once, for each submitter.
const TURN_BATCHES: usize = 256;
/// A store with more than this is replaced by an empty one, outside of the time.
const STORE_BYTES: usize = 512 << 20;
/// The same, as a number of batches.
const STORE_BATCHES: usize = 20_000;

/// Submits batches of one kind, to stores that do not grow without end.
#[derive(Debug)]
pub struct Submitting<'a> {
    subject: &'a Subject,
    load: Load,
    store: Option<Opened>,
    batches: usize,
}

impl<'a> Submitting<'a> {
    /// Opens nothing yet.
    #[must_use]
    pub const fn new(subject: &'a Subject, load: Load) -> Self {
        Self {
            subject,
            load,
            store: None,
            batches: 0,
        }
    }

    /// Submits so many batches, and says how long that took.
    ///
    /// # Errors
    ///
    /// When a store cannot be made, or a batch is refused.
    pub async fn run(&mut self, batches: u64) -> Result<Duration, Broken> {
        let mut spent = Duration::ZERO;
        let mut left = batches;
        while left > 0 {
            let turn = left.min(self.turn());
            let engine = self.engine().await?;
            spent += submit_all(&engine, self.load, turn).await?;
            self.batches += usize::try_from(turn)?;
            left -= turn;
        }
        Ok(spent)
    }

    fn turn(&self) -> u64 {
        let fitting = TURN_BYTES / self.load.batch_bytes().max(1);
        let most = TURN_BATCHES * self.load.submitters;
        fitting.min(most).max(self.load.submitters) as u64
    }

    async fn engine(&mut self) -> Result<Engine, Broken> {
        let full = self.batches * self.load.batch_bytes() > STORE_BYTES;
        if full || self.batches > STORE_BATCHES {
            self.store = None;
            self.batches = 0;
        }
        let store = match self.store.take() {
            Some(store) => store,
            None => self.subject.open().await?,
        };
        let engine = store.engine.clone();
        self.store = Some(store);
        Ok(engine)
    }
}

/// Each submitter is a task that submits one batch after the other.
async fn submit_all(engine: &Engine, load: Load, batches: u64) -> Result<Duration, Broken> {
    let shares = shares(load, batches);
    let start = Instant::now();
    let tasks: Vec<_> = shares
        .into_iter()
        .map(|share| tokio::spawn(submit_share(engine.clone(), share)))
        .collect();
    for task in tasks {
        task.await??;
    }
    Ok(start.elapsed())
}

fn shares(load: Load, batches: u64) -> Vec<Vec<BatchRequest>> {
    let mut shares = vec![Vec::new(); load.submitters];
    for n in 0..batches {
        let to = usize::try_from(n).unwrap_or(0) % load.submitters;
        shares[to].push(request(load));
    }
    shares
}

async fn submit_share(engine: Engine, share: Vec<BatchRequest>) -> Result<(), Broken> {
    for request in share {
        engine.submit_batch(request).await?;
    }
    Ok(())
}

/// Stores a batch that has been checked before: fan-out without validation.
///
/// # Errors
///
/// When the batch is refused.
pub async fn submit_checked(opened: &Opened, load: Load) -> Result<Duration, Broken> {
    let checked = batch(load.inputs, load.bytes)?;
    let start = Instant::now();
    opened.storage().insert(checked).await?;
    Ok(start.elapsed())
}
