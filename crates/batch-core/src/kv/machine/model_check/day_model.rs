use parking_lot::Mutex;

use super::bounds::Bounds;
use super::day::Day;
use super::fault::Fault;
use super::sight::Sights;
use crate::request::{BatchRequest, Input, Limits};
use crate::valid::{ValidBatch, validate};

/// All days within some bounds.
#[derive(Debug)]
pub(super) struct DayModel {
    pub bounds: Bounds,
    pub fault: Option<Fault>,
    pub content: ValidBatch,
    pub sights: Sights,
    /// The first day on which a promise was broken: with one thread, a shortest.
    pub broken: Mutex<Option<Day>>,
}

impl DayModel {
    pub(super) fn new(bounds: Bounds, fault: Option<Fault>) -> Self {
        let inputs = (0..bounds.runs).map(|n| Input::text(format!("{n}")));
        let request = BatchRequest::new("w").inputs(inputs).idempotency_key("k");
        Self {
            bounds,
            fault,
            content: validate(request, &Limits::default()).unwrap(),
            sights: Sights::default(),
            broken: Mutex::new(None),
        }
    }
}
