use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::DispatcherError;
use super::cancel_watch::watch_cancels;
use super::feeder::feed;
use super::heartbeat::beat;
use super::pool::Pool;
use super::settler::record;
use super::stop::Stop;
use super::survey::survey;
use super::watchdog::keep_watch;
use super::worker::Worker;
use crate::sink::SinkRunner;

/// How long workers may take to notice that their executors are dropped.
/// Only one whose executor blocks its thread takes longer, and that one is left behind.
const NOTICE: Duration = Duration::from_secs(1);

/// The task whose end hurts nobody else.
const SINK: &str = "sink";

/// Owns the tasks of a dispatcher, and takes them down in order.
#[derive(Debug)]
pub(super) struct Supervisor {
    pool: Arc<Pool>,
    stop: watch::Receiver<Stop>,
    feeder: JoinSet<()>,
    workers: JoinSet<()>,
    /// The heartbeat, the watch for cancels, the survey and the settler, which go on until every run is given back.
    services: JoinSet<()>,
    closing: CancellationToken,
    sinks: JoinSet<()>,
    drain_sinks: CancellationToken,
}

impl Supervisor {
    /// Starts the tasks that execute runs.
    pub(super) fn start(pool: Arc<Pool>, stop: watch::Receiver<Stop>) -> Self {
        let closing = CancellationToken::new();
        let (mut feeder, mut workers, mut services) =
            (JoinSet::new(), JoinSet::new(), JoinSet::new());
        if !pool.routes.is_empty() {
            keep_watch(&pool.watchlist);
            feeder.spawn(feed(Arc::clone(&pool)));
            services.spawn(watch_cancels(Arc::clone(&pool), closing.clone()));
            for number in 0..pool.options.concurrency.get() {
                workers.spawn(Worker::new(&pool, number).work());
            }
        }
        services.spawn(survey(Arc::clone(&pool), closing.clone()));
        services.spawn(beat(Arc::clone(&pool), closing.clone()));
        services.spawn(record(Arc::clone(&pool), closing.clone()));
        Self {
            pool,
            stop,
            feeder,
            workers,
            services,
            closing,
            sinks: JoinSet::new(),
            drain_sinks: CancellationToken::new(),
        }
    }

    /// Starts the task of a sink.
    pub(super) fn start_sink(&mut self, runner: SinkRunner) {
        let (pool, drain) = (Arc::clone(&self.pool), self.drain_sinks.clone());
        self.sinks.spawn(async move {
            let sink = runner.name().clone();
            if let Err(error) = runner.run(drain).await {
                let source = Arc::new(error);
                pool.failed(DispatcherError::Sink { sink, source });
            }
        });
    }

    /// Waits until the dispatcher is told to stop, and takes everything down.
    pub(super) async fn supervise(mut self) {
        self.until_told().await;
        self.stop_claiming().await;
        self.stop_executors().await;
        self.closing.cancel();
        while let Some(ended) = self.services.join_next().await {
            report(&self.pool, "heartbeat or settler", ended);
        }
        self.stop_sinks().await;
    }

    /// Waits until the dispatcher is told to stop; a task that dies meanwhile is a failure.
    async fn until_told(&mut self) {
        loop {
            let (task, ended) = tokio::select! {
                biased;
                _ = self.stop.wait_for(|stop| *stop > Stop::No) => return,
                Some(ended) = self.feeder.join_next() => ("feeder", ended),
                Some(ended) = self.workers.join_next() => ("worker", ended),
                Some(ended) = self.services.join_next() => ("heartbeat or settler", ended),
                Some(ended) = self.sinks.join_next() => (SINK, ended),
            };
            report(&self.pool, task, ended);
        }
    }

    /// Lets no more runs be claimed and gives back what no executor has begun.
    async fn stop_claiming(&mut self) {
        self.pool.claim_no_more();
        while let Some(ended) = self.feeder.join_next().await {
            report(&self.pool, "feeder", ended);
        }
        self.pool.give_back(self.pool.held.close());
    }

    /// Waits for executors, tells them to stop, drops them, and gives back what they left.
    async fn stop_executors(&mut self) {
        let (grace, cancel_grace) = {
            let options = &self.pool.options;
            (options.shutdown_grace, options.cancel_grace)
        };
        let pool = Arc::clone(&self.pool);
        self.unless_now(grace, pool.held.emptied()).await;
        pool.held.stop_all();
        self.unless_now(cancel_grace, pool.held.emptied()).await;
        pool.drop_executors.cancel();
        let join = async { while self.workers.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(NOTICE, join).await;
        self.workers.detach_all();
        pool.give_back(pool.held.take_all());
    }

    /// Lets sinks receive what has happened until now.
    async fn stop_sinks(&mut self) {
        self.drain_sinks.cancel();
        let grace = self.pool.options.sink_grace;
        let mut sinks = std::mem::take(&mut self.sinks);
        let pool = Arc::clone(&self.pool);
        let join = async {
            while let Some(ended) = sinks.join_next().await {
                report(&pool, SINK, ended);
            }
        };
        self.unless_now(grace, join).await;
    }

    /// Waits for something, for `limit` at most, and no longer once all shall stop now.
    async fn unless_now(&mut self, limit: Duration, something: impl Future<Output = ()>) {
        tokio::select! {
            biased;
            () = something => {}
            _ = self.stop.wait_for(|stop| *stop == Stop::Now) => {}
            () = sleep(limit) => {}
        }
    }
}

/// Reports a task that did not end by itself.
fn report(pool: &Pool, task: &'static str, ended: Result<(), JoinError>) {
    if let Err(error) = ended {
        let message = error.to_string();
        pool.failed(DispatcherError::Defect { task, message });
        if task != SINK {
            pool.claim_no_more();
        }
    }
}
