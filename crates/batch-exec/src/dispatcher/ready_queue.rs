use std::collections::VecDeque;

use parking_lot::Mutex;
use tokio::sync::Semaphore;

use super::job::Job;

/// Jobs that wait for a worker, first in, first out.
#[derive(Debug)]
pub(super) struct ReadyQueue {
    jobs: Mutex<VecDeque<Job>>,
    /// One permit for each job that no worker has come for yet; closed with the queue.
    arrivals: Semaphore,
}

impl ReadyQueue {
    pub(super) fn new() -> Self {
        Self {
            jobs: Mutex::new(VecDeque::new()),
            arrivals: Semaphore::new(0),
        }
    }

    /// Adds jobs; workers that wait wake.
    pub(super) fn push(&self, jobs: Vec<Job>) {
        let count = jobs.len();
        self.jobs.lock().extend(jobs);
        self.arrivals.add_permits(count);
    }

    /// Takes the oldest job, and waits for one; `None` once the queue is closed.
    pub(super) async fn pop(&self) -> Option<Job> {
        loop {
            self.arrivals.acquire().await.ok()?.forget();
            if let Some(job) = self.jobs.lock().pop_front() {
                return Some(job);
            }
        }
    }

    /// How many jobs wait.
    pub(super) fn len(&self) -> usize {
        self.jobs.lock().len()
    }

    /// Drops the jobs that wait and lets no worker take another.
    pub(super) fn close(&self) {
        self.arrivals.close();
        self.jobs.lock().clear();
    }
}
