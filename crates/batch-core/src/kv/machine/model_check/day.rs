use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::time::Duration;

use jiff::Timestamp;

use super::journal_witness::JournalWitness;
use super::model_kv::ModelKv;
use super::promise::Promise;
use super::step::Step;
use super::witness::Witness;
use crate::id::{SinkName, WorkflowId};
use crate::journal::Sequence;
use crate::kv::machine::Machine;
use crate::storage::{ClaimKey, ClaimToken, SinkStart, StorageError, WorkflowChange};
use crate::time::Moment;

/// How long leases, the wait for a retry and one step of time are.
pub(super) const SPAN: Duration = Duration::from_secs(30);

/// More journal entries than any day has.
pub(super) const WHOLE_JOURNAL: NonZeroU32 = NonZeroU32::new(1_000).unwrap();

const FINGERPRINT_KEY: [u8; 32] = [7; 32];
const BEGINNING: Timestamp = Timestamp::constant(1_767_225_600, 0);

/// A store, those who use it, and what should be true.
#[derive(Debug, Clone)]
pub(super) struct Day {
    pub machine: Machine<ModelKv>,
    /// How many spans have passed.
    pub span: u32,
    /// How many had passed when the store was opened.
    pub opened: u32,
    /// The claims that are current, by their runs.
    pub hands: BTreeMap<u32, Hand>,
    /// The latest claim to a run that was lost or spent. Its worker may come back any time.
    pub late: BTreeMap<u32, ClaimKey>,
    pub last_token: Option<ClaimToken>,
    pub sink: Sender,
    pub witness: Witness,
    pub journal: JournalWitness,
    pub breach: Option<Promise>,
    /// How it came to this. No part of the state.
    pub story: Vec<Step>,
}

/// A claim in a worker's hand.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hand {
    pub key: ClaimKey,
    /// The span at which it runs out.
    pub expires: u32,
}

/// The sink: what its process knows, and what has gone out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sender {
    /// Up to where this process has sent.
    pub sent: Sequence,
    /// Up to where anything has ever been sent without a gap.
    pub told: Sequence,
}

pub(super) fn workflow() -> WorkflowId {
    WorkflowId::new("w").unwrap()
}

pub(super) fn sink() -> SinkName {
    SinkName::new("s").unwrap()
}

impl Day {
    /// A new store with a workflow and a sink, and a client who is about to submit.
    pub(super) fn new() -> Self {
        let machine = open(ModelKv::default(), moment(0, 0)).unwrap();
        let mut day = Self {
            machine,
            span: 0,
            opened: 0,
            hands: BTreeMap::new(),
            late: BTreeMap::new(),
            last_token: None,
            sink: Sender {
                sent: Sequence::START,
                told: Sequence::START,
            },
            witness: Witness::default(),
            journal: JournalWitness::new(),
            breach: None,
            story: Vec::new(),
        };
        let (now, machine) = (day.now(), &mut day.machine);
        let change = WorkflowChange::EnsureDeployed;
        machine.change_workflow(&workflow(), change, now).unwrap();
        machine.open_sink(sink(), SinkStart::Beginning).unwrap();
        machine.commit(now).unwrap();
        day
    }

    pub(super) fn now(&self) -> Moment {
        moment(self.span, self.opened)
    }

    pub(super) fn pass(&mut self) {
        self.span += 1;
        for run in &mut self.witness.runs {
            run.early = false;
        }
    }

    /// What the sink has moved its cursor to.
    pub(super) fn cursor(&self) -> Sequence {
        self.machine.sinks[&sink()]
    }

    /// The process dies, and another opens what is there.
    pub(super) fn die(&mut self) -> Result<(), Promise> {
        self.opened = self.span;
        let found = self.machine.stage.map().survivor();
        self.machine = open(found, self.now()).map_err(|_| Promise::Answers)?;
        for (run, hand) in std::mem::take(&mut self.hands) {
            self.witness.run(run).interrupt();
            self.late.insert(run, hand.key);
        }
        self.sink.sent = self.cursor();
        match self.sink.sent > self.sink.told {
            true => Err(Promise::Sink),
            false => Ok(()),
        }
    }
}

fn moment(span: u32, opened: u32) -> Moment {
    Moment {
        wall: BEGINNING + SPAN * span,
        uptime: SPAN * (span - opened),
    }
}

fn open(found: ModelKv, now: Moment) -> Result<Machine<ModelKv>, StorageError> {
    let mut machine = Machine::open(found, FINGERPRINT_KEY, Duration::ZERO, now)?;
    machine.commit(now)?;
    Ok(machine)
}
