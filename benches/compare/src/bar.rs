use crate::row::{
    APALIS_MEMORY, APALIS_SQLITE, EFFECTUM, LIMIT, LOG, MEMORY, MEMORY_CURRENT, MEMORY_WIDE,
    QUEUE_REDB, QUEUE_SLED, RAW_SLED, REDB, RUSTQUEUE, SLED, SLED_WIDE, SYNC,
};

/// What a row must show: the best of some subjects beside the best of others.
#[derive(Debug)]
pub(crate) struct Bar {
    pub(crate) row: &'static str,
    pub(crate) ours: &'static [&'static str],
    pub(crate) beside: Beside,
    pub(crate) factor: f64,
}

#[derive(Debug)]
pub(crate) enum Beside {
    /// At least the factor times the best of these.
    AtLeast(&'static [&'static str]),
    /// At most the factor times this one.
    AtMost(&'static str),
    /// At most the factor itself, in the unit of the row.
    Below,
}

pub(crate) const BARS: &[Bar] = &[
    Bar {
        row: "submit-durable",
        ours: &[SLED, REDB, LOG],
        beside: Beside::AtLeast(&[LIMIT]),
        factor: 0.5,
    },
    Bar {
        row: "submit-durable",
        ours: &[SLED],
        beside: Beside::AtLeast(&[RAW_SLED]),
        factor: 0.8,
    },
    Bar {
        row: "submit-durable",
        ours: &[SLED],
        beside: Beside::AtLeast(&[LIMIT]),
        factor: 0.3,
    },
    Bar {
        row: "submit-durable",
        ours: &[SLED],
        beside: Beside::AtLeast(&[EFFECTUM]),
        factor: 2.0,
    },
    Bar {
        row: "dispatch-durable",
        // Both widths are held to fairness by tests of batch-exec.
        ours: &[SLED, SLED_WIDE],
        beside: Beside::AtLeast(&[EFFECTUM, RUSTQUEUE, QUEUE_SLED, QUEUE_REDB, APALIS_SQLITE]),
        factor: 5.0,
    },
    Bar {
        row: "submit-memory",
        ours: &[MEMORY],
        beside: Beside::AtLeast(&[APALIS_MEMORY]),
        factor: 4.0,
    },
    Bar {
        row: "dispatch-memory",
        ours: &[MEMORY, MEMORY_WIDE],
        beside: Beside::AtLeast(&[APALIS_MEMORY]),
        factor: 1.0,
    },
    // As the peer is measured, which has no other kind of runtime.
    Bar {
        row: "pickup",
        ours: &[MEMORY_CURRENT],
        beside: Beside::Below,
        factor: 30.0,
    },
    Bar {
        row: "pickup",
        ours: &[MEMORY],
        beside: Beside::Below,
        factor: 30.0,
    },
    Bar {
        row: "pickup",
        ours: &[SLED],
        beside: Beside::AtMost(SYNC),
        factor: 2.0,
    },
];
