use batch_core::engine::SubmissionRequest;
use batch_core::id::BatchId;
use batch_core::request::{BatchRequest, Input};
use fastrand::Rng;

use super::weather::Weather;

/// The workflow of all errands.
pub(super) const WORKFLOW: &str = "w";
/// The most inputs of one batch.
pub(super) const BATCH: u32 = 8;

/// Something that somebody outside wants to have submitted.
#[derive(Debug, Clone)]
pub(super) struct Errand {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) key: Option<String>,
    pub(super) inputs: u32,
    pub(super) priority: i64,
    /// Inputs whose executor kills its process.
    pub(super) poisoned: Vec<u32>,
    pub(super) state: Progress,
}

/// In one piece or as a stream of any length.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Batch,
    Stream,
}

/// How far an errand has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// Not acknowledged yet, and tried so often.
    Open { tries: u32 },
    /// Acknowledged: this is its first batch.
    Done(BatchId),
    /// It had no key and the answer was unclear, so it is not repeated.
    GivenUp,
}

impl Errand {
    /// The errands of a seed.
    pub(super) fn draw(random: &mut Rng, weather: &Weather) -> Vec<Self> {
        let errand = |n| Self::draw_one(random, weather, n);
        (0..weather.errands).map(errand).collect()
    }

    fn draw_one(random: &mut Rng, weather: &Weather, n: usize) -> Self {
        let kind = match random.u32(..3) {
            0 => Kind::Stream,
            _ => Kind::Batch,
        };
        let inputs = match kind {
            Kind::Batch => random.u32(1..=BATCH),
            Kind::Stream => random.u32(1..=3 * BATCH),
        };
        let poisoned = |_: &u32| weather.poison > 0 && random.u32(..weather.poison) == 0;
        let poisoned: Vec<u32> = (0..inputs).filter(poisoned).take(1).collect();
        Self {
            name: format!("errand {n}"),
            kind,
            key: (kind == Kind::Stream || random.u32(..3) > 0).then(|| format!("key {n}")),
            inputs,
            priority: [10, 50, 90][random.usize(..3)],
            poisoned,
            state: Progress::Open { tries: 0 },
        }
    }

    /// The inputs; `twist` makes them others.
    pub(super) fn inputs(&self, twist: &str) -> Vec<Input> {
        let input = |n| {
            let poison = if self.poisoned.contains(&n) {
                " poison"
            } else {
                ""
            };
            // Some are long enough to span the values of the disk.
            let long = "x".repeat(if n % 7 == 3 { 900 } else { 0 });
            Input::text(format!("{} {n}{twist}{poison}{long}", self.name))
        };
        (0..self.inputs).map(input).collect()
    }

    pub(super) fn batch(&self, twist: &str) -> BatchRequest {
        let request = BatchRequest::new(WORKFLOW).priority(self.priority);
        let request = request.inputs(self.inputs(twist));
        match &self.key {
            Some(key) => request.idempotency_key(key),
            None => request,
        }
    }

    pub(super) fn stream(&self) -> SubmissionRequest {
        let request = SubmissionRequest::new(WORKFLOW).priority(self.priority);
        match &self.key {
            Some(key) => request.idempotency_key(key),
            None => request,
        }
    }
}
