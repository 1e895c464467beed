use std::collections::{BTreeMap, HashSet};
use std::num::NonZeroU32;
use std::sync::{Arc, Weak};

use batch_core::engine::{Engine, Serving};
use batch_core::id::WorkflowId;
use batch_core::journal::Sequence;
use batch_core::storage::{ClaimToken, ClaimedRun, Storage, StorageError};
use batch_core::time::Clock;
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::ending::Ending;
use super::endings::Endings;
use super::held_claim::HeldClaim;
use super::held_runs::HeldRuns;
use super::job::Begun;
use super::live_batches::LiveBatches;
use super::prefetch_window::PrefetchWindow;
use super::route::Route;
use super::watchlist::Watchlist;
use super::{DispatcherError, DispatcherOptions, DispatcherStatus};
use crate::error_chain::ErrorChain;
use crate::executor::{Board, Reach, Seat};
use crate::sink::{SinkDesk, SinkStatus};

/// What the tasks of one dispatcher share.
#[derive(Debug)]
pub(super) struct Pool {
    pub(super) engine: Engine,
    /// Says who executes these workflows, until no more are claimed.
    serving: Mutex<Option<Serving>>,
    pub(super) storage: Arc<dyn Storage>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) options: DispatcherOptions,
    pub(super) routes: BTreeMap<WorkflowId, Arc<Route>>,
    pub(super) sinks: Vec<Arc<SinkDesk>>,
    pub(super) held: Arc<HeldRuns>,
    /// What the attempts have of it.
    pub(super) reach: Arc<Reach>,
    pub(super) watchlist: Arc<Watchlist>,
    pub(super) live: LiveBatches,
    pub(super) window: PrefetchWindow,
    /// No more runs are claimed.
    pub(super) no_more_claims: CancellationToken,
    /// Executors are dropped where they stand.
    pub(super) drop_executors: CancellationToken,
    /// Claims are to be renewed without waiting for the next heartbeat.
    pub(super) beat_now: Notify,
    room: Notify,
    /// The claims that were taken from executors which block their thread.
    blocked: Mutex<HashSet<ClaimToken>>,
    pub(super) endings: Endings,
    failure: watch::Sender<Option<DispatcherError>>,
}

impl Pool {
    pub(super) fn new(
        engine: Engine,
        options: DispatcherOptions,
        routes: BTreeMap<WorkflowId, Arc<Route>>,
        sinks: Vec<Arc<SinkDesk>>,
    ) -> Self {
        let window = PrefetchWindow::new(options.prefetch);
        let watchlist = Arc::new(Watchlist::new(&options));
        let threads = Handle::try_current().map_or(1, |runtime| runtime.metrics().num_workers());
        let held = Arc::new(HeldRuns::new(threads));
        let board = Arc::downgrade(&held) as Weak<dyn Board>;
        let storage = Arc::clone(engine.storage());
        let reach = Reach { storage, board };
        Self {
            storage: Arc::clone(engine.storage()),
            clock: Arc::clone(engine.clock()),
            serving: Mutex::new(Some(engine.serve(routes.keys().cloned()))),
            engine,
            options,
            routes,
            sinks,
            held,
            reach: Arc::new(reach),
            watchlist,
            live: LiveBatches::default(),
            window,
            no_more_claims: CancellationToken::new(),
            drop_executors: CancellationToken::new(),
            beat_now: Notify::new(),
            room: Notify::new(),
            blocked: Mutex::new(HashSet::new()),
            endings: Endings::default(),
            failure: watch::Sender::new(None),
        }
    }

    /// Waits until it is worth claiming, and says how many runs.
    pub(super) async fn room(&self) -> NonZeroU32 {
        loop {
            if let Some(room) = self.room_now() {
                return room;
            }
            self.room.notified().await;
        }
    }

    /// How many runs to claim; `None` while enough wait for the workers.
    fn room_now(&self) -> Option<NonZeroU32> {
        let window = self.window.runs();
        let held = self.held.counts();
        if held.ready > window / 2 {
            return None;
        }
        let most = self.options.concurrency.get().saturating_add(window);
        let room = most.saturating_sub(held.all());
        NonZeroU32::new(u32::try_from(room).unwrap_or(u32::MAX))
    }

    /// Who executes a claimed run, and how.
    pub(super) fn route(&self, claimed: &ClaimedRun) -> &Route {
        let route = self.routes.get(&claimed.workflow);
        route.expect("no run is taken in whose workflow has no route")
    }

    /// Waits for a run for the worker at a seat; `None` once no more will come.
    pub(super) async fn next_run(&self, seat: Seat) -> Option<Begun> {
        let begun = self.held.next(seat).await?;
        self.tell_feeder(begun.others);
        Some(begun)
    }

    /// Takes the claim of a run that ended; `None` where it is no longer this worker's to settle.
    pub(super) fn take(&self, seat: Seat, token: ClaimToken) -> Option<HeldClaim> {
        let (claim, ready) = self.held.take(seat, token);
        if claim.is_none() {
            self.blocked.lock().remove(&token);
        }
        self.tell_feeder(ready);
        claim
    }

    /// Wakes the feeder where no more runs wait than are worth claiming more for.
    fn tell_feeder(&self, ready: usize) {
        if ready <= self.window.runs() / 2 {
            self.room.notify_one();
        }
    }

    /// Gives claims back without counting anything.
    pub(super) fn give_back(&self, claims: Vec<HeldClaim>) {
        for claim in claims {
            self.endings.push(Ending::released(claim));
        }
        self.room.notify_one();
    }

    /// Ends the attempts of executors that block their thread past their time.
    pub(super) fn take_overdue(&self, now: Instant) -> Vec<Ending> {
        let endings = self.held.take_overdue(now);
        let tokens = endings.iter().map(|ending| ending.key().token);
        self.blocked.lock().extend(tokens);
        endings
    }

    /// Stops claiming for good, because of what the store said.
    pub(super) fn fail(&self, doing: &'static str, error: StorageError) {
        let source = Arc::new(error);
        self.failed(DispatcherError::Storage { doing, source });
        self.claim_no_more();
    }

    /// Claims no more runs, and says so.
    pub(super) fn claim_no_more(&self) {
        self.no_more_claims.cancel();
        drop(self.serving.lock().take());
    }

    /// Records why something stopped; the first reason stays.
    pub(super) fn failed(&self, error: DispatcherError) {
        tracing::error!(error = %ErrorChain(&error), "the dispatcher failed");
        self.failure.send_if_modified(|first| {
            let new = first.is_none();
            first.get_or_insert(error);
            new
        });
    }

    /// Why something stopped, now and later.
    pub(super) fn failures(&self) -> watch::Receiver<Option<DispatcherError>> {
        self.failure.subscribe()
    }

    /// The last entry of the journal.
    pub(super) async fn journal_head(&self) -> Result<Sequence, StorageError> {
        let page = self.storage.journal(Sequence::START, NonZeroU32::MIN);
        Ok(page.await?.head)
    }

    pub(super) async fn sink_status(&self) -> Result<Vec<SinkStatus>, StorageError> {
        let head = self.journal_head().await?;
        Ok(self.sinks.iter().map(|desk| desk.status(head)).collect())
    }

    pub(super) fn status(&self) -> DispatcherStatus {
        let counts = self.held.counts();
        DispatcherStatus {
            executing: counts.executing,
            ready: counts.ready,
            blocked: self.blocked.lock().len(),
            blocking: self.watchlist.blocking(),
        }
    }
}
