use std::time::Duration;

use super::Machine;
use super::gate::Gate;
use crate::batch::Flow;
use crate::catalogue::Workflow;
use crate::id::{BatchId, WorkflowId};
use crate::journal::Fact;
use crate::kv::record::BucketRecord;
use crate::kv::{OrderedKv, key};
use crate::ordinal::OrdinalSet;
use crate::storage::{ErrorKind, FlowReply, StorageError};
use crate::time::Moment;

/// Pausing and resuming, and what workflows let through.
impl<K: OrderedKv> Machine<K> {
    /// Pauses or resumes a batch. What is held goes on.
    pub(in crate::kv) fn set_flow(
        &mut self,
        id: BatchId,
        flow: Flow,
    ) -> Result<FlowReply, StorageError> {
        self.check_writable("pause or resume a batch")?;
        let Some(batch) = self.live.get(&id) else {
            return Ok(match self.header(id)? {
                Some(_) => FlowReply::BatchFinished,
                None => FlowReply::NotFound,
            });
        };
        if batch.record.flow == flow {
            return Ok(FlowReply::Unchanged);
        }
        let workflow = self.workflow(&batch.header.workflow)?;
        let of_workflow = workflow.map_or(Flow::Going, |workflow| workflow.flow);
        if let Some(batch) = self.change(id) {
            batch.record.flow = flow;
        }
        match of_workflow {
            Flow::Going => self.note_flow(id, flow),
            // Nothing changes for its runs. An entry that tells nothing lets those who watch the
            // batch look at it.
            Flow::Paused => {
                self.note(id, Fact::Released(OrdinalSet::new()));
            }
        }
        self.reschedule(id);
        Ok(FlowReply::Changed)
    }

    fn note_flow(&mut self, id: BatchId, flow: Flow) {
        let fact = match flow {
            Flow::Going => Fact::Resumed,
            Flow::Paused => Fact::Paused,
        };
        self.note(id, fact);
    }

    /// Lets through what a changed workflow now says; its batches tell of a pause in the journal,
    /// but for those that are paused anyway.
    pub(super) fn follow_workflow(&mut self, before: Flow, workflow: &Workflow, now: Moment) {
        if let Some(gate) = self.gates.get_mut(&workflow.id) {
            gate.follow(workflow, now.uptime);
        }
        self.keep_buckets(now);
        if before == workflow.flow {
            return;
        }
        let of_workflow = self.live.iter().filter(|(_, batch)| {
            batch.header.workflow == workflow.id && batch.record.flow == Flow::Going
        });
        let ids: Vec<_> = of_workflow.map(|(id, _)| *id).collect();
        for id in ids {
            self.note_flow(id, workflow.flow);
        }
    }

    /// Reads what these workflows let through, where it is not known yet.
    pub(super) fn read_gates(
        &mut self,
        workflows: &[WorkflowId],
        now: Moment,
    ) -> Result<(), StorageError> {
        for id in workflows {
            if self.gates.contains_key(id) {
                continue;
            }
            match self.read_gate(id, now) {
                Ok(None) => {}
                Ok(Some(gate)) => {
                    self.gates.insert(id.clone(), gate);
                }
                Err(error) if error.kind() == ErrorKind::Damaged => {
                    tracing::error!(workflow = %id, %error, "nothing of it is claimed");
                    self.gates.insert(id.clone(), Gate::shut());
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn read_gate(&self, id: &WorkflowId, now: Moment) -> Result<Option<Gate>, StorageError> {
        let Some(workflow) = self.workflow(id)? else {
            return Ok(None);
        };
        let kept = match self.read_bucket(id) {
            // As if all of it were gone: it fills, and the next claim writes it anew.
            Err(error) if error.kind() == ErrorKind::Damaged => Some(i64::MAX),
            kept => kept?,
        };
        Ok(Some(Gate::of(&workflow, kept, now)))
    }

    fn read_bucket(&self, id: &WorkflowId) -> Result<Option<i64>, StorageError> {
        let what = || format!("what is left of the rate of {id}");
        let kept: Option<BucketRecord> = self.stage.get_record(&key::bucket(id), what)?;
        Ok(kept.map(|kept| kept.full_at))
    }

    /// Stages what is left of the rates that were drawn on.
    pub(super) fn keep_buckets(&mut self, now: Moment) {
        for (id, gate) in &mut self.gates {
            if let Some(full_at) = gate.keep(now) {
                let record = BucketRecord { full_at };
                self.stage.put_record(&key::bucket(id), &record, 1);
            }
        }
    }

    /// How many more runs of a workflow may be claimed.
    pub(super) fn room_of(&self, workflow: &WorkflowId, now: Moment) -> u32 {
        let gate = self.gates.get(workflow);
        gate.filter(|gate| gate.is_bounded())
            .map_or(u32::MAX, |gate| {
                let held = self.schedule.held_of(workflow);
                gate.room(held, now.uptime)
            })
    }

    /// Notes that runs of a workflow were taken.
    pub(super) fn pass(&mut self, workflow: &WorkflowId, runs: u32, now: Moment) {
        if let Some(gate) = self.gates.get_mut(workflow) {
            gate.take(runs, now.uptime);
        }
    }

    /// How long until a workflow may let through what it holds back now.
    pub(super) fn next_opening(&self, now: Moment) -> Option<Duration> {
        let opening = self.gates.iter().filter_map(|(id, gate)| {
            let opens = gate.opens_in(self.schedule.held_of(id), now.uptime)?;
            self.waits(id).then_some(opens)
        });
        opening.min()
    }

    /// Whether a run of a workflow would be claimed if its limits let it through.
    fn waits(&self, workflow: &WorkflowId) -> bool {
        let asked = std::slice::from_ref(workflow);
        self.schedule.next(asked, 1).is_some() || self.batch_with_suspects(asked).is_some()
    }
}
