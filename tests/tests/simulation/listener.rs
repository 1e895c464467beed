use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use batch_core::journal::{Entry, Event, EventId, Fact, Sequence};
use batch_exec::async_trait;
use batch_exec::sink::{EventSink, Gap, SinkError};
use tokio::time::sleep;

use super::sight::Sight;
use super::witness::{Verdict, must};
use super::world::{State, World};

/// A sink of one process; what it hears is written down outside.
#[derive(Debug)]
pub(super) struct Listener {
    pub(super) world: Arc<World>,
    pub(super) sink: &'static str,
    pub(super) temper: Temper,
}

/// Whether a sink has faults of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Temper {
    Steady,
    Shaky,
}

/// What a sink has heard in all its processes.
#[derive(Debug)]
pub(super) struct Heard {
    pub(super) sink: &'static str,
    /// Where it began; `None` before anybody heard that.
    pub(super) since: Option<Sequence>,
    ids: BTreeSet<EventId>,
}

impl Heard {
    pub(super) const fn new(sink: &'static str) -> Self {
        Self {
            sink,
            since: None,
            ids: BTreeSet::new(),
        }
    }

    /// Takes one event, which is the next or was heard before.
    fn take(&mut self, event: &Event, entry: Option<&Entry>) -> Result<bool, String> {
        let (sink, id) = (self.sink, event.id);
        let entry = entry.ok_or_else(|| format!("{sink} hears {id}, of which nobody knows"))?;
        must!(
            entry.batch == event.batch,
            "{sink} hears {event:?} of {entry:?}"
        );
        if !self.ids.insert(id) {
            return Ok(false);
        }
        let latest = self.ids.last().map(|last| last.sequence);
        must!(
            latest == Some(id.sequence),
            "{sink} hears {id} after {latest:?}"
        );
        Ok(true)
    }

    /// Every event since its beginning was heard.
    pub(super) fn heard_all(&self, entries: &[Entry]) -> Verdict {
        let sink = self.sink;
        let since = self.since.ok_or_else(|| format!("{sink} never began"))?;
        for entry in entries.iter().filter(|entry| entry.sequence > since) {
            let sequence = entry.sequence;
            let ordinals = entry.fact.ordinals();
            // A sweep of a batch whose runs are all held has no run to tell of.
            let of_batch = matches!(
                entry.fact,
                Fact::Created
                    | Fact::Paused
                    | Fact::Resumed
                    | Fact::Finished { .. }
                    | Fact::BatchDeleted
            );
            let of_batch = of_batch.then_some(EventId::of_batch(sequence));
            let of_runs = ordinals
                .iter()
                .map(|ordinal| EventId::of_run(sequence, ordinal));
            for id in of_runs.chain(of_batch) {
                must!(self.ids.contains(&id), "{sink} never heard {id}: {entry:?}");
            }
        }
        Ok(())
    }
}

impl Listener {
    fn write_down(&self, events: &[Event]) {
        let state = &mut *self.world.lock();
        let State {
            heard,
            witness,
            tally,
            ..
        } = state;
        let heard = heard.iter_mut().find(|heard| heard.sink == self.sink);
        let heard = heard.expect("a sink is known before it begins");
        let mut verdict = Ok(());
        for event in events {
            let place = event.id.sequence.get().checked_sub(1);
            let entry = place.and_then(|place| witness.entries.get(place as usize));
            match heard.take(event, entry) {
                Ok(true) => {}
                Ok(false) => tally.note(Sight::DeliveredTwice),
                Err(wrong) => verdict = verdict.and(Err(wrong)),
            }
        }
        let ids = events.first().zip(events.last());
        let ids = ids.map(|(first, last)| format!("{} to {}", first.id, last.id));
        state.tell(&format!("{} hears {}", self.sink, ids.unwrap_or_default()));
        if let Err(wrong) = verdict {
            state.is_wrong(wrong);
        }
    }
}

#[async_trait]
impl EventSink for Listener {
    async fn deliver(&self, events: &[Event]) -> Result<(), SinkError> {
        let world = &self.world;
        world.while_alive().await;
        let weather = &world.weather;
        let shaky = |rate: u32| self.temper == Temper::Shaky && world.strikes(rate);
        if shaky(weather.sink_lags) {
            world.saw(Sight::SinkLagged);
            sleep(Duration::from_millis(world.below(60_000))).await;
            world.while_alive().await;
        }
        if shaky(weather.sink_fails) {
            world.saw(Sight::SinkFailed);
            // It had some of them, and gets those again.
            let some = world.below(events.len() as u64) as usize;
            self.write_down(&events[..some]);
            return Err("a whim".into());
        }
        if shaky(weather.sink_panics) {
            world.saw(Sight::SinkPanicked);
            std::panic::resume_unwind(Box::new("a whim"));
        }
        self.write_down(events);
        if world.strikes(weather.die_in_sink) {
            world.die(Sight::DiedBetweenDeliveryAndMark);
        }
        world.while_alive().await;
        Ok(())
    }

    async fn gap(&self, gap: Gap) -> Result<(), SinkError> {
        self.world.wrong(format!("{} missed {gap}", self.sink));
        Ok(())
    }
}
