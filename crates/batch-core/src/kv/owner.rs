use std::fmt;
use std::sync::Arc;
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, TryRecvError};
use parking_lot::Mutex;
use tokio::sync::watch;

use super::OrderedKv;
use super::machine::Machine;
use crate::journal::Sequence;
use crate::storage::{ErrorKind, StorageError};
use crate::time::{Clock, Moment};

/// What became of a group's commit, for each of its operations.
pub(super) type Committed = Result<(), Arc<StorageError>>;
/// Gives an answer out, once the commit is known.
pub(super) type Answer = Box<dyn FnOnce(&Committed) + Send>;
/// One operation on the machine.
pub(super) type Job<K> = Box<dyn FnOnce(&mut Machine<K>, Moment) -> Answer + Send>;

/// No group stages more than about this many bytes, so that nobody waits long for a commit.
const GROUP_BYTES: usize = 1 << 20;
/// No group has more operations than this.
const GROUP_JOBS: usize = 4_096;

/// The machine, and who may touch it.
pub(super) enum Owner<K> {
    /// Callers run it themselves, one at a time: for maps whose commits cost nothing.
    Inline(Box<Mutex<Yard<K>>>),
    /// One thread runs it and is fed by a channel. What arrives during a commit shares the next.
    Thread {
        jobs: Option<Sender<Job<K>>>,
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
        Self::Inline(Box::new(Mutex::new(yard)))
    }

    pub(super) fn thread(yard: Yard<K>) -> Result<Self, StorageError> {
        let (sender, receiver) = crossbeam_channel::unbounded();
        let thread = std::thread::Builder::new()
            .name("batchyard-owner".into())
            .spawn(move || yard.run(&receiver))
            .map_err(|e| StorageError::io("start the thread that owns the store", e))?;
        Ok(Self::Thread {
            jobs: Some(sender),
            thread: Some(thread),
        })
    }

    /// A way to hand in jobs that outlives a borrow of the owner; `None` for an inline one.
    pub(super) fn sender(&self) -> Option<Sender<Job<K>>> {
        match self {
            Self::Inline(_) => None,
            Self::Thread { jobs, .. } => jobs.clone(),
        }
    }

    /// Runs a job, here or on the owner thread.
    pub(super) fn post(&self, job: Job<K>) {
        match self {
            Self::Inline(yard) => yard.lock().run_one(job),
            Self::Thread { jobs, .. } => {
                if let Some(jobs) = jobs {
                    // A thread that is gone drops the job, and its caller learns it from that.
                    let _ = jobs.send(job);
                }
            }
        }
    }
}

impl<K> Drop for Owner<K> {
    /// Closes the channel and waits for the last commit.
    fn drop(&mut self) {
        if let Self::Thread { jobs, thread } = self {
            drop(jobs.take());
            let on_itself = |t: &JoinHandle<()>| t.thread().id() == std::thread::current().id();
            if let Some(thread) = thread.take().filter(|t| !on_itself(t)) {
                // Its panic has been printed, and every caller has been told.
                let _ = thread.join();
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
    fn run(mut self, jobs: &Receiver<Job<K>>) {
        loop {
            let first = match self.machine.has_tidying() {
                true => match jobs.try_recv() {
                    Ok(job) => Some(job),
                    Err(TryRecvError::Empty) => None,
                    Err(TryRecvError::Disconnected) => return,
                },
                false => match jobs.recv() {
                    Ok(job) => Some(job),
                    Err(_) => return,
                },
            };
            match first {
                Some(first) => self.run_group(first, jobs),
                None => self.tidy(),
            }
        }
    }

    fn run_group(&mut self, first: Job<K>, jobs: &Receiver<Job<K>>) {
        let now = self.clock.now();
        let mut answers = vec![first(&mut self.machine, now)];
        while answers.len() < GROUP_JOBS && self.machine.staged_bytes() < GROUP_BYTES {
            let Ok(job) = jobs.try_recv() else {
                break;
            };
            answers.push(job(&mut self.machine, now));
        }
        let committed = self.commit(now);
        for answer in answers {
            answer(&committed);
        }
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
        Ok(())
    }

    fn tidy(&mut self) {
        let now = self.clock.now();
        if let Err(error) = self.machine.tidy_step() {
            tracing::error!(%error, "what was deleted could not be cleared away");
            self.machine.postpone_tidying();
        }
        // A failure has been logged, and the next write says so to its caller.
        let _ = self.commit(now);
    }
}

/// The error of one operation of a group whose commit failed.
pub(super) fn in_doubt(cause: &Arc<StorageError>) -> StorageError {
    StorageError::new(ErrorKind::InDoubt, "make a write durable")
        .caused_by(Shared(Arc::clone(cause)))
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
