use std::time::Duration;

use jiff::Timestamp;

use super::{Fairness, Input, Priority, Timing, VersionSelector};

/// One batch as the caller says it. Nothing is checked until it is submitted.
///
/// ```
/// use batch_core::request::{BatchRequest, Input};
///
/// let request = BatchRequest::new("count-words")
///     .priority(10)
///     .idempotency_key("2026-11-23")
///     .inputs(["one", "two"].map(Input::text));
/// assert_eq!(request.inputs.len(), 2);
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct BatchRequest {
    /// The workflow to run.
    pub workflow: String,
    /// The version to run.
    pub version: VersionSelector,
    /// How soon, 1 (first) to 100 (last).
    pub priority: i64,
    /// When its runs may begin, and until when.
    pub timing: Timing,
    /// For whom it is executed; `None` for nobody in particular.
    pub fairness: Option<Fairness>,
    /// The key under which this submit happens once.
    pub idempotency_key: Option<String>,
    /// What to run it on.
    pub inputs: Vec<Input>,
}

impl BatchRequest {
    /// A batch of no inputs yet for the newest version of a workflow.
    #[must_use]
    pub fn new(workflow: impl Into<String>) -> Self {
        Self {
            workflow: workflow.into(),
            version: VersionSelector::Newest,
            priority: Priority::BATCH.into(),
            timing: Timing::default(),
            fairness: None,
            idempotency_key: None,
            inputs: Vec::new(),
        }
    }

    /// Asks for a version.
    #[must_use]
    pub fn version(mut self, version: VersionSelector) -> Self {
        self.version = version;
        self
    }

    /// Sets the priority, 1 (first) to 100 (last).
    #[must_use]
    pub fn priority(mut self, priority: impl Into<i64>) -> Self {
        self.priority = priority.into();
        self
    }

    /// Lets no run begin before this moment.
    #[must_use]
    pub const fn not_before(mut self, at: Timestamp) -> Self {
        self.timing.not_before = Some(at);
        self
    }

    /// Spreads the times at which runs become due evenly over a duration.
    #[must_use]
    pub const fn spread(mut self, over: Duration) -> Self {
        self.timing.spread = over;
        self
    }

    /// Ends runs that still wait at this moment as failed.
    #[must_use]
    pub const fn expires_at(mut self, at: Timestamp) -> Self {
        self.timing.expires_at = Some(at);
        self
    }

    /// Says for whom it is executed.
    #[must_use]
    pub fn fairness(mut self, fairness: Fairness) -> Self {
        self.fairness = Some(fairness);
        self
    }

    /// Makes repeating the submit harmless: the same key and content gives the first batch back.
    #[must_use]
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.idempotency_key = Some(key.into());
        self
    }

    /// Adds one input.
    #[must_use]
    pub fn input(mut self, input: Input) -> Self {
        self.inputs.push(input);
        self
    }

    /// Adds inputs.
    #[must_use]
    pub fn inputs(mut self, inputs: impl IntoIterator<Item = Input>) -> Self {
        self.inputs.extend(inputs);
        self
    }
}
