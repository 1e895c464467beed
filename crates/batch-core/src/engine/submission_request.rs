use std::time::Duration;

use jiff::Timestamp;

use crate::request::{BatchRequest, Fairness, Input, Priority, Timing, VersionSelector};

/// A submission as the caller says it, without its inputs. Nothing is checked
/// until it is submitted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SubmissionRequest {
    /// The workflow to run.
    pub workflow: String,
    /// The version to run.
    ///
    /// Resolved with the first batch, for the whole submission: a version that is deployed
    /// in the midst of it, or before it is continued, changes nothing.
    pub version: VersionSelector,
    /// How soon, 1 (first) to 100 (last).
    pub priority: i64,
    /// When its runs may begin, and until when. Each batch of the submission has all of it.
    pub timing: Timing,
    /// For whom it is executed; `None` for nobody in particular.
    pub fairness: Option<Fairness>,
    /// The key under which this submission happens once, and can be continued.
    pub idempotency_key: Option<String>,
}

impl SubmissionRequest {
    /// A submission for the newest version of a workflow.
    #[must_use]
    pub fn new(workflow: impl Into<String>) -> Self {
        Self {
            workflow: workflow.into(),
            version: VersionSelector::Newest,
            priority: Priority::BATCH.into(),
            timing: Timing::default(),
            fairness: None,
            idempotency_key: None,
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
    ///
    /// Each batch of the submission is spread over it, from [`Timing::not_before`] or from its
    /// own storing on.
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

    /// Makes repeating the submit harmless: what is stored is found, and the rest is added.
    #[must_use]
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.idempotency_key = Some(key.into());
        self
    }

    /// One batch of this submission, under a key.
    pub(super) fn batch(&self, key: &str, inputs: Vec<Input>) -> BatchRequest {
        let mut request = BatchRequest::new(&self.workflow)
            .version(self.version)
            .priority(self.priority)
            .idempotency_key(key);
        request.timing = self.timing;
        request.fairness.clone_from(&self.fairness);
        request.inputs = inputs;
        request
    }
}
