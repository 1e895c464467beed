use std::num::NonZeroU32;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Version, WorkflowLimits};
use crate::batch::Flow;
use crate::id::WorkflowId;
use crate::request::VersionSelector;

/// A named thing to run, with deployed versions 1, 2, … and at most one draft.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Workflow {
    /// Its name.
    #[serde(rename = "i")]
    pub id: WorkflowId,
    /// When it was created.
    #[serde(rename = "c")]
    pub created_at: Timestamp,
    /// The deployed versions, ascending from 1 without gaps.
    #[serde(rename = "d")]
    pub deployments: Vec<Deployment>,
    /// When the draft was saved; `None` where there is no draft.
    #[serde(rename = "w")]
    pub draft_saved_at: Option<Timestamp>,
    /// Whether its waiting runs may be claimed.
    #[serde(rename = "f", default, skip_serializing_if = "Flow::is_going")]
    pub flow: Flow,
    /// How much of it is executed at a time.
    #[serde(rename = "l", default, skip_serializing_if = "WorkflowLimits::is_none")]
    pub limits: WorkflowLimits,
}

/// One deployed version. It never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Deployment {
    /// Its number, from 1.
    #[serde(rename = "n")]
    pub number: NonZeroU32,
    /// When it was deployed.
    #[serde(rename = "a")]
    pub deployed_at: Timestamp,
}

/// A workflow has no version that fits the selector.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("workflow {workflow} has no version {selector}; it has {deployed} deployed")]
pub struct UnknownVersion {
    /// The workflow.
    pub workflow: WorkflowId,
    /// What was asked for.
    pub selector: VersionSelector,
    /// How many versions it has: they are numbered from 1 to this.
    pub deployed: usize,
}

impl Workflow {
    /// A workflow without versions.
    #[must_use]
    pub fn new(id: WorkflowId, created_at: Timestamp) -> Self {
        Self {
            id,
            created_at,
            deployments: Vec::new(),
            draft_saved_at: None,
            flow: Flow::Going,
            limits: WorkflowLimits::default(),
        }
    }

    /// The newest deployed version.
    #[must_use]
    pub fn newest(&self) -> Option<Deployment> {
        self.deployments.last().copied()
    }

    /// Saves the draft, in place of the one before.
    pub fn save_draft(&mut self, at: Timestamp) {
        self.draft_saved_at = Some(at);
    }

    /// Deploys the next version and gives its number.
    ///
    /// The draft stays: it is what the next version will be made from.
    pub fn deploy(&mut self, at: Timestamp) -> NonZeroU32 {
        let number = self
            .newest()
            .map_or(NonZeroU32::MIN, |d| d.number.saturating_add(1));
        self.deployments.push(Deployment {
            number,
            deployed_at: at,
        });
        number
    }

    /// Pins a selector to a version.
    ///
    /// A number means that deployed version, `draft` the draft, and nothing the
    /// newest deployed version or, where none is deployed, the draft.
    ///
    /// # Errors
    ///
    /// [`UnknownVersion`] where there is no such version.
    pub fn resolve(&self, selector: VersionSelector) -> Result<Version, UnknownVersion> {
        let draft = self.draft_saved_at.map(|_| Version::Draft);
        let newest = self.newest().map(|d| Version::Number(d.number));
        let found = match selector {
            VersionSelector::Number(n) if self.deployments.iter().any(|d| d.number == n) => {
                Some(Version::Number(n))
            }
            VersionSelector::Number(_) => None,
            VersionSelector::Draft => draft,
            VersionSelector::Newest => newest.or(draft),
        };
        found.ok_or_else(|| UnknownVersion {
            workflow: self.id.clone(),
            selector,
            deployed: self.deployments.len(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workflow() -> Workflow {
        Workflow::new(WorkflowId::new("w").unwrap(), Timestamp::UNIX_EPOCH)
    }

    fn number(n: u32) -> NonZeroU32 {
        NonZeroU32::new(n).unwrap()
    }

    #[test]
    fn versions_count_from_one() {
        let mut workflow = workflow();
        assert_eq!(workflow.deploy(Timestamp::UNIX_EPOCH).get(), 1);
        assert_eq!(workflow.deploy(Timestamp::UNIX_EPOCH).get(), 2);
    }

    #[test]
    fn the_newest_is_the_last_deployed_else_the_draft() {
        let mut workflow = workflow();
        assert!(workflow.resolve(VersionSelector::Newest).is_err());
        workflow.save_draft(Timestamp::UNIX_EPOCH);
        assert_eq!(
            workflow.resolve(VersionSelector::Newest),
            Ok(Version::Draft)
        );
        workflow.deploy(Timestamp::UNIX_EPOCH);
        let one = Version::Number(number(1));
        assert_eq!(workflow.resolve(VersionSelector::Newest), Ok(one));
    }

    #[test]
    fn a_version_that_was_never_deployed_is_an_error_that_says_how_many_there_are() {
        let mut workflow = workflow();
        workflow.deploy(Timestamp::UNIX_EPOCH);
        let error = workflow
            .resolve(VersionSelector::Number(number(2)))
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "workflow w has no version 2; it has 1 deployed"
        );
    }
}
