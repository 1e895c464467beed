use std::sync::Arc;
use std::time::Duration;

use batch_core::id::{RunId, WorkflowId};
use batch_core::journal::Sequence;
use batch_core::run::RunState;
use batch_core::storage::{ClaimRequest, Settled, StorageError};

use super::dispatcher_builder::Prepared;
use super::ending::Ending;
use super::feeder::take_in;
use super::heartbeat::renew;
use super::pool::Pool;
use super::worker::Worker;
use super::{DispatcherBuilder, StartError};
use crate::sink::SinkRunner;

/// A dispatcher without tasks: whoever holds it claims, executes, settles and delivers, one run
/// at a time, with the same code that the tasks run.
pub(crate) struct ByHand {
    pool: Arc<Pool>,
    worker: Worker,
    sinks: Vec<SinkRunner>,
}

/// What one piece of work came to.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Worked {
    /// A run was executed and stands in this state; `None` where its claim was lost meanwhile.
    Executed { run: RunId, now: Option<RunState> },
    /// Nothing is due.
    Idle { next_due: Option<Duration> },
}

impl DispatcherBuilder {
    /// Prepares the store and starts nothing.
    pub(crate) async fn by_hand(self) -> Result<ByHand, StartError> {
        let Prepared { pool, sinks } = self.prepare().await?;
        let worker = Worker::new(&pool, 0);
        Ok(ByHand {
            pool,
            worker,
            sinks,
        })
    }
}

impl ByHand {
    /// Claims a run, executes it and records how it ended.
    pub(crate) async fn work(&mut self) -> Result<Worked, StorageError> {
        let pool = &self.pool;
        let workflows: Vec<WorkflowId> = pool.routes.keys().cloned().collect();
        let mut request = ClaimRequest::new(workflows, std::num::NonZeroU32::MIN);
        request.lease = pool.options.lease;
        let claimed = pool.storage.claim(request).await?;
        let next_due = claimed.next_due;
        let Some(run) = claimed.runs.first().map(|claimed| claimed.claim.run()) else {
            return Ok(Worked::Idle { next_due });
        };
        take_in(pool, claimed.runs)?;
        tokio::select! {
            biased;
            _ = self.worker.work_once() => {}
            error = hear_of_cancels(pool) => return Err(error),
        }
        let now = self.settle().await?;
        Ok(Worked::Executed { run, now })
    }

    /// Records what has ended; the state of the last run of it.
    async fn settle(&mut self) -> Result<Option<RunState>, StorageError> {
        let mut ended = Vec::new();
        self.pool.endings.take(&mut ended);
        let group = ended.iter().map(Ending::settlement).collect();
        let settled = self.pool.storage.settle(group).await?;
        Ok(settled.last().and_then(|settled| match settled {
            Settled::Applied(state) => Some(*state),
            _ => None,
        }))
    }

    /// Lets every sink receive what has happened; whether all have taken it.
    pub(crate) async fn deliver(&mut self) -> Result<bool, StorageError> {
        let mut all = true;
        for sink in &mut self.sinks {
            all &= sink.catch_up().await?;
        }
        Ok(all)
    }
}

/// Renews the claim whenever something happened, and so hears that its run was cancelled.
async fn hear_of_cancels(pool: &Pool) -> StorageError {
    let mut seen = Sequence::START;
    loop {
        match pool.storage.wait(seen).await {
            Ok(now) => seen = now,
            Err(error) => return error,
        }
        if let Err(error) = renew(pool).await
            && !error.is_retryable()
        {
            return error;
        }
    }
}
