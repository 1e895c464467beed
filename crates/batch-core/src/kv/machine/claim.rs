use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::Machine;
use super::expire::Ticked;
use super::interrupt::{is_suspect, quarantine};
use super::live_batch::Held;
use super::read_inputs::StoredSecrets;
use crate::id::{BatchId, RunId, WorkflowId};
use crate::journal::{Fact, RunStart};
use crate::kv::OrderedKv;
use crate::ordinal::{Ordinal, OrdinalSet};
use crate::run::Attempt;
use crate::storage::{Claim, ClaimKey, ClaimRequest, Claimed, ClaimedRun, StorageError};
use crate::time::Moment;
use crate::valid::ValidInput;

/// How long other work goes first while suspects wait for their turn in quarantine.
const SUSPECTS_WAIT: Duration = Duration::from_secs(10);
/// How long nothing else is claimed after somebody has asked for suspects that waited long enough.
const DRAIN: Duration = Duration::from_secs(5);

/// One claim brings about this many bytes of inputs at most, however many runs were asked for.
const INPUT_BYTES: u64 = 8 << 20;

/// Runs taken out of a batch's sets, to be claimed.
#[derive(Debug, Default)]
struct Taken {
    fresh: OrdinalSet,
    ready: OrdinalSet,
    suspect: OrdinalSet,
}

/// What is read of runs before they are claimed.
struct Loaded {
    ordinals: OrdinalSet,
    inputs: Vec<ValidInput>,
    /// Of the runs that had been claimed before, or that have secrets.
    pasts: BTreeMap<Ordinal, Past>,
}

/// What sets a run apart from a fresh one.
#[derive(Debug, Clone, Copy, Default)]
struct Past {
    secret_parts: u16,
    step_parts: u16,
    attempts: u32,
    interruptions: u32,
    snoozes: u32,
    steps: u32,
}

impl Taken {
    fn all(&self) -> OrdinalSet {
        let mut all = self.fresh.clone();
        all.union_with(&self.ready);
        all.union_with(&self.suspect);
        all
    }
}

impl<K: OrderedKv> Machine<K> {
    /// Grants at most `limit` due runs of the asked workflows.
    pub(in crate::kv) fn claim(
        &mut self,
        request: &ClaimRequest,
        now: Moment,
    ) -> Result<Claimed, StorageError> {
        self.check_writable("claim runs")?;
        self.read_gates(&request.workflows, now)?;
        self.expire_leases(now);
        if self.expire_batches(now) == Ticked::Part {
            return Ok(Claimed::new(Vec::new(), Some(Duration::ZERO)));
        }
        self.promote_due(now);
        self.release_due(now);
        let mut runs = Vec::new();
        for (id, taken) in self.take(request, now) {
            self.grant(id, &taken, request.lease, now, &mut runs);
        }
        self.keep_buckets(now);
        let next_due = self.next_due(now);
        Ok(Claimed::new(runs, next_due))
    }

    /// Chooses runs and takes them out of their batches' sets.
    fn take(&mut self, request: &ClaimRequest, now: Moment) -> BTreeMap<BatchId, Taken> {
        let mut taken = BTreeMap::new();
        if !self.quarantined.is_empty() {
            return taken;
        }
        let mut open = request.workflows.clone();
        open.retain(|workflow| self.room_of(workflow, now) > 0);
        let suspicious = self.batch_with_suspects(&open);
        let waited = now.uptime.saturating_sub(self.suspects_since) >= SUSPECTS_WAIT;
        match suspicious.is_some() && waited {
            true => self.drain_until = now.uptime.saturating_add(DRAIN),
            false if now.uptime < self.drain_until && self.suspects_wait() => return taken,
            false => self.take_in_turn(request, open, now, &mut taken),
        }
        if let Some(id) = suspicious
            && taken.is_empty()
            && self.leases.is_empty()
        {
            let limit = request.limit.get().min(self.room_for_suspects(id, now));
            self.take_suspects(id, limit, now, &mut taken);
            self.drain_until = Duration::ZERO;
        }
        taken
    }

    /// Whether there are suspects for which what is held has to run out.
    fn suspects_wait(&self) -> bool {
        let batches = self.suspects.iter().filter_map(|id| self.live.get(id));
        batches.into_iter().any(|batch| !batch.is_held_back())
    }

    /// The first batch of these workflows that has suspects which can be claimed.
    pub(super) fn batch_with_suspects(&self, workflows: &[WorkflowId]) -> Option<BatchId> {
        let claimable = |id: &&BatchId| {
            let batch = self.live.get(id);
            batch.is_some_and(|b| !b.is_held_back() && workflows.contains(&b.header.workflow))
        };
        self.suspects.iter().find(claimable).copied()
    }

    fn take_in_turn(
        &mut self,
        request: &ClaimRequest,
        mut open: Vec<WorkflowId>,
        now: Moment,
        taken: &mut BTreeMap<BatchId, Taken>,
    ) {
        let mut left = request.limit.get();
        let mut room = INPUT_BYTES;
        while left > 0 {
            let Some(pick) = self.schedule.next(&open, left) else {
                break;
            };
            let Some(header) = self.live.get(&pick.batch).map(|b| Arc::clone(&b.header)) else {
                break;
            };
            let passing = self.room_of(&header.workflow, now);
            let fitting = room / header.average_input();
            if fitting == 0 && !taken.is_empty() {
                break;
            }
            let Some(batch) = self.change(pick.batch) else {
                break;
            };
            let most = (pick.most)
                .min(passing)
                .min(u32::try_from(fitting.max(1)).unwrap_or(u32::MAX));
            let of_batch = taken.entry(pick.batch).or_default();
            let ready = batch.record.ready.move_first(most, &mut of_batch.ready);
            let due = batch.record.fresh.len_below(Ordinal::new(batch.released));
            let fresh = due.min(most - ready);
            let fresh = batch.record.fresh.move_first(fresh, &mut of_batch.fresh);
            let runs = ready + fresh;
            let gives_more = batch.is_claimable();
            self.schedule.served(&header, runs, &pick);
            if !gives_more {
                self.schedule.retire(pick.batch, &header);
            }
            if passing < u32::MAX {
                self.pass(&header.workflow, runs, now);
                if self.room_of(&header.workflow, now) == 0 {
                    open.retain(|workflow| *workflow != header.workflow);
                }
            }
            left -= runs.min(left);
            room = room.saturating_sub(header.average_input() * u64::from(runs));
        }
        for id in taken.keys() {
            self.reschedule(*id);
        }
    }

    /// How many suspects of a batch its key and its workflow let through.
    fn room_for_suspects(&self, id: BatchId, now: Moment) -> u32 {
        self.live.get(&id).map_or(0, |batch| {
            let room = self.room_of(&batch.header.workflow, now);
            room.min(self.schedule.free(&batch.header))
        })
    }

    /// Takes a group of suspects of one batch, when nothing else is held.
    fn take_suspects(
        &mut self,
        id: BatchId,
        limit: u32,
        now: Moment,
        taken: &mut BTreeMap<BatchId, Taken>,
    ) {
        let group = match self.group_of_suspects(id, limit) {
            Ok(group) => group,
            Err(error) => return self.park(id, &error),
        };
        if let Some(batch) = self.change(id) {
            for ordinal in group.iter() {
                batch.record.suspect.remove(ordinal);
            }
            let header = Arc::clone(&batch.header);
            self.schedule.hold(&header, group.len());
            let runs = group.len();
            taken.entry(id).or_default().suspect = group;
            self.pass(&header.workflow, runs, now);
        }
        self.reschedule(id);
    }

    /// The suspects that execute together: as many as the most suspicious of them allows.
    fn group_of_suspects(&mut self, id: BatchId, limit: u32) -> Result<OrdinalSet, StorageError> {
        let suspects = self.live.get(&id).map(|b| b.record.suspect.clone());
        let mut group = OrdinalSet::new();
        let mut room = limit;
        for ordinal in suspects.unwrap_or_default().iter() {
            self.open_page(id, ordinal)?;
            let record = self.opened(id, ordinal);
            let allowed = quarantine(record.map_or(0, |r| r.interruptions));
            if group.len() < room.min(allowed) {
                group.insert(ordinal);
                room = room.min(allowed);
            }
            if group.len() >= room {
                break;
            }
        }
        Ok(group)
    }

    /// Reads what was taken of one batch and claims it; what cannot be read parks the batch.
    fn grant(
        &mut self,
        id: BatchId,
        taken: &Taken,
        lease: Duration,
        now: Moment,
        runs: &mut Vec<ClaimedRun>,
    ) {
        match self.load(id, taken) {
            Ok(loaded) => self.hold(id, loaded, lease, now, runs),
            Err(error) => self.give_up(id, taken, &error),
        }
    }

    fn load(&mut self, id: BatchId, taken: &Taken) -> Result<Loaded, StorageError> {
        let ordinals = taken.all();
        let mut inputs = self.claimed_inputs(id, &ordinals)?;
        let mut pasts = BTreeMap::new();
        if self.has_secrets(id) {
            for (ordinal, input) in ordinals.iter().zip(&mut inputs) {
                let StoredSecrets { secrets, parts } = self.read_secrets(id, ordinal)?;
                input.set_secrets(secrets);
                pasts
                    .entry(ordinal)
                    .or_insert_with(Past::default)
                    .secret_parts = parts;
            }
        }
        for ordinal in taken.ready.iter().chain(taken.suspect.iter()) {
            self.open_page(id, ordinal)?;
            let past = pasts.entry(ordinal).or_default();
            past.step_parts = self.step_parts(id, ordinal)?;
            if let Some(record) = self.opened(id, ordinal) {
                past.attempts = record.attempts;
                past.interruptions = record.interruptions;
                past.snoozes = record.snoozes;
                past.steps = record.steps;
            }
        }
        Ok(Loaded {
            ordinals,
            inputs,
            pasts,
        })
    }

    fn hold(
        &mut self,
        id: BatchId,
        loaded: Loaded,
        lease: Duration,
        now: Moment,
        runs: &mut Vec<ClaimedRun>,
    ) {
        let expires = now.uptime.saturating_add(lease);
        let claimed_at = Self::millis(now);
        let tokens = self.next_tokens(loaded.inputs.len());
        if self.change(id).is_none() {
            return;
        }
        let Some(batch) = self.live.get_mut(&id) else {
            return;
        };
        self.leases.insert_all(expires, id, &loaded.ordinals);
        batch.record.held.union_with(&loaded.ordinals);
        runs.reserve(loaded.inputs.len());
        let mut starts = Vec::with_capacity(loaded.inputs.len());
        let read = loaded.ordinals.iter().zip(loaded.inputs);
        for ((ordinal, input), token) in read.zip(tokens) {
            let past = loaded.pasts.get(&ordinal).copied().unwrap_or_default();
            let attempt = Attempt::after(past.attempts);
            let held = Held {
                token,
                attempts: past.attempts,
                interruptions: past.interruptions,
                secret_parts: past.secret_parts,
                step_parts: past.step_parts,
                claimed_at,
                expires,
            };
            batch.claims.insert(ordinal, held);
            let run = RunId::new(id, ordinal);
            let mut claimed = ClaimedRun::new(
                Claim::new(ClaimKey { run, token }, attempt),
                batch.header.submission,
                batch.header.workflow.clone(),
                batch.header.version,
                past.interruptions,
                input,
            );
            claimed.snoozes = past.snoozes;
            claimed.steps = past.steps;
            runs.push(claimed);
            if is_suspect(past.interruptions) {
                self.quarantined.insert(run);
            }
            starts.push(RunStart { ordinal, attempt });
        }
        self.note(id, Fact::Started(starts));
    }

    /// Puts runs back whose batch cannot be read, and claims nothing of it any more.
    fn give_up(&mut self, id: BatchId, taken: &Taken, error: &StorageError) {
        if let Some(batch) = self.change(id) {
            batch.record.fresh.union_with(&taken.fresh);
            batch.record.ready.union_with(&taken.ready);
            batch.record.suspect.union_with(&taken.suspect);
            let header = Arc::clone(&batch.header);
            self.schedule.let_go(&header, taken.all().len());
        }
        self.park(id, error);
    }

    /// Claims nothing of a batch any more: something of it cannot be read.
    pub(super) fn park(&mut self, id: BatchId, error: &StorageError) {
        tracing::error!(batch = %id, %error, "runs cannot be claimed: their batch cannot be read");
        if let Some(batch) = self.live.get_mut(&id) {
            batch.damaged = true;
        }
        self.reschedule(id);
    }

    /// Makes delayed runs claimable whose time has come.
    ///
    /// Not written down: opening finds them due as well.
    pub(super) fn promote_due(&mut self, now: Moment) {
        let millis = Self::millis(now);
        while let Some((at, id)) = self.due.first().copied() {
            if at > millis {
                break;
            }
            if let Err(error) = self.promote(id, millis) {
                self.set_due(id, None);
                self.park(id, &error);
            }
        }
    }

    fn promote(&mut self, id: BatchId, millis: i64) -> Result<(), StorageError> {
        let Some(delayed) = self.live.get(&id).map(|b| b.record.delayed.clone()) else {
            self.due.retain(|(_, batch)| *batch != id);
            return Ok(());
        };
        let mut next = None;
        let mut due = Vec::new();
        for ordinal in delayed.iter() {
            self.open_page(id, ordinal)?;
            let record = self.opened(id, ordinal).cloned().unwrap_or_default();
            match record.due_at {
                Some(at) if at > millis => next = Some(next.map_or(at, |n: i64| n.min(at))),
                _ => due.push((ordinal, record.interruptions)),
            }
        }
        if let Some(batch) = self.live.get_mut(&id) {
            for (ordinal, interruptions) in due {
                batch.record.delayed.remove(ordinal);
                batch.record.wait_again(ordinal, interruptions);
            }
        }
        self.set_due(id, next);
        self.reschedule(id);
        Ok(())
    }

    /// How long until time alone may make a run claimable.
    fn next_due(&self, now: Moment) -> Option<Duration> {
        let due = self.due.first().map(|(at, _)| {
            let left = at.saturating_sub(Self::millis(now)).max(0);
            Duration::from_millis(left.unsigned_abs())
        });
        let uptime_left = |at: Duration| at.saturating_sub(now.uptime);
        let lease = self.leases.first_end().map(uptime_left);
        let drain = Some(uptime_left(self.drain_until)).filter(|left| !left.is_zero());
        let suspect = (!self.suspects.is_empty() && self.quarantined.is_empty())
            .then(|| uptime_left(self.suspects_since.saturating_add(SUSPECTS_WAIT)))
            // Overdue ones wait for what is held; its end is news in the journal.
            .filter(|left| !left.is_zero());
        let timed = self.next_timed(now);
        let opening = self.next_opening(now);
        [due, timed, opening, lease, drain, suspect]
            .into_iter()
            .flatten()
            .min()
    }
}
