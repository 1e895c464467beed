use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use batch_core::id::{BatchId, BatchIds};
use batch_core::memory::MemoryKv;
use fastrand::Rng;
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

use super::errand::Errand;
use super::listener::Heard;
use super::sight::{Sight, Tally};
use super::weather::Weather;
use super::witness::Witness;

/// 2026-01-01T00:00:00Z, when every simulation begins.
const EPOCH_MILLIS: i64 = 1_767_225_600_000;

/// What outlives a process: the disk, the people outside, and who watches them.
#[derive(Debug)]
pub(super) struct World {
    pub(super) weather: Weather,
    state: Mutex<State>,
    /// The journal grew. Woken in the order of waiting, unlike a `watch` channel, whose
    /// order is random.
    pub(super) grew: Notify,
}

/// What changes in the world. All randomness is drawn here.
#[derive(Debug)]
pub(super) struct State {
    pub(super) random: Rng,
    pub(super) disk: MemoryKv,
    pub(super) trace: String,
    pub(super) tally: Tally,
    pub(super) witness: Witness,
    pub(super) errands: Vec<Errand>,
    pub(super) heard: Vec<Heard>,
    /// No fault strikes any more, and nobody meddles.
    pub(super) calm: bool,
    /// By how much the wall clock is wrong.
    pub(super) jumped_millis: i64,
    pub(super) process: ProcessState,
    /// The last process closed the store before it ended.
    pub(super) closed_cleanly: bool,
    pub(super) wrong: Option<String>,
    /// How many updates were asked for.
    pub(super) updates: u64,
    elapsed: Duration,
    ids: u128,
}

/// What there is of the process that lives.
#[derive(Debug)]
pub(super) struct ProcessState {
    pub(super) alive: bool,
    /// A commit failed: what is read may be in doubt.
    pub(super) doubt: bool,
    /// The store was closed.
    pub(super) closed: bool,
    /// Which call of the store is under way.
    pub(super) call: &'static str,
    pub(super) born: Option<Instant>,
    /// The process has died.
    pub(super) died: Arc<Notify>,
    /// The process is asked to end and be started again.
    pub(super) leave: Arc<Notify>,
}

impl ProcessState {
    fn new() -> Self {
        Self {
            alive: false,
            doubt: false,
            closed: false,
            call: "",
            born: None,
            died: Arc::new(Notify::new()),
            leave: Arc::new(Notify::new()),
        }
    }
}

impl World {
    pub(super) fn new(seed: u64) -> Arc<Self> {
        let mut random = Rng::with_seed(seed);
        let weather = Weather::draw(&mut random);
        let errands = Errand::draw(&mut random, &weather);
        let state = State {
            disk: MemoryKv::with_preferred_value(weather.preferred_value),
            random,
            trace: format!("seed {seed}: {weather:?}\n"),
            tally: Tally::default(),
            witness: Witness::default(),
            errands,
            heard: Vec::new(),
            calm: false,
            jumped_millis: 0,
            process: ProcessState::new(),
            closed_cleanly: false,
            wrong: None,
            updates: 0,
            elapsed: Duration::ZERO,
            ids: 0,
        };
        Arc::new(Self {
            weather,
            state: Mutex::new(state),
            grew: Notify::new(),
        })
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    /// Notes that something was seen.
    pub(super) fn saw(&self, sight: Sight) {
        self.lock().tally.note(sight);
    }

    /// Writes a line of the trace.
    pub(super) fn tell(&self, line: impl AsRef<str>) {
        self.lock().tell(line.as_ref());
    }

    /// Whether something happens that happens once in `rate` times.
    pub(super) fn strikes(&self, rate: u32) -> bool {
        self.lock().strikes(rate)
    }

    /// A number below `end`.
    pub(super) fn below(&self, end: u64) -> u64 {
        self.lock().random.u64(..end.max(1))
    }

    /// Waits for anything up to this long.
    pub(super) async fn dawdle(&self, most: Duration) {
        let millis = self.below(most.as_millis() as u64 + 1);
        if millis > 0 {
            sleep(Duration::from_millis(millis)).await;
        }
    }

    /// Whether the process lives and has its store open.
    pub(super) fn is_open(&self) -> bool {
        let state = self.lock();
        state.process.alive && !state.process.closed
    }

    /// Never returns once the process is dead: nobody in it hears or does anything more.
    pub(super) async fn while_alive(&self) {
        if !self.lock().process.alive {
            std::future::pending::<()>().await;
        }
    }

    /// The process dies.
    pub(super) fn die(&self, of: Sight) {
        self.lock().die(of);
    }

    /// The rules are broken: the simulation ends here.
    pub(super) fn wrong(&self, what: impl Into<String>) {
        self.lock().is_wrong(what.into());
    }
}

impl State {
    /// A process begins.
    pub(super) fn birth(&mut self) {
        self.process = ProcessState::new();
        self.process.alive = true;
        self.process.born = Some(Instant::now());
        self.tally.note(Sight::Process);
        self.tell("a process begins");
    }

    /// The process is gone, one way or another.
    pub(super) fn burial(&mut self) {
        self.tell("the process is gone");
        self.elapsed += self.uptime();
        self.process.alive = false;
        self.process.born = None;
    }

    pub(super) fn die(&mut self, of: Sight) {
        if self.process.alive {
            self.tell(&format!("dies: {of:?}"));
            self.tally.note(of);
            self.process.alive = false;
            self.process.died.notify_one();
        }
    }

    pub(super) fn is_wrong(&mut self, what: String) {
        if self.process.alive || self.wrong.is_none() {
            self.tell(&format!("WRONG: {what}"));
            self.wrong.get_or_insert(what);
        }
        self.process.alive = false;
        self.process.died.notify_one();
    }

    pub(super) fn strikes(&mut self, rate: u32) -> bool {
        rate > 0 && !self.calm && self.process.alive && self.random.u32(..rate) == 0
    }

    pub(super) fn tell(&mut self, line: &str) {
        let now = (self.elapsed + self.uptime()).as_millis();
        let _ = writeln!(self.trace, "{now:>9} {line}");
    }

    /// How long the process lives.
    pub(super) fn uptime(&self) -> Duration {
        self.process.born.map_or(Duration::ZERO, |at| at.elapsed())
    }

    /// How long the simulation has lasted.
    pub(super) fn lasted(&self) -> Duration {
        self.elapsed + self.uptime()
    }

    /// What the clock on the wall says.
    pub(super) fn wall_millis(&self) -> i64 {
        let passed = i64::try_from(self.lasted().as_millis()).unwrap();
        EPOCH_MILLIS + passed + self.jumped_millis
    }
}

/// Ids in the order of their making.
#[derive(Debug)]
pub(super) struct CountedIds(pub(super) Arc<World>);

impl BatchIds for CountedIds {
    fn next(&self) -> BatchId {
        let mut state = self.0.lock();
        state.ids += 1;
        format!("batch_{:032x}", state.ids).parse().unwrap()
    }
}
