use std::collections::BTreeSet;
use std::time::Duration;

use batch_core::id::{InvalidId, WorkflowId};
use batch_core::journal::Fact;

use super::{EventFilter, SinkOptions, WorkflowFilter};

const PROGRESS: &str = "batch.progress";

/// What a sink wants of the journal; its names are checked.
#[derive(Debug)]
pub(crate) struct SinkFilter {
    events: EventFilter,
    /// `None` stands for all.
    workflows: Option<BTreeSet<WorkflowId>>,
    progress_every: Option<Duration>,
}

impl SinkFilter {
    /// Checks the names of workflows.
    pub(crate) fn of(options: &SinkOptions) -> Result<Self, InvalidId> {
        let workflows = match &options.workflows {
            WorkflowFilter::All => None,
            WorkflowFilter::Only(names) => Some(
                names
                    .iter()
                    .map(|name| WorkflowId::new(name))
                    .collect::<Result<_, _>>()?,
            ),
        };
        let events = options.events.clone();
        Ok(Self {
            progress_every: options.progress_every.filter(|_| events.wants(PROGRESS)),
            events,
            workflows,
        })
    }

    /// How often progress is wanted, if it is.
    pub(super) const fn progress_every(&self) -> Option<Duration> {
        self.progress_every
    }

    /// Whether an event of this name is wanted.
    pub(super) fn wants(&self, name: &str) -> bool {
        self.events.wants(name)
    }

    /// Whether any event of a fact may be wanted.
    pub(super) fn wants_any_of(&self, fact: &Fact) -> bool {
        fact.event_names().iter().any(|name| self.wants(name))
    }

    /// Whether events of this workflow are wanted.
    pub(super) fn wants_of(&self, workflow: &WorkflowId) -> bool {
        let only = self.workflows.as_ref();
        only.is_none_or(|wanted| wanted.contains(workflow))
    }
}
