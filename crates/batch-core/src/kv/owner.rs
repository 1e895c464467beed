use std::fmt;
use std::sync::Arc;

use tokio::sync::{oneshot, watch};

use super::OrderedKv;
use super::machine::Machine;
use super::threads::{self, JoinHandle, Mutex, Receiver, Sender, TryRecvError};
use crate::failpoint::{Failpoint, reach};
use crate::journal::Sequence;
use crate::storage::{ErrorKind, StorageError};
use crate::time::{Clock, Moment};

/// What became of a group's commit, for each of its operations.
pub(super) type Committed = Result<(), Arc<StorageError>>;
/// Gives an answer out, once the commit is known.
pub(super) type Answer = Box<dyn FnOnce(&Committed) + Send>;
/// One operation on the machine.
pub(super) type Job<K> = Box<dyn FnOnce(&mut Machine<K>, Moment) -> Answer + Send>;
/// Tells who closes a store that its map is free.
pub(super) type Closing = oneshot::Sender<Result<(), StorageError>>;

/// What the owner thread is told.
pub(super) enum Order<K> {
    /// To run an operation.
    Run(Job<K>),
    /// To end. What is told after it is dropped, and its callers learn it from that.
    Close(Closing),
}

/// No group stages more than about this many bytes, so that nobody waits long for a commit.
const GROUP_BYTES: usize = 1 << 20;
/// No group has more operations than this.
const GROUP_JOBS: usize = 4_096;

/// The machine, and who may touch it.
pub(super) enum Owner<K> {
    /// Callers run it themselves, one at a time: for maps whose commits cost nothing.
    ///
    /// `None` once it is closed.
    Inline(Box<Mutex<Option<Yard<K>>>>),
    /// One thread runs it and is fed by a channel. What arrives during a commit shares the next.
    Thread {
        orders: Option<Sender<Order<K>>>,
        thread: Option<JoinHandle<()>>,
    },
}

/// The machine with what it needs from outside.
#[derive(Debug)]
pub(super) struct Yard<K> {
    pub machine: Machine<K>,
    pub clock: Arc<dyn Clock>,
    /// Tells readers how far the journal is durable.
    pub head: watch::Sender<Sequence>,
}

impl<K: OrderedKv> Owner<K> {
    pub(super) fn inline(yard: Yard<K>) -> Self {
        Self::Inline(Box::new(Mutex::new(Some(yard))))
    }

    pub(super) fn thread(yard: Yard<K>) -> Result<Self, StorageError> {
        let (sender, receiver) = threads::unbounded();
        let thread = threads::Builder::new()
            .name("batchyard-owner".into())
            .spawn(move || yard.run(&receiver))
            .map_err(|e| StorageError::io("start the thread that owns the store", e))?;
        Ok(Self::Thread {
            orders: Some(sender),
            thread: Some(thread),
        })
    }

    /// A way to give orders that outlives a borrow of the owner; `None` for an inline one.
    pub(super) fn sender(&self) -> Option<Sender<Order<K>>> {
        match self {
            Self::Inline(_) => None,
            Self::Thread { orders, .. } => orders.clone(),
        }
    }

    /// Runs a job, here or on the owner thread. A closed store drops it, and its caller
    /// learns it from that.
    pub(super) fn post(&self, job: Job<K>) {
        match self {
            Self::Inline(yard) => {
                if let Some(yard) = &mut *yard.lock() {
                    yard.run_one(job);
                }
            }
            Self::Thread { .. } => self.tell(Order::Run(job)),
        }
    }

    /// Closes the store, and answers when its map is free.
    ///
    /// One that is closed drops the answer, and not before its map is free.
    pub(super) fn close(&self, closing: Closing) {
        match self {
            Self::Inline(yard) => {
                // Held to the end, so that nobody takes it for closed before.
                let mut yard = yard.lock();
                if let Some(yard) = yard.take() {
                    yard.close(closing);
                }
            }
            Self::Thread { .. } => self.tell(Order::Close(closing)),
        }
    }

    fn tell(&self, order: Order<K>) {
        if let Self::Thread {
            orders: Some(orders),
            ..
        } = self
        {
            // A thread that is gone drops the order.
            let _ = orders.send(order);
        }
    }
}

impl<K> Drop for Owner<K> {
    /// Closes the channel and waits for the last commit.
    fn drop(&mut self) {
        if let Self::Thread { orders, thread } = self {
            drop(orders.take());
            let on_itself = |t: &JoinHandle<()>| t.thread().id() == threads::current().id();
            if let Some(thread) = thread.take().filter(|t| !on_itself(t)) {
                // Its panic has been printed, and every caller has been told.
                let _ = thread.join();
                reach(Failpoint::OwnerEnded);
            }
        }
    }
}

impl<K> fmt::Debug for Owner<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Inline(_) => "Owner::Inline",
            Self::Thread { .. } => "Owner::Thread",
        })
    }
}

impl<K: OrderedKv> Yard<K> {
    /// The owner thread: groups of jobs, one commit each; tidying when nobody asks for anything.
    fn run(mut self, orders: &Receiver<Order<K>>) {
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
                Order::Run(first) => self.run_group(first, orders),
                Order::Close(closing) => Some(closing),
            };
            if let Some(closing) = closing {
                return self.close(closing);
            }
        }
    }

    /// Runs a group. Gives the order to close, where one came right behind it.
    fn run_group(&mut self, first: Job<K>, orders: &Receiver<Order<K>>) -> Option<Closing> {
        let now = self.clock.now();
        let mut answers = vec![first(&mut self.machine, now)];
        let mut closing = None;
        while answers.len() < GROUP_JOBS && self.machine.staged_bytes() < GROUP_BYTES {
            match orders.try_recv() {
                Ok(Order::Run(job)) => answers.push(job(&mut self.machine, now)),
                Ok(Order::Close(order)) => {
                    closing = Some(order);
                    break;
                }
                Err(_) => break,
            }
        }
        let committed = self.commit(now);
        for answer in answers {
            answer(&committed);
        }
        reach(Failpoint::GroupAnswered);
        closing
    }

    /// Gives back what is held, lets go of the map, and then says so.
    fn close(mut self, closing: Closing) {
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

    fn run_one(&mut self, job: Job<K>) {
        let now = self.clock.now();
        let answer = job(&mut self.machine, now);
        let committed = self.commit(now);
        answer(&committed);
        if self.machine.has_tidying() {
            self.tidy();
        }
    }

    fn commit(&mut self, now: Moment) -> Committed {
        self.machine.commit(now).map_err(Arc::new)?;
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

/// The error of one operation of a group whose commit failed.
pub(super) fn in_doubt(doing: &str, cause: &Arc<StorageError>) -> StorageError {
    StorageError::new(ErrorKind::InDoubt, doing).caused_by(Shared(Arc::clone(cause)))
}

/// One cause of the errors of a whole group.
#[derive(Debug)]
struct Shared(Arc<StorageError>);

impl fmt::Display for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Shared {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}
