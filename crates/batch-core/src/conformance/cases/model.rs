use crate::conformance::case::Factory;
use crate::conformance::model::{Days, search};
use crate::conformance::seed::Seed;

/// Shows: "Counts, run records and journal entries of a change move in one commit."
/// Shows: "Each run goes to one claimer, with a token greater than every token before."
pub(crate) fn random_days_leave_the_store_as_the_model_says(harness: &Factory<'_>, seed: Seed) {
    search(harness, seed, Days::Quiet);
}

/// Shows: "Where one process holds the store alone, every claim of a dead process is void as soon as the store is opened again."
/// Shows: "Counts, run records and journal entries of a change move in one commit."
pub(crate) fn random_days_with_crashes_leave_the_store_as_the_model_says(
    harness: &Factory<'_>,
    seed: Seed,
) {
    search(harness, seed, Days::Crashing);
}
