/// A kind of work that subjects are compared in.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) what: &'static str,
    pub(crate) unit: Unit,
    pub(crate) subjects: &'static [Subject],
}

/// What the figures of a row are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Runs a second: more is better.
    RunsPerSecond,
    /// Microseconds: less is better.
    Microseconds,
}

/// Who does the work, and by which program.
#[derive(Debug)]
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    pub(crate) by: By,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum By {
    /// This program, told this name.
    Us(&'static str),
    /// The program of a peer, with arguments.
    Peer(&'static str, &'static [&'static str]),
}

impl Unit {
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::RunsPerSecond => "runs/s",
            Self::Microseconds => "µs",
        }
    }
}

const fn us(name: &'static str, told: &'static str) -> Subject {
    let by = By::Us(told);
    Subject { name, by }
}

const fn peer(name: &'static str, program: &'static str, told: &'static [&'static str]) -> Subject {
    let by = By::Peer(program, told);
    Subject { name, by }
}

pub(crate) const LIMIT: &str = "limit: append, fdatasync in groups";
pub(crate) const RAW_SLED: &str = "limit: raw sled, same chunks, 1 thread";
pub(crate) const SLED: &str = "batchyard sled";
pub(crate) const REDB: &str = "batchyard redb";
pub(crate) const LOG: &str = "batchyard log";
pub(crate) const MEMORY: &str = "batchyard memory";
pub(crate) const MEMORY_CURRENT: &str = "batchyard memory, current-thread runtime";
pub(crate) const SLED_WIDE: &str = "batchyard sled, 64 at once, 256 ahead";
pub(crate) const LOG_WIDE: &str = "batchyard log, 64 at once, 256 ahead";
pub(crate) const MEMORY_WIDE: &str = "batchyard memory, 64 at once, 256 ahead";
pub(crate) const EFFECTUM: &str = "effectum";
pub(crate) const APALIS_MEMORY: &str = "apalis memory";
pub(crate) const APALIS_SQLITE: &str = "apalis-sqlite";
pub(crate) const QUEUE_SLED: &str = "persistent-queue sled";
pub(crate) const QUEUE_REDB: &str = "persistent-queue redb";
pub(crate) const RUSTQUEUE: &str = "rustqueue redb, batch loop";
pub(crate) const SYNC: &str = "limit: append 300 B, fdatasync";

/// Every row, in the order of the table.
pub(crate) const ROWS: &[Row] = &[
    Row {
        name: "submit-durable",
        what: "durable submit: 1,000 inputs of 300 B a batch, 4 submitters",
        unit: Unit::RunsPerSecond,
        subjects: &[
            us("limit: append, fdatasync a batch", "append"),
            us(LIMIT, "grouped"),
            us(RAW_SLED, "raw-sled"),
            us(SLED, "sled"),
            us(REDB, "redb"),
            us(LOG, "log"),
            us("batchyard sled, a sync per run", "sled-singly"),
            us("batchyard redb, a sync per run", "redb-singly"),
            us("batchyard log, a sync per run", "log-singly"),
            peer(EFFECTUM, "peer-effectum", &["submit-durable"]),
            peer(APALIS_SQLITE, "peer-apalis", &["submit-durable"]),
            peer(
                "rustqueue redb, push_batch",
                "peer-rustqueue",
                &["submit-durable"],
            ),
            peer(
                QUEUE_SLED,
                "peer-persistent-queue",
                &["submit-durable", "sled"],
            ),
            peer(
                QUEUE_REDB,
                "peer-persistent-queue",
                &["submit-durable", "redb"],
            ),
        ],
    },
    Row {
        name: "dispatch-durable",
        what: "durable dispatch and end of no-op runs of 300 B, 10 batches of 1,000 waiting; ours 8 at once, 16 ahead",
        unit: Unit::RunsPerSecond,
        subjects: &[
            us(SLED, "sled"),
            us(REDB, "redb"),
            us(LOG, "log"),
            us(SLED_WIDE, "sled-wide"),
            us("batchyard redb, 64 at once, 256 ahead", "redb-wide"),
            us(LOG_WIDE, "log-wide"),
            us("batchyard sled, a sync per run", "sled-singly"),
            us("batchyard redb, a sync per run", "redb-singly"),
            us("batchyard log, a sync per run", "log-singly"),
            peer(EFFECTUM, "peer-effectum", &["dispatch-durable"]),
            peer(APALIS_SQLITE, "peer-apalis", &["dispatch-durable"]),
            peer(RUSTQUEUE, "peer-rustqueue", &["dispatch-durable"]),
            peer(
                QUEUE_SLED,
                "peer-persistent-queue",
                &["dispatch-durable", "sled"],
            ),
            peer(
                QUEUE_REDB,
                "peer-persistent-queue",
                &["dispatch-durable", "redb"],
            ),
        ],
    },
    Row {
        name: "submit-memory",
        what: "submit in memory: 1,000 inputs of 300 B a batch, 1 submitter",
        unit: Unit::RunsPerSecond,
        subjects: &[
            us("limit: memcpy", "memcpy"),
            us("limit: tokio mpsc", "channel"),
            us(MEMORY, "memory"),
            us("batchyard memory, 4 submitters", "memory-4"),
            peer(APALIS_MEMORY, "peer-apalis", &["submit-memory"]),
        ],
    },
    Row {
        name: "dispatch-memory",
        what: "dispatch and end of no-op runs of 300 B in memory, 10 batches of 1,000 waiting; ours 8 at once, 16 ahead",
        unit: Unit::RunsPerSecond,
        subjects: &[
            us("limit: tokio mpsc", "channel"),
            us(MEMORY, "memory"),
            us(MEMORY_WIDE, "memory-wide"),
            us("batchyard memory, so and 200 batches waiting", "memory-200"),
            peer(APALIS_MEMORY, "peer-apalis", &["dispatch-memory"]),
        ],
    },
    Row {
        name: "pickup",
        what: "pickup when idle, median: from the call of submit to the executor",
        unit: Unit::Microseconds,
        subjects: &[
            us(SYNC, "sync"),
            us("limit: raw sled, 300 B", "raw-sled"),
            us(MEMORY, "memory"),
            us(MEMORY_CURRENT, "memory-current"),
            us(SLED, "sled"),
            us(REDB, "redb"),
            us(LOG, "log"),
            peer(APALIS_MEMORY, "peer-apalis", &["pickup-memory"]),
        ],
    },
];
