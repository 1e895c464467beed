use std::time::Duration;

use tokio::sync::oneshot;

use super::OrderedKv;
use super::owner::{Answer, Committed, Door, Job, WeakDoor, in_doubt};
use super::parcel::Parcel;
use crate::storage::{ClaimRequest, Claimed, Disposition, ErrorKind, Settlement, StorageError};
use crate::time::Moment;

/// What a claimer hears.
pub(super) type ClaimAnswer = Result<Parcel<Claimed>, StorageError>;

/// A claim, and who asked for it.
pub(super) struct ClaimCall<K> {
    pub request: ClaimRequest,
    pub caller: oneshot::Sender<ClaimAnswer>,
    /// Where runs are given back whose claimer is gone. Weak, since a claim that waits must not
    /// keep the store open.
    pub door: WeakDoor<K>,
}

/// A claim that found nothing and waits for what later calls bring.
pub(super) struct PatientClaim<K> {
    call: ClaimCall<K>,
    /// The uptime at which its patience ends.
    until: Duration,
}

impl<K: OrderedKv> ClaimCall<K> {
    pub(super) fn at(self, now: Moment) -> PatientClaim<K> {
        let until = now.uptime.saturating_add(self.request.patience);
        PatientClaim { call: self, until }
    }

    /// Gives an answer out once the commit is known; what nobody takes is given back.
    fn answer(self, claimed: Result<Claimed, StorageError>, door: Door<K>) -> Answer {
        Box::new(move |committed: &Committed| {
            let answer = match (claimed, committed) {
                (Err(error), _) => Err(error),
                (Ok(_), Err(cause)) => Err(in_doubt("make claims durable", cause)),
                (Ok(claimed), Ok(())) => Ok(Parcel::new(claimed, give_back(door))),
            };
            // A caller who is gone has dropped the receiver; the parcel knows what to do.
            drop(self.caller.send(answer));
        })
    }
}

impl<K: OrderedKv> PatientClaim<K> {
    pub(super) const fn request(&self) -> &ClaimRequest {
        &self.call.request
    }

    /// The way back for what it is granted; `None` where nobody hears it any more.
    pub(super) fn door(&self) -> Option<Door<K>> {
        // Whoever waits for an answer has the store.
        let door = self.call.door.upgrade()?;
        (!self.call.caller.is_closed()).then_some(door)
    }

    /// Whether what it found is a reason to go on waiting.
    pub(super) fn waits_on(&self, found: &Result<Claimed, StorageError>, now: Moment) -> bool {
        let left = self.until.saturating_sub(now.uptime);
        let by_time = |due: Option<Duration>| due.is_some_and(|due| due < left);
        let nothing = |found: &Claimed| found.runs.is_empty() && !by_time(found.next_due);
        !left.is_zero() && found.as_ref().is_ok_and(nothing)
    }

    pub(super) fn answer(self, claimed: Result<Claimed, StorageError>, door: Door<K>) -> Answer {
        self.call.answer(claimed, door)
    }

    /// Tells its caller that nothing is claimed any more.
    pub(super) fn refuse(self) {
        let refused = StorageError::new(ErrorKind::Refusing, "claim runs");
        // Who is gone need not know.
        drop(self.call.caller.send(Err(refused)));
    }
}

/// Gives back runs whose claimer is gone, with nothing counted.
fn give_back<K: OrderedKv>(door: Door<K>) -> Box<dyn FnOnce(Claimed) + Send> {
    Box::new(move |claimed| {
        if claimed.runs.is_empty() {
            return;
        }
        let job: Job<K> = Box::new(move |machine, now| {
            let back = claimed.runs.into_iter();
            let back = back.map(|run| Settlement::new(run.claim, Disposition::Released));
            let given_back = machine.settle(back.collect(), now);
            Box::new(move |_: &Committed| drop(given_back))
        });
        // A store that is closed has given it back, or will when it is opened again.
        door.post(job);
    })
}
