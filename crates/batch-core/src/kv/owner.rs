use std::fmt;
use std::sync::{Arc, Weak};

use tokio::sync::oneshot;

use super::OrderedKv;
use super::machine::Machine;
use super::patient_claim::{ClaimAnswer, ClaimCall};
use super::threads::{self, JoinHandle, Mutex, Sender};
use super::yard::Yard;
use crate::failpoint::{Failpoint, reach};
use crate::storage::{ClaimRequest, ErrorKind, StorageError};
use crate::time::Moment;

/// What became of a group's commit, for each of its operations.
pub(super) type Committed = Result<(), Arc<StorageError>>;
/// Gives an answer out, once the commit is known.
pub(super) type Answer = Box<dyn FnOnce(&Committed) + Send>;
/// One operation on the machine.
pub(super) type Job<K> = Box<dyn FnOnce(&mut Machine<K>, Moment) -> Answer + Send>;
/// Tells who closes a store that its map is free.
pub(super) type Closing = oneshot::Sender<Result<(), StorageError>>;

/// What goes into a group.
pub(super) enum Work<K> {
    /// An operation that is answered with the group it comes in.
    Job(Job<K>),
    /// A claim, which may wait for a later group.
    Claim(ClaimCall<K>),
}

/// What the owner thread is told.
pub(super) enum Order<K> {
    Work(Work<K>),
    /// To end. What is told after it is dropped, and its callers learn it from that.
    Close(Closing),
}

/// The machine, and who may touch it.
pub(super) struct Owner<K> {
    /// `None` only while it is dropped.
    door: Option<Door<K>>,
    thread: Option<JoinHandle<()>>,
}

/// The way to the machine.
pub(super) enum Door<K> {
    /// Callers run it themselves, one at a time: for maps whose commits cost nothing.
    ///
    /// `None` once it is closed.
    Inline(Arc<Mutex<Option<Yard<K>>>>),
    /// One thread runs it and is fed by a channel. What arrives during a commit shares the next.
    Thread(Arc<Sender<Order<K>>>),
}

/// A way to the machine that does not keep it.
pub(super) enum WeakDoor<K> {
    Inline(Weak<Mutex<Option<Yard<K>>>>),
    Thread(Weak<Sender<Order<K>>>),
}

impl<K: OrderedKv> Owner<K> {
    pub(super) fn inline(yard: Yard<K>) -> Self {
        Self {
            door: Some(Door::Inline(Arc::new(Mutex::new(Some(yard))))),
            thread: None,
        }
    }

    pub(super) fn thread(yard: Yard<K>) -> Result<Self, StorageError> {
        let (sender, receiver) = threads::unbounded();
        let thread = threads::Builder::new()
            .name("batchyard-owner".into())
            .spawn(move || yard.run(&receiver))
            .map_err(|e| StorageError::io("start the thread that owns the store", e))?;
        Ok(Self {
            door: Some(Door::Thread(Arc::new(sender))),
            thread: Some(thread),
        })
    }

    fn door(&self) -> &Door<K> {
        self.door.as_ref().expect("it is not being dropped")
    }

    /// Runs a job, here or on the owner thread. A closed store drops it, and its caller
    /// learns it from that.
    pub(super) fn post(&self, job: Job<K>) {
        self.door().post(job);
    }

    /// Claims, here or on the owner thread; the answer may come with a later group.
    pub(super) fn claim(&self, request: ClaimRequest, caller: oneshot::Sender<ClaimAnswer>) {
        let door = self.door().downgrade();
        self.door().give(Work::Claim(ClaimCall {
            request,
            caller,
            door,
        }));
    }

    /// Closes the store, and answers when its map is free.
    ///
    /// One that is closed drops the answer, and not before its map is free.
    pub(super) fn close(&self, closing: Closing) {
        match self.door() {
            Door::Inline(yard) => {
                // Held to the end, so that nobody takes it for closed before.
                let mut yard = yard.lock();
                if let Some(yard) = yard.take() {
                    yard.close(closing);
                }
            }
            // A thread that is gone drops the order.
            Door::Thread(orders) => drop(orders.send(Order::Close(closing))),
        }
    }
}

impl<K: OrderedKv> Door<K> {
    /// Runs a job, or drops it where the store is closed.
    pub(super) fn post(&self, job: Job<K>) {
        self.give(Work::Job(job));
    }

    fn give(&self, work: Work<K>) {
        match self {
            Self::Inline(yard) => {
                let group = {
                    let mut yard = yard.lock();
                    yard.as_mut().map(|yard| yard.run_one(work))
                };
                // Not under the lock: an answer that nobody takes comes back in by this door.
                if let Some(group) = group {
                    group.answer();
                }
            }
            // A thread that is gone drops the order.
            Self::Thread(orders) => drop(orders.send(Order::Work(work))),
        }
    }

    fn downgrade(&self) -> WeakDoor<K> {
        match self {
            Self::Inline(yard) => WeakDoor::Inline(Arc::downgrade(yard)),
            Self::Thread(orders) => WeakDoor::Thread(Arc::downgrade(orders)),
        }
    }
}

impl<K> WeakDoor<K> {
    /// The door; `None` where nobody has the store any more.
    pub(super) fn upgrade(&self) -> Option<Door<K>> {
        match self {
            Self::Inline(yard) => yard.upgrade().map(Door::Inline),
            Self::Thread(orders) => orders.upgrade().map(Door::Thread),
        }
    }
}

impl<K> Drop for Owner<K> {
    /// Closes the channel and waits for the last commit.
    fn drop(&mut self) {
        drop(self.door.take());
        let on_itself = |t: &JoinHandle<()>| t.thread().id() == threads::current().id();
        if let Some(thread) = self.thread.take().filter(|t| !on_itself(t)) {
            // Its panic has been printed, and every caller has been told.
            let _ = thread.join();
            reach(Failpoint::OwnerEnded);
        }
    }
}

impl<K> fmt::Debug for Owner<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.thread {
            None => "Owner of no thread",
            Some(_) => "Owner of a thread",
        })
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
