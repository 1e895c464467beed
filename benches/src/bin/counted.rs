//! Work whose instructions are counted: `counted CASE [BACKEND] [TIMES]`.
//!
//! Under callgrind with `--toggle-collect='*counted_region*'` only the work itself counts.
//! Ids, time and texts are the same each time, and everything runs on one thread where the
//! backend lets it. `.ci/instructions` is the gate.

use std::num::NonZeroU32;
use std::process::ExitCode;
use std::sync::Arc;

use batch_benches::work::{self, Dispatching};
use batch_benches::{Backend, Broken, Load, NumberedIds, WORKFLOW, request};
use batch_core::engine::Engine;
use batch_core::id::WorkflowId;
use batch_core::journal::Sequence;
use batch_core::kv::KvOptions;
use batch_core::memory::MemoryStorage;
use batch_core::request::Limits;
use batch_core::storage::Storage;
use batch_core::time::ManualClock;
use batch_core::valid::validate;
use tokio::runtime::Runtime;

const LOAD: Load = Load {
    inputs: 1_000,
    bytes: 300,
    submitters: 1,
};
const GROUP: NonZeroU32 = NonZeroU32::new(64).expect("64 is not zero");
/// Those that take turns.
const SUBMISSIONS: u64 = 1_000;
const PAGE: NonZeroU32 = NonZeroU32::new(100).expect("100 is not zero");

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(broken) => {
            eprintln!("{broken}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[&str]) -> Result<(), Broken> {
    let case = words.first().copied().unwrap_or_default();
    let times = words.get(2).map_or(Ok(10), |text| text.parse())?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    let yard = Yard::open(runtime, words.get(1).copied().unwrap_or("memory"))?;
    match case {
        "submit" => yard.submit(times),
        "claim-settle" => yard.claim_and_settle(times),
        "claim-turns" => yard.claim_in_turns(times),
        "journal" => yard.journal(times),
        "validate" => yard.validate(times),
        "dispatch" => yard.dispatch(times, Dispatching::WIDE),
        "dispatch-narrow" => yard.dispatch(times, Dispatching::FAIR),
        _ => Err(
            "submit, claim-settle, claim-turns, journal, validate, dispatch or dispatch-narrow"
                .into(),
        ),
    }
}

/// What is counted, and nothing else.
#[inline(never)]
fn counted_region<T>(work: impl FnOnce() -> T) -> T {
    work()
}

struct Yard {
    runtime: Runtime,
    engine: Engine,
    _directory: tempfile::TempDir,
}

impl Yard {
    fn open(runtime: Runtime, backend: &str) -> Result<Self, Broken> {
        let directory = tempfile::tempdir()?;
        let storage: Arc<dyn Storage> = match backend.parse()? {
            Backend::Memory => {
                let mut options = KvOptions::default();
                options.clock = Arc::new(ManualClock::default());
                Arc::new(MemoryStorage::with_options(options))
            }
            durable => durable.subject().open_at(&directory.path().join("store"))?,
        };
        let builder = Engine::builder().batch_ids(Arc::new(NumberedIds::default()));
        let engine = runtime.block_on(builder.open_shared(storage))?;
        runtime.block_on(engine.ensure_deployed(WorkflowId::new(WORKFLOW)?))?;
        Ok(Self {
            runtime,
            engine,
            _directory: directory,
        })
    }

    fn submit(&self, times: u32) -> Result<(), Broken> {
        for _ in 0..times {
            let request = request(LOAD);
            let submitting = self.engine.submit_batch(request);
            counted_region(|| self.runtime.block_on(submitting))?;
        }
        Ok(())
    }

    fn claim_and_settle(&self, times: u32) -> Result<(), Broken> {
        let storage = &**self.engine.storage();
        let in_a_batch = LOAD.inputs / GROUP;
        for time in 0..times {
            if time % in_a_batch == 0 {
                let submitting = self.engine.submit_batch(request(LOAD));
                self.runtime.block_on(submitting)?;
            }
            let working = work::claim_and_settle(storage, GROUP.get().into(), GROUP);
            counted_region(|| self.runtime.block_on(working))?;
        }
        Ok(())
    }

    /// Claims of one run each of 64 among 1,000 submissions, and their settling, once each
    /// submission has had its turn.
    fn claim_in_turns(&self, times: u32) -> Result<(), Broken> {
        let storage = &**self.engine.storage();
        let load = Load { inputs: 50, ..LOAD };
        for _ in 0..SUBMISSIONS {
            self.runtime
                .block_on(self.engine.submit_batch(request(load)))?;
        }
        let round = work::claim_and_settle(storage, SUBMISSIONS, GROUP);
        self.runtime.block_on(round)?;
        for _ in 0..times {
            let working = work::claim_and_settle(storage, GROUP.get().into(), GROUP);
            counted_region(|| self.runtime.block_on(working))?;
        }
        Ok(())
    }

    /// So many batches wait; from the start of a dispatcher until it has shut down.
    fn dispatch(&self, batches: u32, how: Dispatching) -> Result<(), Broken> {
        let mut ids = Vec::new();
        for _ in 0..batches {
            let submitting = self.engine.submit_batch(request(LOAD));
            ids.push(self.runtime.block_on(submitting)?.id());
        }
        let dispatching = work::dispatch(&self.engine, &ids, how);
        counted_region(|| self.runtime.block_on(dispatching))?;
        Ok(())
    }

    fn journal(&self, times: u32) -> Result<(), Broken> {
        for _ in 0..2 * PAGE.get() {
            let load = Load { inputs: 1, ..LOAD };
            self.runtime
                .block_on(self.engine.submit_batch(request(load)))?;
        }
        for _ in 0..times {
            let reading = self.engine.storage().journal(Sequence::START, PAGE);
            let page = counted_region(|| self.runtime.block_on(reading))?;
            if page.entries.len() < 100 {
                return Err("the page is not full".into());
            }
        }
        Ok(())
    }

    fn validate(&self, times: u32) -> Result<(), Broken> {
        for _ in 0..times {
            let request = request(LOAD);
            let checked = counted_region(|| validate(request, &Limits::default()));
            drop(checked?);
        }
        Ok(())
    }
}
