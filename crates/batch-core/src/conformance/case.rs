use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;

use super::case_result::{CaseResult, Outcome};
use super::seed::Seed;
use super::yard::Yard;
use super::{Capability, Harness, Suite};

/// Makes a harness with an empty place.
pub(super) type Factory<'a> = dyn Fn() -> Box<dyn Harness> + 'a;
/// A case that is told once.
pub(super) type Story = for<'a> fn(&'a mut Yard) -> Pin<Box<dyn Future<Output = ()> + 'a>>;
/// A case that makes stores of its own.
pub(super) type Trials = fn(&Factory<'_>);
/// A case that makes stores of its own and does with them what a seed says.
pub(super) type Search = fn(&Factory<'_>, Seed);

/// One promise of the contract, and how it is shown.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    /// The verb and the sentence, such as `settle::a_token_is_spent_once`.
    pub name: &'static str,
    /// What it needs of a store beyond the trait.
    pub needs: &'static [Capability],
    pub(super) how: How,
}

/// How a case is run.
#[derive(Debug, Clone, Copy)]
pub(super) enum How {
    Story(Story),
    Trials(Trials),
    Search(Search),
}

impl Case {
    /// Runs the case and leaves a result where the environment names a directory for them.
    ///
    /// # Panics
    ///
    /// When the store breaks the promise.
    pub fn check(&self, suite: &Suite, harness: &dyn Fn() -> Box<dyn Harness>) {
        let seed = match self.how {
            How::Story(_) | How::Trials(_) => None,
            How::Search(_) => Some(Seed::choose()),
        };
        let run = || self.run(harness, seed.unwrap_or(Seed::FIXED));
        let ended = catch_unwind(AssertUnwindSafe(run));
        let outcome = match &ended {
            Ok(()) => Outcome::Passed,
            Err(panic) => Outcome::Failed(words(panic.as_ref())),
        };
        CaseResult::new(suite, self.name, seed.map(|s| s.to_string()), outcome).leave();
        if let Err(panic) = ended {
            resume_unwind(panic);
        }
    }

    /// Runs the case with the same seed always and leaves no result.
    ///
    /// For storages that are broken on purpose, to show that the case notices.
    ///
    /// # Panics
    ///
    /// When the store breaks the promise.
    pub fn show(&self, harness: &dyn Fn() -> Box<dyn Harness>) {
        self.run(harness, Seed::FIXED);
    }

    fn run(&self, harness: &Factory<'_>, seed: Seed) {
        match self.how {
            How::Story(story) => Yard::visit(harness(), story),
            How::Trials(trials) => trials(harness),
            How::Search(search) => search(harness, seed),
        }
    }
}

/// What a panic said.
fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("it panicked without words").to_owned()
}
