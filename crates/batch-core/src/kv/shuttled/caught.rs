//! What is wrong on purpose, and that the stories find it.

use super::closing::{a_close_amid_calls, a_drop_amid_calls};
use super::flaw::Flaw;
use super::ground::Ground;
use super::schedules::under_many_schedules;
use super::watched_kv::Plan;
use super::working::a_day_of_work;

#[test]
#[should_panic(expected = "before it was durable")]
fn a_map_that_says_too_soon_that_it_is_durable_is_caught() {
    under_many_schedules(|| {
        let ground = Ground::with_thread();
        ground.kv.plan(Plan::Hurry);
        a_day_of_work(&ground);
    });
}

#[test]
#[should_panic(expected = "deadlock")]
fn a_channel_that_keeps_what_a_closed_store_was_told_is_caught() {
    under_many_schedules(|| {
        Flaw::KeepsWhatIsQueued.spread();
        a_close_amid_calls(&Ground::with_thread());
    });
}

#[test]
#[should_panic(expected = "was handed in")]
fn a_channel_that_loses_what_a_dropped_store_was_told_is_caught() {
    under_many_schedules(|| {
        Flaw::LosesWhatIsQueued.spread();
        a_drop_amid_calls();
    });
}
