use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};

use super::expected::Expected;
use super::journal_check::JournalCheck;
use super::step::{Step, crashing_step, quiet_step};
use crate::conformance::case::Factory;
use crate::conformance::seed::Seed;
use crate::conformance::yard::Yard;

const VARIABLE: &str = "BATCHYARD_CONFORMANCE_DAYS";
/// The most steps of one day.
const STEPS: usize = 64;
/// No failing day is made shorter for longer than this.
const SHRINK_MILLIS: u32 = 20_000;

/// What random days have in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::conformance) enum Days {
    /// Nobody dies.
    Quiet,
    /// Now and then the process dies and the store is opened again.
    Crashing,
}

/// Lives random days, each in a new store, and shortens the first that goes wrong.
pub(in crate::conformance) fn search(harness: &Factory<'_>, seed: Seed, days: Days) {
    let config = Config {
        cases: number_of_days(harness),
        failure_persistence: None,
        max_shrink_time: SHRINK_MILLIS,
        ..Config::default()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed.bytes());
    let mut runner = TestRunner::new_with_rng(config, rng);
    let steps = match days {
        Days::Quiet => prop::collection::vec(quiet_step(), 1..STEPS).boxed(),
        Days::Crashing => prop::collection::vec(crashing_step(), 1..STEPS).boxed(),
    };
    let lived = runner.run(&steps, |steps| {
        Yard::visit(harness(), move |yard| Box::pin(live(yard, steps)));
        Ok(())
    });
    match lived {
        Ok(()) => {}
        Err(TestError::Fail(why, steps)) => panic!("seed {seed}: {why}\nafter {steps:#?}"),
        Err(TestError::Abort(why)) => panic!("seed {seed}: {why}"),
    }
}

fn number_of_days(harness: &Factory<'_>) -> u32 {
    match std::env::var(VARIABLE) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|e| panic!("{VARIABLE}={text}: {e}")),
        Err(_) => harness().random_days(),
    }
}

/// Lives one day and looks at everything after every step.
async fn live(yard: &mut Yard, steps: Vec<Step>) {
    let mut expected = Expected::default();
    let mut journal = JournalCheck::default();
    for step in steps {
        // What had ended before the step is looked at again at the end of the day.
        let ended: BTreeSet<_> = expected.finished().collect();
        expected.take(yard, step).await;
        journal.follow(yard).await;
        for id in expected.batches().filter(|id| !ended.contains(id)) {
            agree(yard, &expected, &journal, id).await;
        }
    }
    for id in expected.batches() {
        agree(yard, &expected, &journal, id).await;
    }
    journal.reread(yard).await;
}

/// Store, model and journal say the same of a batch.
async fn agree(yard: &Yard, expected: &Expected, journal: &JournalCheck, id: crate::id::BatchId) {
    expected.compare(yard, id).await;
    for (run, known) in expected.of(id) {
        let told = journal.has_ended(run);
        assert_eq!(
            told,
            known.state.is_ended(),
            "the end of {run} in the journal"
        );
    }
    let finished = expected.is_finished(id);
    assert_eq!(
        journal.has_finished(id),
        finished,
        "the end of {id} in the journal"
    );
}
