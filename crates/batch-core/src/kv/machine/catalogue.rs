use std::num::NonZeroUsize;

use super::Machine;
use super::browse;
use crate::catalogue::Workflow;
use crate::id::WorkflowId;
use crate::kv::OrderedKv;
use crate::kv::key;
use crate::kv::record::decode;
use crate::storage::{Page, PageRequest, SortOrder, StorageError, WorkflowChange, WorkflowReply};
use crate::time::Moment;

/// No more workflows than this are kept in memory.
const MOST_KNOWN: usize = 256;

impl<K: OrderedKv> Machine<K> {
    /// Changes the catalogue.
    pub(in crate::kv) fn change_workflow(
        &mut self,
        id: &WorkflowId,
        change: WorkflowChange,
        now: Moment,
    ) -> Result<WorkflowReply, StorageError> {
        self.check_writable("change a workflow")?;
        self.read_gates(std::slice::from_ref(id), now)?;
        let key = key::workflow(id);
        let stored = self.stage.get(&key)?;
        let parts = stored.as_ref().map_or(0, |s| s.parts);
        let known: Option<Workflow> = stored
            .map(|s| decode(&s.payload, || format!("the workflow {id}")))
            .transpose()?;
        let new = || Workflow::new(id.clone(), now.wall);
        let mut workflow = match (known, change) {
            (Some(known), WorkflowChange::Create) => return Ok(WorkflowReply::Exists(known)),
            (Some(known), _) => known,
            (None, WorkflowChange::Create | WorkflowChange::EnsureDeployed) => new(),
            (None, _) => return Ok(WorkflowReply::Unknown),
        };
        let before = workflow.flow;
        match change {
            WorkflowChange::SetFlow(flow) => workflow.flow = flow,
            WorkflowChange::SetLimits(limits) => workflow.limits = limits,
            WorkflowChange::Create => {}
            WorkflowChange::SaveDraft => workflow.save_draft(now.wall),
            WorkflowChange::EnsureDeployed if workflow.newest().is_some() => {
                return Ok(WorkflowReply::Changed(workflow));
            }
            WorkflowChange::Deploy | WorkflowChange::EnsureDeployed => {
                workflow.deploy(now.wall);
            }
        }
        self.stage.put_record(&key, &workflow, parts);
        self.known_workflows.remove(id);
        self.follow_workflow(before, &workflow, now);
        Ok(WorkflowReply::Changed(workflow))
    }

    /// Reads a workflow.
    pub(in crate::kv) fn workflow(
        &self,
        id: &WorkflowId,
    ) -> Result<Option<Workflow>, StorageError> {
        self.stage
            .get_record(&key::workflow(id), || format!("the workflow {id}"))
    }

    /// A workflow as the catalogue has it, read once.
    pub(super) fn known_workflow(
        &mut self,
        id: &WorkflowId,
    ) -> Result<Option<&Workflow>, StorageError> {
        if !self.known_workflows.contains_key(id) {
            let Some(workflow) = self.workflow(id)? else {
                return Ok(None);
            };
            if self.known_workflows.len() >= MOST_KNOWN {
                self.known_workflows.clear();
            }
            self.known_workflows.insert(id.clone(), workflow);
        }
        Ok(self.known_workflows.get(id))
    }

    /// Lists workflows by id.
    pub(in crate::kv) fn workflows(
        &self,
        page: &PageRequest,
    ) -> Result<Page<Workflow>, StorageError> {
        let mut range = key::workflows();
        if let Some(token) = &page.token {
            range = range.starting_at(browse::text_after(token, 'w')?);
        }
        // Scanned value by value: the values of one workflow stand together.
        let limit = NonZeroUsize::MIN.saturating_add(page.size.get());
        let found = self.stage.records_in(&range, SortOrder::Ascending, limit)?;
        let more = found.len() > page.size.get();
        let mut items = Vec::new();
        let mut last = None;
        for (key, stored) in found.into_iter().take(page.size.get()) {
            items.push(decode(&stored.payload, || "a workflow".into())?);
            last = Some(key);
        }
        let next = last
            .filter(|_| more)
            .map(|key| browse::token_of_text('w', &key));
        Ok(Page { items, next })
    }
}
