use std::panic::{AssertUnwindSafe, catch_unwind};

use batch_core::conformance::Case;

use super::cage::Cage;
use super::flaw::Flaw;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Passed,
    Failed,
}

fn check(flaw: Flaw, case: &str) -> Verdict {
    let case = Case::named(case);
    let cage = || case.show(&|| Box::new(Cage::new(flaw)));
    match catch_unwind(AssertUnwindSafe(cage)) {
        Ok(()) => Verdict::Passed,
        Err(_) => Verdict::Failed,
    }
}

/// The flaw fails the case, and the cage without the flaw passes it.
fn is_caught(flaw: Flaw, case: &str) {
    assert_eq!(check(flaw, case), Verdict::Failed, "{flaw:?} slips through");
    assert_eq!(
        check(Flaw::None, case),
        Verdict::Passed,
        "the cage is broken"
    );
}

const RACE: &str = "race::many_threads_claim_and_settle_and_each_run_ends_once";
const QUIET_DAYS: &str = "model::random_days_leave_the_store_as_the_model_says";
const CRASHING_DAYS: &str = "model::random_days_with_crashes_leave_the_store_as_the_model_says";

#[test]
fn a_lost_run_is_caught() {
    is_caught(
        Flaw::LosesARun,
        "claim::each_run_is_claimed_once_in_order_with_growing_tokens",
    );
}

#[test]
fn a_double_claim_is_caught() {
    is_caught(Flaw::ClaimsTwice, RACE);
}

#[test]
fn a_count_moved_twice_is_caught() {
    is_caught(
        Flaw::CountsTwice,
        "settle::every_disposition_leaves_the_run_where_it_says",
    );
}

#[test]
fn a_finished_event_that_comes_early_is_caught() {
    is_caught(
        Flaw::FinishesEarly,
        "journal::every_transition_is_in_the_journal_in_order_and_the_end_comes_once",
    );
}

#[test]
fn a_stale_settle_that_is_accepted_is_caught() {
    is_caught(
        Flaw::BelievesStaleTokens,
        "settle::a_late_finisher_changes_nothing",
    );
}

#[test]
fn a_renew_that_does_nothing_is_caught() {
    is_caught(
        Flaw::RenewsNothing,
        "renew::a_renewed_claim_lasts_for_another_lease",
    );
}

#[test]
fn a_cancel_that_forgets_is_caught() {
    is_caught(
        Flaw::ForgetsACancel,
        "cancel::a_cancelled_batch_ends_what_waits_and_asks_what_is_held",
    );
}

#[test]
fn a_cancel_that_its_holder_does_not_hear_of_is_caught() {
    is_caught(
        Flaw::KeepsACancelToItself,
        "renew::a_run_that_was_asked_to_stop_is_told_so_and_kept",
    );
}

#[test]
fn a_page_that_skips_is_caught() {
    is_caught(
        Flaw::SkipsOnPages,
        "pages::every_run_is_seen_once_whatever_the_size_of_a_page",
    );
}

#[test]
fn an_opening_that_forgets_the_idempotency_key_is_caught() {
    is_caught(
        Flaw::ForgetsKeysOnOpening,
        "reopen::keys_are_remembered_across_crashes",
    );
}

#[test]
fn a_batch_acknowledged_before_it_is_durable_is_caught() {
    is_caught(
        Flaw::AcknowledgesTooSoon,
        "reopen::what_was_stored_is_there_after_a_crash",
    );
}

#[test]
fn tokens_that_begin_anew_is_caught() {
    is_caught(Flaw::RestartsTokens, "reopen::tokens_grow_across_crashes");
}

#[test]
fn a_prune_that_eats_a_live_batch_is_caught() {
    is_caught(
        Flaw::PrunesLiveBatches,
        "prune::a_live_batch_is_never_pruned",
    );
}

#[test]
fn a_prune_that_runs_past_a_sink_is_caught() {
    is_caught(
        Flaw::PrunesPastSinks,
        "prune::nothing_is_pruned_that_a_sink_has_not_passed",
    );
}

#[test]
fn a_retry_that_does_not_wait_is_caught() {
    is_caught(
        Flaw::RetriesAtOnce,
        "settle::a_retry_waits_for_its_time_and_counts_an_attempt",
    );
}

#[test]
fn an_attempt_counted_for_a_run_given_back_is_caught() {
    is_caught(
        Flaw::CountsAReleasedAttempt,
        "settle::a_run_that_was_given_back_has_no_attempt_counted",
    );
}

#[test]
fn an_attempt_counted_for_a_snoozed_run_is_caught() {
    is_caught(
        Flaw::CountsASnoozedAttempt,
        "snooze::a_snoozed_run_waits_for_its_time_and_counts_no_attempt",
    );
}

#[test]
fn a_step_recorded_by_a_stale_holder_is_caught() {
    is_caught(
        Flaw::BelievesStaleSteps,
        "steps::only_the_holder_of_the_claim_records",
    );
}

#[test]
fn steps_that_are_forgotten_is_caught() {
    is_caught(
        Flaw::ForgetsSteps,
        "steps::a_recorded_step_comes_back_with_every_attempt_until_the_run_ends",
    );
}

#[test]
fn a_conflict_taken_for_a_replay_is_caught() {
    is_caught(
        Flaw::TakesAConflictForAReplay,
        "insert::the_same_key_with_other_content_is_a_conflict_that_names_the_first_batch",
    );
}

#[test]
fn a_version_resolved_late_is_caught() {
    is_caught(
        Flaw::ResolvesTheVersionLate,
        "insert::a_batch_keeps_the_version_it_was_stored_with",
    );
}

#[test]
fn a_sink_that_goes_back_is_caught() {
    is_caught(Flaw::MovesSinksBack, "sinks::a_sink_never_goes_back");
}

#[test]
fn an_entry_left_out_of_the_journal_is_caught() {
    is_caught(
        Flaw::LeavesOutEntries,
        "journal::every_transition_is_in_the_journal_in_order_and_the_end_comes_once",
    );
}

#[test]
fn secrets_in_a_listing_is_caught() {
    is_caught(
        Flaw::ShowsSecrets,
        "secrets::a_claimed_run_has_its_own_secrets_and_no_read_has_any",
    );
}

#[test]
fn an_output_that_is_dropped_is_caught() {
    is_caught(
        Flaw::DropsLargeOutputs,
        "settle::outputs_small_and_large_come_back_as_they_were",
    );
}

#[test]
fn a_waiter_woken_for_nothing_is_caught() {
    is_caught(
        Flaw::WakesForNothing,
        "wait::a_waiter_wakes_when_the_journal_grows",
    );
}

#[test]
fn a_pause_that_is_forgotten_is_caught() {
    is_caught(
        Flaw::ForgetsAPause,
        "flow::a_paused_batch_waits_until_it_is_resumed",
    );
}

#[test]
fn limits_that_nobody_holds_to_are_caught() {
    is_caught(
        Flaw::IgnoresLimits,
        "flow::a_workflow_goes_no_faster_than_its_rate",
    );
}

#[test]
fn a_delete_that_forgets_is_caught() {
    is_caught(
        Flaw::ForgetsADelete,
        "delete::a_deleted_batch_is_gone_with_its_runs",
    );
}

#[test]
fn an_update_that_forgets_is_caught() {
    is_caught(
        Flaw::ForgetsAnUpdate,
        "update::an_update_is_read_back_in_every_state_of_the_run",
    );
}

#[test]
fn a_prune_that_does_not_look_at_endings_is_caught() {
    is_caught(
        Flaw::PrunesAnyEnding,
        "prune::batches_are_pruned_by_how_they_ended",
    );
}

#[test]
fn a_close_that_does_nothing_is_caught() {
    is_caught(
        Flaw::IgnoresAClose,
        "close::after_it_every_call_says_that_the_store_is_closed",
    );
}

#[test]
fn a_close_that_counts_what_is_held_as_interrupted_is_caught() {
    is_caught(
        Flaw::ClosesLikeADeath,
        "close::a_run_that_was_held_waits_again_and_nothing_is_counted",
    );
}

#[test]
fn a_second_answer_to_a_review_that_is_taken_is_caught() {
    is_caught(
        Flaw::TakesASecondAnswer,
        "review::replies_stand_in_the_order_of_the_requests",
    );
}

#[test]
fn a_review_of_a_deleted_run_that_is_answered_is_caught() {
    is_caught(
        Flaw::RemembersDeletedRuns,
        "review::a_run_that_was_deleted_takes_no_answer_and_is_not_there",
    );
}

#[test]
fn a_claim_that_waits_for_ever_is_caught() {
    is_caught(
        Flaw::ForgetsWhoWaits,
        "patience::a_batch_that_is_stored_answers_a_claim_that_waits",
    );
}

#[test]
fn a_batch_told_resumed_while_its_workflow_is_paused_is_caught() {
    is_caught(
        Flaw::ResumesTooSoon,
        "flow::a_batch_paused_twice_over_is_told_paused_and_resumed_once",
    );
}

#[test]
fn a_grant_to_a_claim_that_was_dropped_is_caught() {
    is_caught(
        Flaw::GrantsToTheDropped,
        "patience::a_claim_that_is_dropped_while_it_waits_gets_nothing",
    );
}

#[test]
fn random_days_find_these_by_themselves() {
    for flaw in [
        Flaw::LosesARun,
        Flaw::ClaimsTwice,
        Flaw::CountsTwice,
        Flaw::FinishesEarly,
        Flaw::BelievesStaleTokens,
        Flaw::RenewsNothing,
        Flaw::ForgetsACancel,
        Flaw::PrunesLiveBatches,
        Flaw::RetriesAtOnce,
        Flaw::CountsAReleasedAttempt,
        Flaw::CountsASnoozedAttempt,
        Flaw::BelievesStaleSteps,
        Flaw::ForgetsSteps,
        Flaw::TakesAConflictForAReplay,
        Flaw::LeavesOutEntries,
        Flaw::ForgetsAPause,
        Flaw::IgnoresLimits,
        Flaw::TakesASecondAnswer,
        Flaw::ForgetsADelete,
        Flaw::ForgetsAnUpdate,
    ] {
        assert_eq!(check(flaw, QUIET_DAYS), Verdict::Failed, "{flaw:?}");
    }
    for flaw in [
        Flaw::ForgetsKeysOnOpening,
        Flaw::AcknowledgesTooSoon,
        Flaw::RestartsTokens,
    ] {
        assert_eq!(check(flaw, CRASHING_DAYS), Verdict::Failed, "{flaw:?}");
    }
}
