use std::time::Duration;

use batch_core::storage::PatientClaims;
use fastrand::Rng;

/// Which faults a seed has, how often, and how its host is set up.
///
/// A rate is "once in so many"; nought is never. Each class of faults is on in
/// about half of the seeds, so that some seeds have nearly none and others nearly
/// all: what hides one fault behind another in one seed does not in the next.
#[derive(Debug, Clone)]
pub(super) struct Weather {
    pub(super) commit_lost: u32,
    pub(super) commit_in_doubt: u32,
    pub(super) die_before_commit: u32,
    pub(super) die_after_commit: u32,
    pub(super) die_in_sink: u32,
    pub(super) transient: u32,
    /// A call of the store takes at most this long, most of the time.
    pub(super) store_millis: u64,
    /// A call takes longer than a lease.
    pub(super) stall: u32,
    /// No process lives longer than this.
    pub(super) life: Duration,
    pub(super) attempt_fails: u32,
    pub(super) attempt_panics: u32,
    pub(super) attempt_hangs: u32,
    pub(super) attempt_millis: u64,
    /// Inputs that kill their process whenever they are executed.
    pub(super) poison: u32,
    pub(super) sink_fails: u32,
    pub(super) sink_panics: u32,
    pub(super) sink_lags: u32,
    pub(super) cancels: u32,
    pub(super) prunes: u32,
    pub(super) clock_jumps: u32,
    pub(super) pauses: u32,
    pub(super) limits: u32,
    pub(super) updates: u32,
    pub(super) deletes: u32,
    pub(super) late_sink: u32,
    pub(super) errands: usize,
    pub(super) submitters: usize,
    pub(super) dispatchers: usize,
    pub(super) concurrency: usize,
    pub(super) prefetch: usize,
    pub(super) lease: Duration,
    pub(super) preferred_value: usize,
    /// What the store says of claims with patience.
    pub(super) patient_claims: PatientClaims,
}

/// Between which rates each fault is drawn, where it strikes at all.
const RATES: [(u32, u32); 22] = [
    (20, 300),
    (20, 300),
    (20, 300),
    (20, 300),
    (10, 100),
    (10, 200),
    (10, 150),
    (3, 12),
    (5, 40),
    (8, 60),
    (15, 60),
    (2, 20),
    (2, 20),
    (2, 20),
    (1, 6),
    (1, 6),
    (1, 6),
    (1, 1),
    (2, 20),
    (2, 20),
    (1, 6),
    (1, 6),
];

impl Weather {
    /// The weather of a seed.
    pub(super) fn draw(random: &mut Rng) -> Self {
        let mut rate = |from: u32, to: u32| match random.bool() {
            true => random.u32(from..=to),
            false => 0,
        };
        let faults = RATES.map(|(from, to)| rate(from, to));
        Self {
            commit_lost: faults[0],
            commit_in_doubt: faults[1],
            die_before_commit: faults[2],
            die_after_commit: faults[3],
            die_in_sink: faults[4],
            transient: faults[5],
            stall: faults[6],
            attempt_fails: faults[7],
            attempt_panics: faults[8],
            attempt_hangs: faults[9],
            poison: faults[10],
            sink_fails: faults[11],
            sink_panics: faults[12],
            sink_lags: faults[13],
            cancels: faults[14],
            prunes: faults[15],
            clock_jumps: faults[16],
            late_sink: faults[17],
            pauses: faults[18],
            limits: faults[19],
            updates: faults[20],
            deletes: faults[21],
            store_millis: *pick(random, &[0, 5, 50, 500]),
            life: Duration::from_secs(*pick(random, &[10, 60, 300])),
            attempt_millis: *pick(random, &[10, 500, 5_000]),
            errands: random.usize(3..=10),
            submitters: random.usize(1..=3),
            dispatchers: random.usize(1..=2),
            concurrency: random.usize(1..=8),
            prefetch: *pick(random, &[0, 2, 32]),
            lease: Duration::from_secs(*pick(random, &[2, 5, 30])),
            preferred_value: *pick(random, &[512, 1_024, 4_096]),
            patient_claims: *pick(random, &[PatientClaims::Answered, PatientClaims::Wait]),
        }
    }
}

fn pick<'a, T>(random: &mut Rng, among: &'a [T]) -> &'a T {
    &among[random.usize(..among.len())]
}
