use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use batch_core::engine::Engine;
use batch_core::kv::{KvOptions, KvStorage};
use batch_core::request::Limits;
use batch_core::storage::SinkStart;
use batch_exec::RetryPolicy;
use batch_exec::dispatcher::{Dispatcher, DispatcherBuilder};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::disk::Disk;
use super::errand::{BATCH, Progress, WORKFLOW};
use super::listener::{Heard, Listener, Temper};
use super::meddler::Meddler;
use super::performer::Performer;
use super::sight::Sight;
use super::submitter::Submitter;
use super::watched_storage::WatchedStorage;
use super::witness::ATTEMPTS;
use super::world::{CountedIds, World};
use super::world_clock::WorldClock;

/// No key is forgotten in a simulation.
const KEY_RETENTION: Duration = Duration::from_secs(365 * 24 * 3_600);
/// Once faults have stopped, nothing takes longer than this.
const PATIENCE: Duration = Duration::from_secs(6 * 3_600);

/// How a process ended that was not killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Left {
    /// There is more to do.
    Unfinished,
    /// Everything has ended and everybody has heard of it.
    Finished,
}

/// One process, from the opening of the store to its end.
pub(super) async fn live(world: Arc<World>) -> Left {
    let Some(storage) = open(&world).await else {
        return Left::Unfinished;
    };
    let engine = engine(&world, &storage).await;
    let mut dispatchers = Vec::new();
    for number in 0..world.weather.dispatchers {
        match dispatcher(&world, &engine, number).start().await {
            Ok(dispatcher) => dispatchers.push(dispatcher),
            Err(error) => {
                world.tell(format!("no dispatcher: {error}"));
                return Left::Unfinished;
            }
        }
    }
    let mut people = JoinSet::new();
    for number in 0..world.weather.submitters {
        let submitter = Submitter {
            world: Arc::clone(&world),
            engine: engine.clone(),
            number,
        };
        people.spawn(submitter.work());
    }
    let meddler = Meddler {
        world: Arc::clone(&world),
        engine: engine.clone(),
    };
    people.spawn(meddler.work());
    let left = until_end(&world, &engine, &dispatchers).await;
    stop(&world, &engine, dispatchers, left).await;
    if left == Left::Finished {
        storage.census().await;
    }
    left
}

async fn open(world: &Arc<World>) -> Option<Arc<WatchedStorage>> {
    world.lock().process.call = "open";
    let mut options = KvOptions::default();
    options.clock = Arc::new(WorldClock(Arc::clone(world)));
    options.key_retention = KEY_RETENTION;
    match KvStorage::start(Disk(Arc::clone(world)), options) {
        Ok(inner) => {
            let storage = Arc::new(WatchedStorage::new(world, inner));
            storage.opened().await;
            world.while_alive().await;
            Some(storage)
        }
        Err(error) => {
            world.while_alive().await;
            world.tell(format!("opening failed: {error}"));
            world.saw(Sight::OpeningFailed);
            None
        }
    }
}

async fn engine(world: &Arc<World>, storage: &Arc<WatchedStorage>) -> Engine {
    let mut limits = Limits::default();
    limits.inputs = BATCH;
    let builder = Engine::builder()
        .limits(limits)
        .clock(Arc::new(WorldClock(Arc::clone(world))))
        .batch_ids(Arc::new(CountedIds(Arc::clone(world))));
    let opened = builder.open_shared(Arc::clone(storage) as _).await;
    opened.expect("opening an engine does no I/O")
}

fn dispatcher(world: &Arc<World>, engine: &Engine, number: usize) -> DispatcherBuilder {
    let weather = &world.weather;
    let concurrency = NonZeroUsize::new(weather.concurrency).unwrap();
    let builder = Dispatcher::builder(engine)
        .workflow(WORKFLOW, Performer(Arc::clone(world)))
        .concurrency(concurrency)
        .prefetch(weather.prefetch)
        .lease(weather.lease)
        .run_timeout(Duration::from_secs(20))
        .shutdown_grace(Duration::from_secs(3))
        .cancel_grace(Duration::from_secs(1))
        .retry(RetryPolicy {
            max_delay: Duration::from_secs(30),
            ..RetryPolicy::of_attempts(ATTEMPTS)
        });
    if number > 0 {
        return builder;
    }
    let sink = |builder: DispatcherBuilder, sink, start, temper| {
        let world = Arc::clone(world);
        let known = world.lock().heard.iter().any(|heard| heard.sink == sink);
        if !known {
            world.lock().heard.push(Heard::new(sink));
        }
        builder.sink(
            sink,
            start,
            Listener {
                world,
                sink,
                temper,
            },
        )
    };
    let builder = sink(builder, "steady", SinkStart::Beginning, Temper::Steady);
    let builder = sink(builder, "shaky", SinkStart::Beginning, Temper::Shaky);
    let late = weather.late_sink > 0 && world.lock().tally.of(Sight::Process) > 2;
    match late {
        true => {
            world.saw(Sight::SinkCameLate);
            sink(builder, "late", SinkStart::Now, Temper::Steady)
        }
        false => builder,
    }
}

/// Waits for the end of the process, for whatever reason.
async fn until_end(world: &Arc<World>, engine: &Engine, dispatchers: &[Dispatcher]) -> Left {
    let leave = Arc::clone(&world.lock().process.leave);
    let calm = world.lock().calm;
    let failed = async {
        match dispatchers {
            [one] => one.failed().await,
            [one, two, ..] => tokio::select! {
                biased;
                error = one.failed() => error,
                error = two.failed() => error,
            },
            [] => std::future::pending().await,
        }
    };
    tokio::select! {
        biased;
        error = failed => {
            world.tell(format!("the dispatcher failed: {error}"));
            Left::Unfinished
        }
        () = leave.notified() => Left::Unfinished,
        () = world.dawdle(world.weather.life), if !calm => Left::Unfinished,
        finished = timeout(PATIENCE, all_done(world, engine)), if calm => {
            if finished.is_err() {
                let open = world.lock().witness.unfinished();
                world.wrong(format!("hangs: unfinished {open:?}, {:?}", engine.storage().sinks().await));
            }
            Left::Finished
        }
    }
}

/// Waits until all errands are done, all batches finished and all sinks have heard of it.
async fn all_done(world: &Arc<World>, engine: &Engine) {
    loop {
        sleep(Duration::from_secs(1)).await;
        let head = {
            let state = world.lock();
            let open =
                |errand: &super::errand::Errand| matches!(errand.state, Progress::Open { .. });
            if state.errands.iter().any(open) || !state.witness.unfinished().is_empty() {
                continue;
            }
            state.witness.head()
        };
        let sinks = engine.storage().sinks().await;
        if sinks.is_ok_and(|sinks| sinks.iter().all(|sink| sink.position == head)) {
            return;
        }
    }
}

/// Ends what is left of the process in one of several ways.
async fn stop(world: &Arc<World>, engine: &Engine, dispatchers: Vec<Dispatcher>, left: Left) {
    let how = match left {
        Left::Finished => 0,
        Left::Unfinished => world.below(6),
    };
    let mut clean = true;
    match how {
        0 | 1 => {
            world.saw(Sight::StoppedGracefully);
            for dispatcher in dispatchers {
                clean &= dispatcher.shutdown().await.is_ok();
            }
        }
        2 => {
            world.saw(Sight::StoppedNow);
            for dispatcher in dispatchers {
                clean &= dispatcher.shutdown_now().await.is_ok();
            }
        }
        3 => {
            world.saw(Sight::DispatcherDropped);
            drop(dispatchers);
            world.dawdle(Duration::from_secs(2)).await;
            return;
        }
        4 => {
            world.saw(Sight::StoreClosed);
            // What runs is given back under the hands of the dispatchers.
            let _ = engine.storage().close().await;
            world.dawdle(Duration::from_secs(2)).await;
            return;
        }
        _ => {
            world.die(Sight::DiedAtAnyMoment);
            return;
        }
    }
    let state = &mut *world.lock();
    if clean && !state.process.doubt && !state.witness.held().is_empty() {
        let wrong = format!("held after a shutdown: {:?}", state.witness.held());
        state.is_wrong(wrong);
    }
}
