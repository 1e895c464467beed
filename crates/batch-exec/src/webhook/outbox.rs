use std::sync::Arc;
use std::time::Duration;

use batch_core::time::{Clock, Timestamp};
use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::{Notify, watch};

use super::agenda::{Agenda, Next};
use super::book::Book;
use super::errand::{Errand, Sending};
use super::log_record::Change;
use super::scribe::Scribe;
use super::verdict::{Verdict, judge};
use super::{
    DeadReason, Delivery, DeliveryAttempt, DeliveryId, DeliveryLog, DeliveryLogError,
    DeliveryState, LogRecord, LogSync, Redelivery, Signing, WebhookAnswer, WebhookError,
    WebhookOptions, WebhookRequest, WebhookStatus,
};
use crate::meter::{self, Metric};

/// All there is to know of one endpoint: where it is, its deliveries, and what is next.
pub(super) struct Outbox {
    pub(super) url: url::Url,
    pub(super) headers: Vec<(String, String)>,
    signing: Mutex<Signing>,
    pub(super) options: WebhookOptions,
    pub(super) clock: Arc<dyn Clock>,
    state: Mutex<State>,
    log: tokio::sync::Mutex<Scribe>,
    /// Wakes the courier.
    pub(super) changed: Notify,
    /// Ticks whenever a delivery has ended.
    ended: watch::Sender<u64>,
    keeping: Keeping,
}

struct State {
    book: Book,
    agenda: Agenda,
    failures_in_a_row: u64,
}

/// Where deliveries are while they are pending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keeping {
    /// In a log: the journal can go on without them.
    Durable,
    /// In memory: the cursor has to stay before them.
    Memory,
}

/// What an outbox is made of.
pub(super) struct Parts {
    pub(super) url: url::Url,
    pub(super) headers: Vec<(String, String)>,
    pub(super) signing: Signing,
    pub(super) options: WebhookOptions,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) log: Option<Arc<dyn DeliveryLog>>,
}

impl Outbox {
    /// Takes up what the log has kept.
    pub(super) async fn open(parts: Parts) -> Result<Self, DeliveryLogError> {
        let Parts {
            url,
            headers,
            signing,
            options,
            clock,
            log,
        } = parts;
        let mut book = Book::new(options.keep_dead, options.keep_delivered);
        let records = match &log {
            Some(log) => log.load().await?,
            None => Vec::new(),
        };
        records.iter().for_each(|record| book.apply(record));
        let (now, mut agenda) = (clock.now(), Agenda::default());
        for delivery in book.deliveries().values() {
            if let DeliveryState::Pending { due_at, .. } = delivery.state {
                let wait = Duration::try_from(due_at.duration_since(now.wall)).unwrap_or_default();
                // A wall clock that was set back must not hold anything for longer than a wait can be.
                let most = options
                    .schedule
                    .longest_wait
                    .max(options.longest_retry_after)
                    * 2;
                agenda.add(delivery.id, now.uptime.saturating_add(wait.min(most)));
            }
        }
        let keeping = if log.is_some() {
            Keeping::Durable
        } else {
            Keeping::Memory
        };
        Ok(Self {
            url,
            headers,
            signing: Mutex::new(signing),
            options,
            clock,
            state: Mutex::new(State {
                book,
                agenda,
                failures_in_a_row: 0,
            }),
            log: tokio::sync::Mutex::new(Scribe::new(log, records.len())),
            changed: Notify::new(),
            ended: watch::Sender::new(0),
            keeping,
        })
    }

    /// The secrets in use.
    pub(super) fn signing(&self) -> Signing {
        self.signing.lock().clone()
    }

    /// Signs with other secrets from the next try on; `Err` where they are of another scheme.
    pub(super) fn sign_with(&self, signing: Signing) -> Result<(), WebhookError> {
        let mut current = self.signing.lock();
        if current.scheme() != signing.scheme() {
            return Err(WebhookError::Scheme);
        }
        *current = signing;
        Ok(())
    }

    pub(super) const fn keeping(&self) -> Keeping {
        self.keeping
    }

    /// Tells of each end of a delivery from now on.
    pub(super) fn watch_ends(&self) -> watch::Receiver<u64> {
        self.ended.subscribe()
    }

    /// How many more deliveries may be taken on.
    pub(super) fn room(&self) -> usize {
        let most = self.options.most_pending.get();
        most.saturating_sub(self.state.lock().book.pending())
    }

    pub(super) fn is_pending(&self, id: DeliveryId) -> bool {
        let state = self.state.lock();
        state.book.delivery(id).is_some_and(Delivery::is_pending)
    }

    /// Takes on deliveries that are not known yet; they are durable on return, where there is a log.
    pub(super) async fn accept(&self, deliveries: &[Delivery]) -> Result<(), DeliveryLogError> {
        let mut scribe = self.log.lock().await;
        let now = self.clock.now();
        let records: Vec<_> = {
            let state = self.state.lock();
            let disabled = state.book.disabled_at().map(|_| DeliveryState::Dead {
                at: now.wall,
                reason: DeadReason::EndpointDisabled,
            });
            let new = deliveries
                .iter()
                .filter(|it| state.book.delivery(it.id).is_none());
            let whole = new.map(|it| {
                let mut delivery = it.clone();
                delivery.state = disabled.unwrap_or(delivery.state);
                LogRecord(Change::Delivery(Box::new(delivery)))
            });
            whole.collect()
        };
        scribe.append(&records, LogSync::Now).await?;
        let mut state = self.state.lock();
        state.apply(&records);
        for record in &records {
            match &record.0 {
                Change::Delivery(it) if it.is_pending() => state.agenda.add(it.id, now.uptime),
                _ => {}
            }
        }
        drop(state);
        self.changed.notify_one();
        Ok(())
    }

    /// What the courier is to do.
    pub(super) fn next(&self) -> Errand {
        let now = self.clock.now();
        let mut guard = self.state.lock();
        let state = &mut *guard;
        loop {
            match state.agenda.next(now.uptime, self.options.in_flight.get()) {
                Next::Nothing => return Errand::Nothing,
                Next::At(due) => return Errand::Wait(due.saturating_sub(now.uptime)),
                Next::Send(id) => match state.book.delivery(id) {
                    Some(delivery) if delivery.is_pending() => {
                        return Errand::Send(Box::new(Sending {
                            id,
                            at: now.wall,
                            began: now.uptime,
                            request: self.request(delivery, now.wall),
                        }));
                    }
                    _ => state.agenda.ended(id),
                },
            }
        }
    }

    /// What is sent, signed at this time.
    fn request(&self, delivery: &Delivery, at: Timestamp) -> WebhookRequest {
        let id = delivery.id.to_string();
        let signing = self.signing.lock();
        let signed = signing.headers(&id, at, delivery.body.as_bytes());
        let signed = signed
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value));
        WebhookRequest {
            url: self.url.clone(),
            headers: self.headers.iter().cloned().chain(signed).collect(),
            body: Bytes::copy_from_slice(delivery.body.as_bytes()),
            timeout: self.options.timeout,
        }
    }

    /// Records a try and decides what follows.
    pub(super) async fn tried(&self, sent: &Sending, answer: Result<WebhookAnswer, String>) {
        let mut scribe = self.log.lock().await;
        let records = self.settle(sent, answer);
        if let Err(error) = scribe.append(&records, LogSync::Later).await {
            // In memory it stands as it should. After a restart it is delivered once more.
            tracing::error!(%error, "could not record a delivery");
        }
        self.shorten(&mut scribe).await;
        drop(scribe);
        self.ended.send_modify(|tick| *tick += 1);
        self.changed.notify_one();
    }

    /// Moves a delivery that was tried to where it stands now; gives the records of it.
    fn settle(&self, sent: &Sending, answer: Result<WebhookAnswer, String>) -> Vec<LogRecord> {
        let now = self.clock.now();
        let mut guard = self.state.lock();
        let state = &mut *guard;
        let Some(before) = state.book.delivery(sent.id) else {
            state.agenda.ended(sent.id);
            return Vec::new();
        };
        let failed_tries = before.failed_tries().saturating_add(1);
        let seed = sent.id.seed(failed_tries);
        let verdict = judge(
            &self.options,
            answer.as_ref().ok(),
            failed_tries,
            seed,
            now.wall,
        );
        let (stood, was_pending) = (before.state, before.is_pending());
        let after = match verdict {
            Verdict::Delivered => DeliveryState::Delivered { at: now.wall },
            // It was given up while it was under way.
            _ if !was_pending => stood,
            Verdict::Again { wait, .. } => DeliveryState::Pending {
                due_at: now.wall.saturating_add(wait).unwrap_or(Timestamp::MAX),
                failed_tries,
            },
            Verdict::Dead(reason) => DeliveryState::Dead {
                at: now.wall,
                reason,
            },
            Verdict::Disable => DeliveryState::Dead {
                at: now.wall,
                reason: DeadReason::EndpointDisabled,
            },
        };
        let attempt = sent.ended(now.uptime, answer);
        if was_pending {
            measure(&after);
        }
        self.tell(sent.id, &attempt, &after);
        let mut records = vec![LogRecord(Change::Tried {
            id: sent.id,
            attempt,
            state: after,
        })];
        if verdict == Verdict::Disable {
            records.push(LogRecord(Change::Disabled { at: now.wall }));
            state.agenda.clear();
        }
        state.apply(&records);
        match verdict {
            Verdict::Again { wait, pause } if was_pending => {
                state.agenda.pause(now.uptime.saturating_add(pause));
                state.agenda.again(sent.id, now.uptime.saturating_add(wait));
            }
            _ => state.agenda.ended(sent.id),
        }
        state.failures_in_a_row = match verdict {
            Verdict::Delivered => 0,
            _ => state.failures_in_a_row.saturating_add(1),
        };
        records
    }

    /// Logs a try.
    fn tell(&self, id: DeliveryId, attempt: &DeliveryAttempt, after: &DeliveryState) {
        let (host, end) = (self.url.host_str().unwrap_or_default(), &attempt.end);
        match after {
            DeliveryState::Delivered { .. } => tracing::debug!(%id, host, %end, "delivered"),
            DeliveryState::Pending { due_at, .. } => {
                tracing::info!(%id, host, %end, %due_at, "a delivery failed and is tried again");
            }
            DeliveryState::Dead { reason, .. } => {
                tracing::warn!(%id, host, %end, ?reason, "a delivery is dead");
            }
        }
    }

    /// Rewrites a log that has grown out of proportion.
    async fn shorten(&self, scribe: &mut Scribe) {
        let records = {
            let state = self.state.lock();
            if !scribe.is_long_for(state.book.deliveries().len()) {
                return;
            }
            state.book.records()
        };
        if let Err(error) = scribe.replace(&records).await {
            tracing::error!(%error, "could not shorten the delivery log");
        }
    }

    /// Changes the book by hand, durably.
    async fn change(
        &self,
        decide: impl FnOnce(&Book, &Agenda, Timestamp) -> Vec<Change>,
    ) -> Result<(), DeliveryLogError> {
        let mut scribe = self.log.lock().await;
        let now = self.clock.now();
        let records: Vec<_> = {
            let state = self.state.lock();
            let changes = decide(&state.book, &state.agenda, now.wall);
            changes.into_iter().map(LogRecord).collect()
        };
        scribe.append(&records, LogSync::Now).await?;
        let mut state = self.state.lock();
        state.apply(&records);
        for record in &records {
            if let Change::Moved { id, .. } = &record.0 {
                state.agenda.add(*id, now.uptime);
            }
        }
        drop(state);
        self.changed.notify_one();
        Ok(())
    }

    /// Sets deliveries going once more; says what became of each.
    pub(super) async fn redeliver(
        &self,
        which: impl FnOnce(&Book) -> Vec<DeliveryId>,
    ) -> Result<Vec<Redelivery>, DeliveryLogError> {
        let mut told = Vec::new();
        self.change(|book, agenda, now| {
            let ids = which(book);
            told.extend(ids.iter().map(|id| redelivery(book, agenda, *id)));
            let accepted = ids.into_iter().zip(&told);
            let accepted = accepted.filter(|(_, it)| **it == Redelivery::Accepted);
            let state = DeliveryState::Pending {
                due_at: now,
                failed_tries: 0,
            };
            accepted
                .map(|(id, _)| Change::Moved { id, state })
                .collect()
        })
        .await?;
        Ok(told)
    }

    /// Lets an endpoint that was disabled go on.
    pub(super) async fn enable(&self) -> Result<(), DeliveryLogError> {
        self.change(|book, _, _| {
            book.disabled_at()
                .map(|_| Change::Enabled)
                .into_iter()
                .collect()
        })
        .await
    }

    /// Makes all that is pending due now.
    pub(super) fn hurry(&self) {
        let now = self.clock.now().uptime;
        self.state.lock().agenda.hurry(now);
        self.changed.notify_one();
    }

    /// Reads the book.
    pub(super) fn read<T>(&self, read: impl FnOnce(&Book) -> T) -> T {
        read(&self.state.lock().book)
    }

    pub(super) fn status(&self) -> WebhookStatus {
        let now = self.clock.now().uptime;
        let state = self.state.lock();
        let (book, agenda) = (&state.book, &state.agenda);
        let pending = book.deliveries().values().filter(|it| it.is_pending());
        WebhookStatus {
            disabled_at: book.disabled_at(),
            pending: book.pending(),
            in_flight: agenda.in_flight(),
            oldest_pending_at: pending.map(|it| it.accepted_at).min(),
            paused_for: agenda.paused_until().saturating_sub(now),
            dead: book.dead().count(),
            dropped_dead: book.dropped_dead(),
            delivered: book.delivered(),
            failures_in_a_row: state.failures_in_a_row,
        }
    }
}

/// Counts a try by what came of it.
fn measure(after: &DeliveryState) {
    let outcome = match after {
        DeliveryState::Delivered { .. } => "delivered",
        DeliveryState::Pending { .. } => "retrying",
        DeliveryState::Dead { .. } => "dead",
    };
    meter::count(Metric::WebhookDeliveries, &[("outcome", Some(outcome))], 1);
}

impl State {
    /// Makes changes to the book, and says where a dead delivery had to go for another.
    fn apply(&mut self, records: &[LogRecord]) {
        let dropped = self.book.dropped_dead();
        records.iter().for_each(|record| self.book.apply(record));
        let dropped = self.book.dropped_dead() - dropped;
        if dropped > 0 {
            tracing::warn!(
                dropped,
                "too many dead deliveries: the oldest are forgotten"
            );
        }
    }
}

fn redelivery(book: &Book, agenda: &Agenda, id: DeliveryId) -> Redelivery {
    match book.delivery(id) {
        None => Redelivery::Unknown,
        Some(_) if book.disabled_at().is_some() => Redelivery::Disabled,
        Some(it) if it.is_pending() || agenda.is_under_way(id) => Redelivery::AlreadyPending,
        Some(_) => Redelivery::Accepted,
    }
}
