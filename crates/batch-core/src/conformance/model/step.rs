use std::num::NonZeroU32;
use std::time::Duration;

use proptest::prelude::*;

use crate::batch::Flow;
use crate::catalogue::{Rate, WorkflowLimits};
use crate::run::Verdict;

/// One thing that somebody does. Large numbers choose among what is there.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Submit {
        inputs: u32,
        key: Option<u8>,
    },
    SubmitTimed {
        inputs: u32,
        delay: u8,
        spread: u8,
        life: Option<u8>,
    },
    Claim(u32),
    Settle {
        which: usize,
        how: u8,
    },
    SettleAgain(usize),
    Record {
        which: usize,
        name: u8,
    },
    RecordLate(usize),
    RenewAll,
    RenewAgain(usize),
    CancelBatch(usize),
    CancelRun {
        batch: usize,
        run: u32,
    },
    SetFlow {
        which: usize,
        flow: Flow,
    },
    /// Of the workflow of all batches.
    SetWorkflowFlow(Flow),
    SetLimits(WorkflowLimits),
    /// Everybody sleeps through a lease, and one of them settles all the same.
    ComeLate(usize),
    Review {
        which: usize,
        verdict: Verdict,
    },
    DeleteBatch(usize),
    DeleteRun {
        batch: usize,
        run: u32,
    },
    UpdateRun {
        batch: usize,
        run: u32,
        tag: u8,
    },
    Wait(u64),
    Prune,
    Crash,
}

/// Steps of a day without crashes.
pub(super) fn quiet_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => (1u32..16, prop::option::of(0u8..3)).prop_map(|(inputs, key)| Step::Submit { inputs, key }),
        1 => timed(),
        4 => (1u32..12).prop_map(Step::Claim),
        10 => (any::<usize>(), 0u8..7).prop_map(|(which, how)| Step::Settle { which, how }),
        3 => any::<usize>().prop_map(Step::SettleAgain),
        2 => (any::<usize>(), 0u8..4).prop_map(|(which, name)| Step::Record { which, name }),
        1 => any::<usize>().prop_map(Step::RecordLate),
        1 => Just(Step::RenewAll),
        1 => any::<usize>().prop_map(Step::RenewAgain),
        1 => any::<usize>().prop_map(Step::CancelBatch),
        1 => (any::<usize>(), 0u32..16).prop_map(|(batch, run)| Step::CancelRun { batch, run }),
        1 => controls(),
        1 => any::<usize>().prop_map(Step::ComeLate),
        4 => review(),
        1 => any::<usize>().prop_map(Step::DeleteBatch),
        1 => (any::<usize>(), 0u32..16).prop_map(|(batch, run)| Step::DeleteRun { batch, run }),
        1 => (any::<usize>(), 0u32..16, 0u8..4).prop_map(|(batch, run, tag)| Step::UpdateRun { batch, run, tag }),
        2 => (1u64..45).prop_map(Step::Wait),
        1 => Just(Step::Prune),
    ]
}

/// Steps of a day with crashes.
pub(super) fn crashing_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        20 => quiet_step(),
        1 => Just(Step::Crash),
    ]
}

fn review() -> impl Strategy<Value = Step> {
    let verdict = prop::sample::select(&Verdict::ALL[..]);
    (any::<usize>(), verdict).prop_map(|(which, verdict)| Step::Review { which, verdict })
}

/// A batch whose runs begin later, one after the other, or only until a time. In seconds.
fn timed() -> impl Strategy<Value = Step> {
    let life = prop::option::of(1u8..40);
    let times = (1u32..16, 0u8..20, 0u8..20, life);
    times.prop_map(|(inputs, delay, spread, life)| Step::SubmitTimed {
        inputs,
        delay,
        spread,
        life,
    })
}

/// What somebody sets of what may be claimed.
fn controls() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (any::<usize>(), flow()).prop_map(|(which, flow)| Step::SetFlow { which, flow }),
        1 => flow().prop_map(Step::SetWorkflowFlow),
        2 => limits().prop_map(Step::SetLimits),
    ]
}

fn limits() -> impl Strategy<Value = WorkflowLimits> {
    let number = |n| NonZeroU32::new(n).expect("the ranges begin at 1");
    let most_held = prop::option::of((1u32..12).prop_map(number));
    let rate = (1u32..12, 1u64..12);
    let rate = rate.prop_map(move |(runs, per)| Rate::new(number(runs), Duration::from_secs(per)));
    (most_held, prop::option::of(rate))
        .prop_map(|(most_held, rate)| WorkflowLimits { most_held, rate })
}

fn flow() -> impl Strategy<Value = Flow> {
    // What is paused is often resumed, or a day comes to nothing.
    prop_oneof![1 => Just(Flow::Paused), 2 => Just(Flow::Going)]
}
