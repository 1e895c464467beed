use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::id::WorkflowId;

/// Which workflows are executed in this process, and by how many dispatchers each.
#[derive(Debug, Default)]
pub(super) struct ServedWorkflows {
    served: Mutex<BTreeMap<WorkflowId, usize>>,
}

/// Says that somebody executes some workflows, for as long as it is there.
#[derive(Debug)]
#[must_use = "dropping it says that nobody executes them any more"]
pub struct Serving {
    all: Arc<ServedWorkflows>,
    workflows: Vec<WorkflowId>,
}

impl ServedWorkflows {
    pub(super) fn contains(&self, workflow: &WorkflowId) -> bool {
        self.served.lock().contains_key(workflow)
    }
}

impl Serving {
    pub(super) fn begin(all: &Arc<ServedWorkflows>, workflows: Vec<WorkflowId>) -> Self {
        let mut served = all.served.lock();
        for workflow in &workflows {
            *served.entry(workflow.clone()).or_default() += 1;
        }
        drop(served);
        let all = Arc::clone(all);
        Self { all, workflows }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let mut served = self.all.served.lock();
        for workflow in &self.workflows {
            let left = served.get_mut(workflow).map(|by| {
                *by = by.saturating_sub(1);
                *by
            });
            if left == Some(0) {
                served.remove(workflow);
            }
        }
    }
}
