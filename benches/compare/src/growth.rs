use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use batch_benches::{Backend, Broken, Load, Opened, batch, work};
use batch_core::storage::CancelTarget;

const LOAD: Load = Load {
    inputs: 1_000,
    bytes: 200,
    submitters: 4,
};
const GROUP: NonZeroU32 = NonZeroU32::new(64).expect("64 is not zero");
/// How often each call is timed, on each store in turn.
/// With the rounds before, the small one has no more runs than that many claims take.
const TIMES: u64 = 13;
/// Rounds before the first that counts.
const BEFORE: u64 = 2;
/// How long the stores rest once they are filled: sled's threads go on for a while.
const REST: Duration = Duration::from_secs(5);

/// The calls that are timed, in the order of the table.
const CALLS: [&str; 6] = [
    "submit",
    "claim 64",
    "settle 64",
    "get",
    "list page",
    "cancel",
];

/// What the batches of 1,000 are that wait.
#[derive(Debug, Clone, Copy)]
enum Queue {
    /// The parts of one submission.
    OneSubmission,
    /// A submission each.
    Submissions,
}

/// A store with some batches waiting, and how long each call took on it.
struct Store {
    opened: Opened,
    batches: Vec<batch_core::id::BatchId>,
    took: [Vec<Duration>; 6],
}

/// Times every call on a store with 1,000 and one with 1,000,000 queued runs, in turns.
///
/// Once as one submission, and once as 1,000 of them, between which claims go in turn.
pub(crate) async fn growth(backend: Backend) -> Result<(), Broken> {
    for queue in [Queue::OneSubmission, Queue::Submissions] {
        compare(backend, queue).await?;
    }
    Ok(())
}

async fn compare(backend: Backend, queue: Queue) -> Result<(), Broken> {
    let mut small = Store::filled(backend, queue, 1).await?;
    let mut large = Store::filled(backend, queue, 1_000).await?;
    tokio::time::sleep(REST).await;
    for turn in 0..BEFORE + TIMES {
        if turn == BEFORE {
            small.took = Default::default();
            large.took = Default::default();
        }
        small.round(turn).await?;
        large.round(turn).await?;
    }
    println!("\n{backend}, {queue:?}: medians of {TIMES}, both stores in turns\n");
    println!("| call | 1,000 queued | 1,000,000 queued | ratio |\n|---|---|---|---|");
    for (at, call) in CALLS.into_iter().enumerate() {
        let (few, many) = (small.median(at), large.median(at));
        let ratio = many.as_secs_f64() / few.as_secs_f64();
        println!("| {call} | {few:.1?} | {many:.1?} | {ratio:.2} |");
    }
    Ok(())
}

impl Store {
    async fn filled(backend: Backend, queue: Queue, batches: u32) -> Result<Self, Broken> {
        let opened = backend.subject().open().await?;
        let batches = match queue {
            Queue::OneSubmission => work::fill_one_submission(&opened, LOAD, batches).await?,
            Queue::Submissions => work::fill(&opened, LOAD, batches as usize).await?.0,
        };
        let took = Default::default();
        Ok(Self {
            opened,
            batches,
            took,
        })
    }

    /// Each call once; what was submitted is cancelled, so that the store stays as large.
    async fn round(&mut self, turn: u64) -> Result<(), Broken> {
        let storage = &**self.opened.storage();
        let timed = Instant::now();
        let claimed = work::claim_group(storage, GROUP).await?;
        self.took[1].push(timed.elapsed());
        let timed = Instant::now();
        work::settle_group(storage, claimed).await?;
        self.took[2].push(timed.elapsed());
        let times = 20;
        let spent = work::get_run(storage, &self.batches, turn * times, times).await?;
        self.took[3].push(spent / u32::try_from(times)?);
        self.took[4].push(work::list_runs(storage, 4).await? / 4);
        let made = batch(LOAD.inputs, LOAD.bytes)?;
        let id = made.id;
        let timed = Instant::now();
        storage.insert(made).await?;
        self.took[0].push(timed.elapsed());
        let timed = Instant::now();
        storage.cancel(CancelTarget::Batch(id)).await?;
        self.took[5].push(timed.elapsed());
        Ok(())
    }

    fn median(&mut self, call: usize) -> Duration {
        let took = &mut self.took[call];
        took.sort_unstable();
        took[took.len() / 2]
    }
}
