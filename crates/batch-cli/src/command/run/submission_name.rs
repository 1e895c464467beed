use std::fmt;
use std::str::FromStr;

use batch_core::id::{BatchId, IdempotencyKey, InvalidId, WorkflowId};

/// What the workflow of a submission begins with, before the submission's name.
const PREFIX: &str = "run:";

/// The name of a submission: 1 to 251 bytes without control characters.
///
/// It is the idempotency key of the submission. Each has a workflow of its own,
/// called after it: a dispatcher claims by workflow, so `batchyard run` executes
/// what it has submitted and nothing else that waits in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SubmissionName {
    key: IdempotencyKey,
    workflow: WorkflowId,
}

impl SubmissionName {
    /// A name that no other submission has.
    pub(crate) fn fresh() -> Self {
        let name = format!("unnamed-{}", BatchId::generate().as_uuid().simple());
        name.parse()
            .expect("letters, digits and a dash make a name")
    }

    /// The name of the submission that a workflow was made for.
    pub(crate) fn of_workflow(workflow: &WorkflowId) -> Option<Self> {
        workflow.as_str().strip_prefix(PREFIX)?.parse().ok()
    }

    /// The name as the key that makes repeating a submission harmless.
    pub(crate) fn as_key(&self) -> &str {
        self.key.as_str()
    }

    /// The workflow of the submission.
    pub(crate) const fn workflow(&self) -> &WorkflowId {
        &self.workflow
    }
}

impl FromStr for SubmissionName {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        Ok(Self {
            key: IdempotencyKey::new(text)?,
            workflow: WorkflowId::new(&format!("{PREFIX}{text}"))?,
        })
    }
}

impl fmt::Display for SubmissionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.key.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workflow_tells_the_name_it_was_made_for() {
        let name: SubmissionName = "2026: scans".parse().unwrap();
        assert_eq!(name.workflow().as_str(), "run:2026: scans");
        assert_eq!(SubmissionName::of_workflow(name.workflow()), Some(name));
        let other = WorkflowId::new("count-words").unwrap();
        assert_eq!(SubmissionName::of_workflow(&other), None);
    }

    #[test]
    fn a_fresh_name_is_no_others() {
        assert_ne!(SubmissionName::fresh(), SubmissionName::fresh());
    }

    #[test]
    fn a_name_that_leaves_no_room_for_its_workflow_is_refused() {
        assert!("a".repeat(251).parse::<SubmissionName>().is_ok());
        assert!("a".repeat(252).parse::<SubmissionName>().is_err());
        assert!("a\nb".parse::<SubmissionName>().is_err());
        assert!("".parse::<SubmissionName>().is_err());
    }
}
