use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use batch_core::journal::Event;
use batch_core::storage::SinkStart;
use batch_core::time::Clock;
use parking_lot::Mutex;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use batch_exec::executor::{ExecutorError, Outcome, RunContext};
use batch_exec::webhook::{
    DeliveryId, Signing, Transport, WebhookAnswer, WebhookBuilder, WebhookRequest, WebhookSink,
};

use super::yard::Yard;

pub(super) const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

/// What a receiver does with one delivery.
#[derive(Debug, Clone)]
pub(super) enum Conduct {
    Answer(u16),
    AnswerWith(WebhookAnswer),
    /// Answers 200 so much later.
    Late(Duration),
    /// Takes it, and never answers.
    Hang,
    /// Breaks the connection without having looked at it.
    Reset,
    /// Takes it, and breaks the connection.
    ResetAfter,
    Panic,
}

/// One arrival.
#[derive(Debug, Clone)]
pub(super) struct Arrival {
    pub(super) id: DeliveryId,
    pub(super) at: Duration,
    pub(super) headers: HashMap<String, String>,
    pub(super) body: Value,
    /// How the try ended, as the receiver sees it: whether it has the event now.
    pub(super) taken: bool,
}

type Behaviour = dyn Fn(DeliveryId, Duration) -> Conduct + Send + Sync;

/// A receiver without a network, in the time of the test.
#[derive(Clone)]
pub(super) struct Receiver {
    start: Instant,
    clock: Arc<dyn Clock>,
    arrivals: Arc<Mutex<Vec<Arrival>>>,
    /// How many are being received, and the most that ever were.
    load: Arc<Mutex<(usize, usize)>>,
    behaviour: Arc<Behaviour>,
}

/// Counts a delivery that is being received; also where its future is dropped.
struct Load(Arc<Mutex<(usize, usize)>>);

impl Load {
    fn of(receiver: &Receiver) -> Self {
        let mut load = receiver.load.lock();
        load.0 += 1;
        load.1 = load.1.max(load.0);
        Self(Arc::clone(&receiver.load))
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.0.lock().0 -= 1;
    }
}

impl Receiver {
    pub(super) fn new(
        yard: &Yard,
        behaviour: impl Fn(DeliveryId, Duration) -> Conduct + Send + Sync + 'static,
    ) -> Self {
        Self {
            start: Instant::now(),
            clock: Arc::clone(yard.engine.clock()),
            arrivals: Arc::default(),
            load: Arc::default(),
            behaviour: Arc::new(behaviour),
        }
    }

    /// Always answers the same.
    pub(super) fn answering(yard: &Yard, status: u16) -> Self {
        Self::new(yard, move |_, _| Conduct::Answer(status))
    }

    /// Always answers the same, and 200 once the switch is on.
    pub(super) fn until_switched(yard: &Yard, status: u16) -> (Self, Arc<AtomicBool>) {
        let switch = Arc::new(AtomicBool::new(false));
        let is_on = Arc::clone(&switch);
        let receiver = Self::new(yard, move |_, _| match is_on.load(Ordering::SeqCst) {
            true => Conduct::Answer(200),
            false => Conduct::Answer(status),
        });
        (receiver, switch)
    }

    /// A sink that sends here.
    pub(super) fn sink(&self, yard: &Yard) -> WebhookBuilder {
        let signing = Signing::standard(SECRET).unwrap();
        WebhookSink::builder("https://receiver.example/hooks", signing)
            .transport(self.clone())
            .clock(Arc::clone(yard.engine.clock()))
    }

    pub(super) fn arrivals(&self) -> Vec<Arrival> {
        self.arrivals.lock().clone()
    }

    pub(super) fn names(&self) -> Vec<String> {
        let name = |it: &Arrival| it.body["type"].as_str().unwrap().to_owned();
        self.arrivals().iter().map(name).collect()
    }

    pub(super) fn most_at_once(&self) -> usize {
        self.load.lock().1
    }

    /// The second in which each try arrived.
    pub(super) fn seconds(&self) -> Vec<u64> {
        let second = |it: &Arrival| it.at.as_secs();
        self.arrivals.lock().iter().map(second).collect()
    }

    /// The events that it has.
    pub(super) fn has(&self) -> BTreeSet<DeliveryId> {
        let arrivals = self.arrivals.lock();
        let taken = arrivals.iter().filter(|it| it.taken);
        taken.map(|it| it.id).collect()
    }

    /// How many different events it has.
    pub(super) fn taken(&self) -> usize {
        self.has().len()
    }

    fn note(&self, request: &WebhookRequest, taken: bool) -> DeliveryId {
        let headers: HashMap<_, _> = request.headers.iter().cloned().collect();
        let signing = Signing::standard(SECRET).unwrap();
        let header = |name: &str| headers.get(name).map(String::as_str);
        // Whatever arrives, whenever it does, is signed for this moment.
        signing
            .verify(header, &request.body, self.clock.now().wall)
            .unwrap();
        let id = headers["webhook-id"].parse().unwrap();
        self.arrivals.lock().push(Arrival {
            id,
            at: self.start.elapsed(),
            body: serde_json::from_slice(&request.body).unwrap(),
            headers,
            taken,
        });
        id
    }
}

#[async_trait]
impl Transport for Receiver {
    async fn post(&self, request: WebhookRequest) -> Result<WebhookAnswer, String> {
        let _load = Load::of(self);
        let id = request
            .headers
            .iter()
            .find(|(name, _)| name == "webhook-id")
            .unwrap()
            .1
            .parse()
            .unwrap();
        let conduct = (self.behaviour)(id, self.start.elapsed());
        let answer = match &conduct {
            Conduct::Answer(status) => Some(WebhookAnswer::with_status(*status)),
            Conduct::AnswerWith(answer) => Some(answer.clone()),
            _ => None,
        };
        let taken = match &answer {
            Some(answer) => answer.is_success(),
            None => !matches!(conduct, Conduct::Reset | Conduct::Panic),
        };
        self.note(&request, taken);
        match conduct {
            Conduct::Late(wait) => sleep(wait).await,
            Conduct::Hang => std::future::pending().await,
            Conduct::Reset | Conduct::ResetAfter => return Err("the connection failed".to_owned()),
            Conduct::Panic => panic!("the transport panics"),
            Conduct::Answer(_) | Conduct::AnswerWith(_) => sleep(Duration::from_millis(20)).await,
        }
        Ok(answer.unwrap_or(WebhookAnswer::with_status(200)))
    }
}

/// All events of so many batches of so many runs that are executed well, in the order of the journal.
pub(super) async fn events_of(yard: &Yard, batches: usize, runs: usize) -> Vec<Event> {
    let events: Arc<Mutex<Vec<Event>>> = Arc::default();
    let all = Arc::clone(&events);
    let done = |_: RunContext| async { Ok::<_, ExecutorError>(Outcome::done_without_output()) };
    let builder = yard.dispatcher().workflow("w", done);
    let builder = builder.sink("all", SinkStart::Beginning, move |event: &Event| {
        all.lock().push(event.clone());
    });
    let dispatcher = builder.start().await.unwrap();
    for _ in 0..batches {
        let batch = yard.submit("w", runs).await;
        yard.finished(batch).await;
    }
    dispatcher.shutdown().await.unwrap();
    events.lock().clone()
}
