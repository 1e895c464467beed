use std::sync::Arc;

use tokio::sync::watch;

use super::OrderedKv;
use super::machine::Machine;
use super::owner::{Answer, Closing, Committed, Order, Work, in_doubt};
use super::patient_claim::PatientClaim;
use super::threads::{Receiver, TryRecvError};
use crate::failpoint::{Failpoint, reach};
use crate::journal::Sequence;
use crate::storage::{ErrorKind, StorageError};
use crate::time::{Clock, Moment};

/// No group stages more than about this many bytes, so that nobody waits long for a commit.
const GROUP_BYTES: usize = 1 << 20;
/// No group has more operations than this.
const GROUP_JOBS: usize = 4_096;

/// The machine with what it needs from outside.
pub(super) struct Yard<K> {
    machine: Machine<K>,
    clock: Arc<dyn Clock>,
    /// Tells readers how far the journal is durable.
    head: watch::Sender<Sequence>,
    /// Claims that found nothing and wait, in the order of their arrival.
    patient: Vec<PatientClaim<K>>,
}

/// The answers of a group whose commit is done.
pub(super) struct Group {
    answers: Vec<Answer>,
    committed: Committed,
}

impl Group {
    /// Gives all of them out.
    pub(super) fn answer(self) {
        for answer in self.answers {
            answer(&self.committed);
        }
    }
}

impl<K: OrderedKv> Yard<K> {
    pub(super) const fn new(
        machine: Machine<K>,
        clock: Arc<dyn Clock>,
        head: watch::Sender<Sequence>,
    ) -> Self {
        Self {
            machine,
            clock,
            head,
            patient: Vec::new(),
        }
    }

    /// The owner thread: groups of jobs, one commit each; tidying when nobody asks for anything.
    pub(super) fn run(mut self, orders: &Receiver<Order<K>>) {
        loop {
            let order = match self.machine.has_tidying() {
                true => match orders.try_recv() {
                    Ok(order) => order,
                    Err(TryRecvError::Empty) => {
                        self.tidy();
                        continue;
                    }
                    Err(TryRecvError::Disconnected) => return,
                },
                false => match orders.recv() {
                    Ok(order) => order,
                    Err(_) => return,
                },
            };
            let closing = match order {
                Order::Work(first) => self.run_group(first, orders),
                Order::Close(closing) => Some(closing),
            };
            if let Some(closing) = closing {
                return self.close(closing);
            }
        }
    }

    /// Runs a group. Gives the order to close, where one came right behind it.
    fn run_group(&mut self, first: Work<K>, orders: &Receiver<Order<K>>) -> Option<Closing> {
        let now = self.clock.now();
        let mut answers = Vec::new();
        self.work(first, now, &mut answers);
        let (mut jobs, mut closing) = (1, None);
        while jobs < GROUP_JOBS && self.machine.staged_bytes() < GROUP_BYTES {
            match orders.try_recv() {
                Ok(Order::Work(work)) => self.work(work, now, &mut answers),
                Ok(Order::Close(order)) => {
                    closing = Some(order);
                    break;
                }
                Err(_) => break,
            }
            jobs += 1;
        }
        self.finish(answers, now).answer();
        reach(Failpoint::GroupAnswered);
        closing
    }

    /// Runs a group of one.
    pub(super) fn run_one(&mut self, work: Work<K>) -> Group {
        let now = self.clock.now();
        let mut answers = Vec::new();
        self.work(work, now, &mut answers);
        let group = self.finish(answers, now);
        if self.machine.has_tidying() {
            self.tidy();
        }
        group
    }

    fn work(&mut self, work: Work<K>, now: Moment, answers: &mut Vec<Answer>) {
        match work {
            Work::Job(job) => answers.push(job(&mut self.machine, now)),
            Work::Claim(call) => self.claim(call.at(now), now, answers),
        }
    }

    /// Answers a claim, or lets it wait. One that nobody hears claims nothing.
    fn claim(&mut self, claim: PatientClaim<K>, now: Moment, answers: &mut Vec<Answer>) {
        let Some(door) = claim.door() else {
            return;
        };
        let claimed = self.machine.claim(claim.request(), now);
        match claim.waits_on(&claimed, now) {
            true => self.patient.push(claim),
            false => answers.push(claim.answer(claimed, door)),
        }
    }

    /// Lets claims that wait have what the group made claimable, and makes all of it durable.
    fn finish(&mut self, mut answers: Vec<Answer>, now: Moment) -> Group {
        if self.machine.staged_bytes() > 0 {
            for claim in std::mem::take(&mut self.patient) {
                self.claim(claim, now, &mut answers);
            }
        }
        let committed = self.commit(now);
        Group { answers, committed }
    }

    /// Gives back what is held, lets go of the map, and then says so.
    pub(super) fn close(mut self, closing: Closing) {
        let given_back = self.give_back();
        drop(self);
        // Who closed may be gone; it is closed all the same.
        let _ = closing.send(given_back);
    }

    /// Gives back all runs that are held.
    ///
    /// What cannot be given back counts as interrupted when the store is opened again: in a
    /// store that refuses writes, all of it.
    fn give_back(&mut self) -> Result<(), StorageError> {
        const DOING: &str = "give back the runs that were held";
        let held = self.machine.held_batches();
        if !self.machine.is_writable() {
            return match held.is_empty() {
                true => Ok(()),
                false => Err(StorageError::new(ErrorKind::Refusing, DOING)),
            };
        }
        let now = self.clock.now();
        let in_doubt = |cause| in_doubt(DOING, &cause);
        let mut given_back = Ok(());
        for id in held {
            if let Err(error) = self.machine.give_back(id, now) {
                tracing::error!(batch = %id, %error, "runs could not be given back");
                given_back = given_back.and(Err(error));
            }
            if self.machine.staged_bytes() >= GROUP_BYTES {
                self.commit(now).map_err(in_doubt)?;
            }
        }
        self.commit(now).map_err(in_doubt).and(given_back)
    }

    fn commit(&mut self, now: Moment) -> Committed {
        if let Err(error) = self.machine.commit(now) {
            let waiting = self.patient.drain(..);
            waiting.for_each(PatientClaim::refuse);
            return Err(Arc::new(error));
        }
        let head = self.machine.sequence();
        self.head
            .send_if_modified(|known| std::mem::replace(known, head) != head);
        reach(Failpoint::HeadAnnounced);
        Ok(())
    }

    fn tidy(&mut self) {
        let now = self.clock.now();
        if let Err(error) = self.machine.tidy_step() {
            tracing::error!(%error, "what was deleted could not be cleared away");
            self.machine.postpone_tidying();
        }
        reach(Failpoint::TidyingStaged);
        // A failure has been logged, and the next write says so to its caller.
        let _ = self.commit(now);
    }
}
