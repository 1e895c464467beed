use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use batch_core::batch::Batch;
use batch_core::id::{BatchId, SinkName};
use batch_core::journal::{Entry, Event, EventId, EventKind, Facet, Sequence};
use batch_core::storage::{JournalPage, Storage, StorageError};
use batch_core::time::Clock;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::progress_pacer::{Change, ProgressPacer};
use super::subject_cache::SubjectCache;
use super::{EventSink, Gap, SinkDesk, SinkError, SinkFilter};
use crate::guard::Guarded;
use crate::meter::{self, Metric};
use crate::retry::Backoff;

/// How many entries are read at once.
const PAGE: NonZeroU32 = NonZeroU32::MIN.saturating_add(255);
/// The most events in one delivery.
const MOST_EVENTS: usize = 500;
/// How long the cursor may lag behind what was delivered, so that a busy
/// journal does not cost a commit for each delivery.
const CURSOR_LAG: Duration = Duration::from_millis(100);

/// Leads one sink along the journal.
pub(crate) struct SinkRunner {
    name: SinkName,
    sink: Arc<dyn EventSink>,
    filter: SinkFilter,
    storage: Arc<dyn Storage>,
    clock: Arc<dyn Clock>,
    /// Where it notes how it does.
    desk: Arc<SinkDesk>,
    subjects: SubjectCache,
    /// When it is to hear of progress, where it wants to.
    pacer: Option<ProgressPacer>,
    /// The last entry that was delivered.
    position: Sequence,
    /// The last entry that the durable cursor has passed.
    saved: Sequence,
    /// When the cursor is to be moved; `None` while it stands at the position.
    save_at: Option<Instant>,
}

/// The runner was told to end while its sink failed.
struct GivenUp;

/// What a runner is made of.
pub(crate) struct SinkParts {
    pub(crate) name: SinkName,
    pub(crate) sink: Arc<dyn EventSink>,
    pub(crate) filter: SinkFilter,
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) clock: Arc<dyn Clock>,
}

impl SinkRunner {
    /// A runner for a sink whose cursor stands at `position`.
    pub(crate) fn new(parts: SinkParts, position: Sequence) -> Self {
        let SinkParts {
            name,
            sink,
            filter,
            storage,
            clock,
        } = parts;
        Self {
            pacer: filter.progress_every().map(ProgressPacer::new),
            desk: Arc::new(SinkDesk::new(name.clone(), position)),
            name,
            sink,
            filter,
            storage,
            clock,
            subjects: SubjectCache::default(),
            position,
            saved: position,
            save_at: None,
        }
    }

    /// The sink's name.
    pub(crate) const fn name(&self) -> &SinkName {
        &self.name
    }

    /// Where it notes how it does.
    pub(crate) fn desk(&self) -> Arc<SinkDesk> {
        Arc::clone(&self.desk)
    }

    /// Delivers until `drain` has fired and everything that was there by then is delivered.
    ///
    /// Errors of the store that trying again does not cure end it.
    pub(crate) async fn run(mut self, drain: CancellationToken) -> Result<(), StorageError> {
        let ended = self.until_drained(&drain).await;
        self.desk.stopped();
        ended
    }

    async fn until_drained(&mut self, drain: &CancellationToken) -> Result<(), StorageError> {
        let mut backoff = Backoff::of_storage();
        loop {
            match self.step(drain).await {
                Ok(Step::On) => backoff.succeeded(),
                Ok(Step::End) => return self.save().await,
                Err(error) if error.is_retryable() && !drain.is_cancelled() => {
                    let wait = backoff.failed();
                    tracing::warn!(sink = %self.name, %error, ?wait, "could not read the journal, trying again");
                    sleep(wait).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Delivers what there is; what the sink does not take is left for the next call.
    ///
    /// Whether the sink has taken everything.
    #[cfg(feature = "testing")]
    pub(crate) async fn catch_up(&mut self) -> Result<bool, StorageError> {
        let drain = CancellationToken::new();
        drain.cancel();
        while let Step::On = self.step(&drain).await? {}
        self.save().await?;
        let left = self.storage.journal(self.position, NonZeroU32::MIN).await?;
        Ok(left.entries.is_empty())
    }

    /// Delivers a stretch of the journal, or waits for one.
    async fn step(&mut self, drain: &CancellationToken) -> Result<Step, StorageError> {
        let page = self.storage.journal(self.position, PAGE).await?;
        let draining = drain.is_cancelled();
        let delivered = match self.skip_gap(&page, drain).await {
            Ok(()) if page.entries.is_empty() && draining => {
                let _ = self.tell_progress(drain).await?;
                return Ok(Step::End);
            }
            Ok(()) if page.entries.is_empty() => return self.idle(drain).await,
            Ok(()) => self.deliver_page(&page.entries, drain).await?,
            Err(GivenUp) => Err(GivenUp),
        };
        if self.save_at.is_some_and(|at| at <= Instant::now()) {
            self.save().await?;
        }
        let delivered = match delivered {
            Ok(()) => self.tell_progress(drain).await?,
            given_up => given_up,
        };
        Ok(delivered.map_or(Step::End, |()| Step::On))
    }

    /// Waits until the journal grows; moves the cursor and tells of progress meanwhile.
    async fn idle(&mut self, drain: &CancellationToken) -> Result<Step, StorageError> {
        let (save_at, progress_in) = (self.save_at, self.progress_in());
        let save = async {
            match save_at {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        let progress = async {
            match progress_in {
                Some(wait) => sleep(wait).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = drain.cancelled() => Ok(Step::On),
            grown = self.storage.wait(self.position) => grown.map(|_| Step::On),
            () = save => self.save().await.map(|()| Step::On),
            () = progress => {
                let told = self.tell_progress(drain).await?;
                Ok(told.map_or(Step::End, |()| Step::On))
            }
        }
    }

    /// How long until the sink is to hear of progress.
    fn progress_in(&self) -> Option<Duration> {
        let due = self.pacer.as_ref()?.next_due()?;
        Some(due.saturating_sub(self.clock.now().uptime))
    }

    /// Tells the sink how far the batches are of which it is to hear.
    async fn tell_progress(
        &mut self,
        drain: &CancellationToken,
    ) -> Result<Result<(), GivenUp>, StorageError> {
        let now = self.clock.now().uptime;
        let due = self.pacer.as_mut().map(|pacer| pacer.due(now));
        let mut events = Vec::new();
        for (id, change) in due.unwrap_or_default() {
            match self.storage.batch(id).await? {
                Some(batch) if !batch.is_finished() => events.push(progress(&batch, change)),
                _ => self.forget_progress(id),
            }
        }
        events.retain(|event| self.filter.wants_of(&event.workflow));
        Ok(self.deliver(&events, drain).await)
    }

    /// Takes note of what the sink has passed, so that it hears of progress.
    fn pace(&mut self, entries: &[Entry]) {
        let now = self.clock.now().uptime;
        if let Some(pacer) = &mut self.pacer {
            entries.iter().for_each(|entry| pacer.passed(entry, now));
        }
    }

    fn forget_progress(&mut self, batch: BatchId) {
        if let Some(pacer) = &mut self.pacer {
            pacer.gone(batch);
        }
    }

    /// Tells the sink of entries that were trimmed before it came to them.
    async fn skip_gap(
        &mut self,
        page: &JournalPage,
        drain: &CancellationToken,
    ) -> Result<(), GivenUp> {
        if page.trimmed <= self.position {
            return Ok(());
        }
        let gap = Gap {
            first: self.position.next(),
            last: page.trimmed,
        };
        let entries = page.trimmed.get() - self.position.get();
        let label = [("sink", Some(self.name.as_str()))];
        meter::count(Metric::EventsDropped, &label, entries);
        tracing::warn!(sink = %self.name, %gap, "the sink was too late for a stretch of the journal");
        let sink = Arc::clone(&self.sink);
        self.until_taken(drain, || Guarded::new(|| sink.gap(gap)))
            .await?;
        self.passed(page.trimmed);
        Ok(())
    }

    /// Delivers the events of some entries, several entries at once where they are small.
    async fn deliver_page(
        &mut self,
        entries: &[Entry],
        drain: &CancellationToken,
    ) -> Result<Result<(), GivenUp>, StorageError> {
        let (mut events, mut paced) = (Vec::new(), 0);
        for (n, entry) in entries.iter().enumerate() {
            let storage = Arc::clone(&self.storage);
            events.append(&mut self.subjects.events(&*storage, entry, &self.filter).await?);
            if events.len() < MOST_EVENTS && n + 1 < entries.len() {
                continue;
            }
            if let Err(given_up) = self.deliver(&events, drain).await {
                return Ok(Err(given_up));
            }
            events.clear();
            self.passed(entry.sequence);
            self.pace(&entries[paced..=n]);
            paced = n + 1;
        }
        Ok(Ok(()))
    }

    async fn deliver(&self, events: &[Event], drain: &CancellationToken) -> Result<(), GivenUp> {
        for some in events.chunks(MOST_EVENTS) {
            let span = tracing::debug_span!("deliver", sink = %self.name, events = some.len());
            span.in_scope(|| some.iter().for_each(tell));
            self.until_taken(drain, || Guarded::new(|| self.sink.deliver(some)))
                .instrument(span)
                .await?;
        }
        Ok(())
    }

    /// Repeats something until the sink takes it. Once the runner shall end, it is tried once.
    async fn until_taken<'a>(
        &self,
        drain: &CancellationToken,
        attempt: impl Fn() -> Guarded<'a, Result<(), SinkError>>,
    ) -> Result<(), GivenUp> {
        let mut backoff = Backoff::of_sink();
        loop {
            self.desk.began(self.clock.now());
            let error = match attempt().await {
                Ok(Ok(())) => {
                    self.desk.taken();
                    return Ok(());
                }
                Ok(Err(error)) => error.to_string(),
                Err(message) => format!("it panicked: {message}"),
            };
            let wait = backoff.failed();
            tracing::warn!(sink = %self.name, error, ?wait, "the sink failed, it gets the same again");
            self.desk.failed(error, self.clock.now());
            tokio::select! {
                biased;
                () = drain.cancelled() => return Err(GivenUp),
                () = sleep(wait) => {}
            }
        }
    }

    /// Notes that everything up to an entry is delivered.
    fn passed(&mut self, entry: Sequence) {
        self.position = entry;
        self.desk.passed(entry);
        self.save_at
            .get_or_insert_with(|| Instant::now() + CURSOR_LAG);
    }

    /// Moves the durable cursor to the position.
    async fn save(&mut self) -> Result<(), StorageError> {
        if self.saved < self.position {
            let name = self.name.clone();
            self.storage.advance_sink(name, self.position).await?;
            self.saved = self.position;
        }
        self.save_at = None;
        Ok(())
    }
}

/// The event that says how far a batch is.
fn progress(batch: &Batch, change: Change) -> Event {
    let (counts, state) = (batch.counts, batch.state);
    let kind = EventKind::BatchProgress { counts, state };
    let id = EventId::of_facet(change.sequence, Facet::Progress);
    Event::new(id, change.at, batch, kind)
}

/// Tells of an event that is about to be delivered.
fn tell(event: &Event) {
    let (name, batch, workflow) = (event.kind.name(), event.batch, &event.workflow);
    let run = event.kind.run();
    let attempt = run.and_then(|run| run.attempt).map(|n| n.get());
    let run = run.map(|run| tracing::field::display(run.id));
    tracing::debug!(event = name, %batch, run, %workflow, attempt, "delivering");
}

/// What follows after a step.
enum Step {
    On,
    End,
}
