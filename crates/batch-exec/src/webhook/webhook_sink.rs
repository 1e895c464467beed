use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use batch_core::journal::Event;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::event_body::event_body;
use super::outbox::{Keeping, Outbox};
use super::{
    Delivery, DeliveryId, DeliveryLogError, DeliveryState, EventFilter, Redelivery, Signing,
    WebhookBuilder, WebhookError, WebhookStatus,
};
use crate::sink::{EventSink, SinkError};

/// Sends events to an endpoint, signed, and tries again for about a day.
///
/// Clones are the same sink: give one to the dispatcher, and keep one to see how it does,
/// to list what is dead and to send something once more. When the last is dropped, it stops.
///
/// # What is promised
///
/// - Each wanted event is delivered at least once, with the same id each time, or is
///   listed as dead when its tries are spent.
/// - Events of a run are sent one after the other, in order; one that fails holds up the later
///   events of its run, and the events of its batch, until it is delivered or dead. Other
///   runs and other endpoints do not wait.
/// - Each try is signed anew, over exactly the bytes that are sent.
///
/// # What survives
///
/// Without a [log](WebhookBuilder::log), a delivery that is pending is in memory, and the sink's
/// cursor in the store stays before it: after a crash the events come again from there. So
/// nothing is lost; but one event that fails holds up those that come some hundred
/// events later, and what is listed as dead or delivered is forgotten.
///
/// With a log, the cursor goes on as soon as the log has an event, and all of it survives. One
/// that fails holds up only what has to wait for it.
#[derive(Clone)]
pub struct WebhookSink {
    outbox: Arc<Outbox>,
    events: EventFilter,
    /// Ends the courier with the last clone.
    _stop: Arc<DropGuard>,
}

impl WebhookSink {
    /// Begins to describe an endpoint.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// use batch_exec::webhook::{EventFilter, FileDeliveryLog, Signing, WebhookSink};
    ///
    /// let signing = Signing::standard(&std::env::var("WEBHOOK_SECRET")?)?;
    /// let webhook = WebhookSink::builder("https://example.com/hooks", signing)
    ///     .events(EventFilter::only(["run.failed", "batch.finished"]))
    ///     .log(FileDeliveryLog::open("./example-com.deliveries")?)
    ///     .start()
    ///     .await?;
    /// // Dispatcher::builder(&engine).sink("example-com", SinkStart::Now, webhook.clone())
    /// # Ok(())
    /// # }
    /// ```
    pub fn builder(url: impl Into<String>, signing: Signing) -> WebhookBuilder {
        WebhookBuilder::new(url.into(), signing)
    }

    pub(super) fn new(outbox: Arc<Outbox>, events: EventFilter, stop: CancellationToken) -> Self {
        Self {
            outbox,
            events,
            _stop: Arc::new(stop.drop_guard()),
        }
    }

    /// How the endpoint is doing.
    #[must_use]
    pub fn status(&self) -> WebhookStatus {
        self.outbox.status()
    }

    /// A delivery with its attempts; `None` where it is not known, or no more.
    #[must_use]
    pub fn delivery(&self, id: DeliveryId) -> Option<Delivery> {
        self.outbox.read(|book| book.delivery(id).cloned())
    }

    /// Deliveries with ids after `after`, by id, `limit` at most: those that `wanted` wants.
    #[must_use]
    pub fn deliveries(
        &self,
        after: Option<DeliveryId>,
        limit: usize,
        wanted: impl Fn(&Delivery) -> bool,
    ) -> Vec<Delivery> {
        use std::ops::Bound::{Excluded, Unbounded};
        let from = after.map_or(Unbounded, Excluded);
        self.outbox.read(|book| {
            let page = book.deliveries().range((from, Unbounded));
            let page = page.map(|(_, it)| it).filter(|it| wanted(it));
            page.take(limit).cloned().collect()
        })
    }

    /// The dead deliveries that are kept, oldest event first.
    #[must_use]
    pub fn dead(&self) -> Vec<Delivery> {
        self.deliveries(None, usize::MAX, Delivery::is_dead)
    }

    /// Sends something once more, dead or delivered, with all its tries before it.
    ///
    /// # Errors
    ///
    /// Where the log cannot be written; then nothing has changed.
    ///
    /// # Cancel safety
    ///
    /// Once polled, it may happen although the future is dropped.
    pub async fn redeliver(&self, id: DeliveryId) -> Result<Redelivery, DeliveryLogError> {
        let told = self.outbox.redeliver(|_| vec![id]).await?;
        Ok(told.first().copied().unwrap_or(Redelivery::Unknown))
    }

    /// Sends all dead deliveries once more; says how many.
    ///
    /// # Errors
    ///
    /// As [`redeliver`](Self::redeliver).
    ///
    /// # Cancel safety
    ///
    /// As [`redeliver`](Self::redeliver).
    pub async fn redeliver_dead(&self) -> Result<usize, DeliveryLogError> {
        // By id, which is the order in which the events happened.
        let told = self.outbox.redeliver(|book| {
            let mut dead: Vec<_> = book.dead().collect();
            dead.sort_unstable();
            dead
        });
        let told = told.await?;
        Ok(told
            .iter()
            .filter(|it| **it == Redelivery::Accepted)
            .count())
    }

    /// Lets an endpoint that has answered 410 receive again, from the next event on. What
    /// died meanwhile is redelivered by hand.
    ///
    /// # Errors
    ///
    /// As [`redeliver`](Self::redeliver).
    ///
    /// # Cancel safety
    ///
    /// As [`redeliver`](Self::redeliver).
    pub async fn enable(&self) -> Result<(), DeliveryLogError> {
        self.outbox.enable().await
    }

    /// Signs with other secrets from the next try on. With
    /// [`and_previous`](Signing::and_previous), receivers need not hear of it at the same moment.
    ///
    /// # Errors
    ///
    /// [`WebhookError::Scheme`] where it is another scheme.
    pub fn sign_with(&self, signing: Signing) -> Result<(), WebhookError> {
        self.outbox.sign_with(signing)
    }

    /// Tries all that is pending now, and not when it is due: the receiver is known to be back.
    pub fn try_now(&self) {
        self.outbox.hurry();
    }

    /// Waits until nothing is pending.
    ///
    /// # Cancel safety
    ///
    /// It only waits.
    pub async fn idle(&self) {
        let mut ends = self.outbox.watch_ends();
        while self.outbox.read(super::book::Book::pending) > 0 {
            // The sender is as old as the outbox, so this is no error.
            let _ = ends.changed().await;
        }
    }

    /// Takes on deliveries as there is room for them.
    async fn take_on(&self, mut rest: &[Delivery]) -> Result<(), DeliveryLogError> {
        let mut ends = self.outbox.watch_ends();
        while !rest.is_empty() {
            ends.borrow_and_update();
            let (now, later) = rest.split_at(self.outbox.room().min(rest.len()));
            if now.is_empty() {
                let _ = ends.changed().await;
                continue;
            }
            self.outbox.accept(now).await?;
            rest = later;
        }
        Ok(())
    }

    /// Waits until none of these is pending.
    async fn until_ended(&self, deliveries: &[Delivery]) {
        let mut ends = self.outbox.watch_ends();
        for delivery in deliveries {
            while self.outbox.is_pending(delivery.id) {
                let _ = ends.changed().await;
            }
        }
    }

    fn new_delivery(&self, event: &Event) -> Delivery {
        let now = self.outbox.clock.now().wall;
        let most = self.outbox.options.most_body_bytes;
        Delivery {
            id: DeliveryId::of(event),
            event: event.kind.name().to_owned(),
            run: event.kind.run().map(|run| run.id),
            accepted_at: now,
            state: DeliveryState::Pending {
                due_at: now,
                failed_tries: 0,
            },
            attempts: std::collections::VecDeque::new(),
            body: event_body(event, self.outbox.signing().scheme(), most).into(),
        }
    }
}

#[async_trait]
impl EventSink for WebhookSink {
    async fn deliver(&self, events: &[Event]) -> Result<(), SinkError> {
        let wanted = events
            .iter()
            .filter(|event| self.events.wants(event.kind.name()));
        let deliveries: Vec<_> = wanted.map(|event| self.new_delivery(event)).collect();
        self.take_on(&deliveries).await?;
        if self.outbox.keeping() == Keeping::Memory {
            self.until_ended(&deliveries).await;
        }
        Ok(())
    }
}

impl fmt::Debug for WebhookSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookSink")
            .field("host", &self.outbox.url.host_str())
            .field("signing", &self.outbox.signing())
            .finish_non_exhaustive()
    }
}
