//! What makes two days the same.
//!
//! Left out is what only says how a day came about: absolute times, the numbers of
//! tokens and of journal entries, the journal's past. The promises on those are held
//! when they are made: tokens and sequences only grow, the journal is read entry by
//! entry as it grows and never changes behind. No rule asks for more of them than
//! kept here: which claim is current, how long until a time, who is how far behind.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::time::Duration;

use super::day::{Day, Sender};
use super::witness::Known;
use crate::batch::Counts;
use crate::id::BatchId;
use crate::kv::key;
use crate::kv::record::{BatchHeader, LiveRecord, RunPage, RunRecord, Sweep};
use crate::run::{Failure, RunState};

/// Suspects have waited long enough after this, in `claim.rs`; more makes no difference.
const LONG: Duration = Duration::from_secs(10);

impl Hash for Day {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.hash_memory(state);
        self.hash_map(state);
        self.hash_people(state);
    }
}

impl PartialEq for Day {
    fn eq(&self, other: &Self) -> bool {
        same_state(self, other)
    }
}

pub(super) fn same_state(one: &Day, other: &Day) -> bool {
    let digest = |day: &Day| {
        let mut hasher = DefaultHasher::new();
        day.hash(&mut hasher);
        hasher.finish()
    };
    digest(one) == digest(other)
}

impl Day {
    /// What the machine remembers.
    fn hash_memory<H: Hasher>(&self, state: &mut H) {
        let machine = &self.machine;
        let uptime = self.now().uptime;
        for (id, live) in &machine.live {
            id.hash(state);
            self.hash_live(&live.record, state);
            live.damaged.hash(state);
            for (run, held) in live.claims.iter() {
                run.hash(state);
                (held.attempts, held.interruptions).hash(state);
                held.expires.saturating_sub(uptime).hash(state);
            }
        }
        for (at, run) in machine.leases.iter() {
            (at.saturating_sub(uptime), run).hash(state);
        }
        for (at, id) in (machine.due.iter())
            .chain(&machine.releases)
            .chain(&machine.expiries)
        {
            (self.until(*at), id).hash(state);
        }
        machine.suspects.hash(state);
        machine.quarantined.hash(state);
        // Whoever becomes a suspect sets it anew, so it says something only where there is one.
        if self.witness.runs.iter().any(Known::is_suspect) {
            let waited = uptime.saturating_sub(machine.suspects_since);
            waited.min(LONG).hash(state);
        }
        machine.drain_until.saturating_sub(uptime).hash(state);
        machine.tidy.len().hash(state);
        machine.failed.hash(state);
        let next = machine.schedule.next(&[super::day::workflow()], 1);
        next.map(|pick| pick.batch).hash(state);
    }

    /// What the map holds, the journal apart.
    fn hash_map<H: Hasher>(&self, state: &mut H) {
        let stage = &self.machine.stage;
        self.machine.head.live.hash(state);
        let Some(id) = self.witness.batch else {
            return;
        };
        let header = stage
            .get_record(&key::header(id), String::new)
            .ok()
            .flatten();
        header.is_some().hash(state);
        let end = header.and_then(|header: BatchHeader| header.end);
        if let Some(end) = end {
            hash_counts(&end.counts, state);
            hash_sweeps(&end.sweeps, state);
        }
        let live = stage.get_record(&key::live(id), String::new).ok().flatten();
        if let Some(live) = live {
            self.hash_live(&live, state);
        }
        self.hash_page(id, state);
        stage
            .get(&key::tidy(id))
            .is_ok_and(|t| t.is_some())
            .hash(state);
    }

    fn hash_live<H: Hasher>(&self, record: &LiveRecord, state: &mut H) {
        let sets = [
            &record.fresh,
            &record.ready,
            &record.suspect,
            &record.delayed,
            &record.review,
            &record.held,
            &record.cancelling,
            &record.pages,
        ];
        sets.hash(state);
        hash_counts(&record.ended, state);
        hash_sweeps(&record.sweeps, state);
        record.due_at.map(|at| self.until(at)).hash(state);
    }

    fn hash_page<H: Hasher>(&self, id: BatchId, state: &mut H) {
        let page = self
            .machine
            .stage
            .get_record(&key::page(id, 0), String::new);
        let page: Option<RunPage> = page.ok().flatten();
        let mut records: Vec<_> = page.iter().flat_map(RunPage::records).collect();
        records.sort_by_key(|(run, _)| *run);
        for (run, record) in records {
            run.hash(state);
            self.hash_record(record, state);
        }
    }

    fn hash_record<H: Hasher>(&self, record: &RunRecord, state: &mut H) {
        (record.end, record.attempts, record.interruptions).hash(state);
        record.due_at.map(|at| self.until(at)).hash(state);
        record.failure.as_ref().map(Failure::reason).hash(state);
        record.output.is_some().hash(state);
        record.review.is_some().hash(state);
    }

    /// Who is in the middle of what.
    fn hash_people<H: Hasher>(&self, state: &mut H) {
        for (run, hand) in &self.hands {
            (run, hand.expires.saturating_sub(self.span)).hash(state);
        }
        for run in self.late.keys() {
            run.hash(state);
        }
        (self.hands.len(), self.late.len()).hash(state);
        let (cursor, head) = (self.cursor(), self.machine.sequence());
        let Sender { sent, told } = self.sink;
        (sent.cmp(&cursor), sent.cmp(&head), cursor.cmp(&head)).hash(state);
        (told.cmp(&cursor), told.cmp(&sent)).hash(state);
        self.witness.hash(state);
        (&self.journal.runs, self.journal.finished).hash(state);
        self.breach.hash(state);
    }

    /// Milliseconds of wall time until a time; those in the past are all the same.
    fn until(&self, at: i64) -> i64 {
        at.saturating_sub(self.now().wall.as_millisecond()).max(0)
    }
}

fn hash_counts<H: Hasher>(counts: &Counts, state: &mut H) {
    RunState::ALL.map(|of| counts.of(of)).hash(state);
}

fn hash_sweeps<H: Hasher>(sweeps: &[Sweep], state: &mut H) {
    for sweep in sweeps {
        sweep.ordinals.hash(state);
        sweep.kind.state().hash(state);
    }
    sweeps.len().hash(state);
}
