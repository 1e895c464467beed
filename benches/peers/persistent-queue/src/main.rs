//! persistent-queue 0.2 on sled and redb: one measurement a call, one line of JSON.
//!
//! Quirks: it knows no batches, so each item is a push and each ack a commit of its own.
//! `Durability::Group` lets concurrent pushes share a sync, acks never do; on sled
//! concurrent flushes share one all the same, so acks come from many threads. There is one
//! consumer, and reserving walks over everything that is reserved but not acked.

use std::fmt::Debug;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use persistent_queue::{Builder, Consumer, Durability, Producer, RedbStore, SledStore, Store};

type Broken = Box<dyn std::error::Error + Send + Sync>;

const BYTES: usize = 300;
/// Threads that push, and that ack.
const THREADS: usize = 32;
const SUBMITTED: usize = 6_400;
const DISPATCHED: usize = 3_200;

fn main() -> Result<(), Broken> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("queue");
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [work, "sled"] => measure(work, "sled", SledStore::open(path)?),
        [work, "redb"] => measure(work, "redb", RedbStore::open(path)?),
        _ => Err("submit-durable or dispatch-durable, sled or redb".into()),
    }
}

fn measure<S>(work: &str, name: &str, store: S) -> Result<(), Broken>
where
    S: Store + Send + Sync + 'static,
    S::Error: Debug + Send,
{
    let builder = Builder::new(store).capacity(1 << 20);
    let ends = builder.durability(Durability::Group).open();
    let (producer, consumer) = ends.map_err(|e| format!("{e:?}"))?;
    match work {
        "submit-durable" => {
            let took = push(&producer, SUBMITTED);
            say(&format!("persistent-queue ({name})"), SUBMITTED, took);
        }
        _ => {
            push(&producer, DISPATCHED);
            let took = drain(consumer, DISPATCHED);
            say(&format!("persistent-queue ({name})"), DISPATCHED, took);
        }
    }
    Ok(())
}

fn push<S>(producer: &Producer<S>, items: usize) -> Duration
where
    S: Store + Send + Sync + 'static,
    S::Error: Debug + Send,
{
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let payload = vec![b'x'; BYTES];
                for _ in 0..items / THREADS {
                    producer.push(&payload).expect("the queue takes it");
                }
            });
        }
    });
    start.elapsed()
}

fn drain<S>(consumer: Consumer<S>, items: usize) -> Duration
where
    S: Store + Send + Sync + 'static,
    S::Error: Debug + Send,
{
    let (sender, receiver) = sync_channel(THREADS);
    let receiver = Arc::new(Mutex::new(receiver));
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            let receiver = Arc::clone(&receiver);
            scope.spawn(move || {
                loop {
                    let next = receiver.lock().expect("nobody panics").recv();
                    let Ok(item) = next else { return };
                    let item: persistent_queue::Reserved<S> = item;
                    item.ack().expect("the queue takes it");
                }
            });
        }
        for _ in 0..items {
            let item = consumer.reserve().expect("the queue gives it");
            sender.send(item.expect("there is one")).expect("the threads wait");
        }
        drop(sender);
    });
    start.elapsed()
}

fn say(subject: &str, runs: usize, took: Duration) {
    let per_second = runs as f64 / took.as_secs_f64();
    println!("{}", serde_json::json!({ "subject": subject, "value": per_second }));
}
