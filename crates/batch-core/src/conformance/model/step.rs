use proptest::prelude::*;

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
    RenewAll,
    RenewAgain(usize),
    CancelBatch(usize),
    CancelRun {
        batch: usize,
        run: u32,
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
        8 => (any::<usize>(), 0u8..5).prop_map(|(which, how)| Step::Settle { which, how }),
        2 => any::<usize>().prop_map(Step::SettleAgain),
        1 => Just(Step::RenewAll),
        1 => any::<usize>().prop_map(Step::RenewAgain),
        1 => any::<usize>().prop_map(Step::CancelBatch),
        1 => (any::<usize>(), 0u32..16).prop_map(|(batch, run)| Step::CancelRun { batch, run }),
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
