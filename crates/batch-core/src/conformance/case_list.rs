//! The one list of cases: by verb, with what each needs of a store.

use super::Capability;
use super::case::{Case, How};
use super::cases;

/// Hands the list to another macro of this crate, after what that one was given.
#[doc(hidden)]
#[macro_export]
macro_rules! conformance_cases {
    ($then:ident $($given:tt)*) => {
        $crate::$then! {
            $($given)*
            insert {
                a_stored_batch_has_all_its_runs_pending_with_their_inputs [];
                every_kind_of_input_comes_back_as_it_was_given [];
                the_same_key_and_content_give_the_first_batch_back [];
                the_same_key_with_other_content_is_a_conflict_that_names_the_first_batch [];
                another_secret_under_the_same_key_is_other_content [];
                without_a_key_the_same_content_makes_another_batch [];
                a_replay_is_answered_though_the_workflow_has_moved_on [];
                a_batch_keeps_the_version_it_was_stored_with [];
                an_unknown_workflow_or_version_writes_nothing [];
                an_id_that_is_taken_is_refused [];
                a_submit_whose_caller_went_away_is_there_whole_or_not_at_all [];
            }
            submission {
                a_submission_counts_its_parts_and_is_complete_with_the_last [];
                a_batch_by_itself_is_a_complete_submission [];
                the_parts_of_a_submission_are_replayed_one_by_one [];
                a_later_part_is_the_same_whatever_version_it_asks_for [];
                a_part_of_another_place_is_other_content [];
                the_batches_of_a_submission_are_listed_by_part_in_both_directions [];
            }
            queue {
                a_submit_past_the_bound_is_refused_and_writes_nothing [];
                a_batch_of_megabytes_past_the_bound_leaves_nothing [];
                a_replay_is_answered_though_the_queue_is_full [];
                room_comes_as_runs_are_claimed_and_goes_as_they_come_back [];
                cancelled_and_expired_runs_make_room [time];
                waiting_runs_are_counted_again_after_a_crash [durable exclusive];
                many_threads_submit_against_one_bound_and_none_gets_past [];
            }
            claim {
                each_run_is_claimed_once_in_order_with_growing_tokens [];
                a_run_that_is_claimed_again_gets_a_greater_token [];
                a_claimed_run_brings_its_own_input [];
                only_the_asked_workflows_are_claimed [];
                a_small_batch_does_not_wait_behind_a_huge_one [];
                submissions_of_one_priority_are_served_alike [];
                a_lower_priority_number_is_claimed_first [];
                priorities_and_turns_hold_across_workflows [];
                an_empty_claim_says_how_long_until_a_retry_is_due [time];
                an_empty_claim_says_how_long_until_a_lease_runs_out [time];
                a_clock_that_is_set_forward_takes_no_run_away [time];
                a_claim_whose_future_is_dropped_holds_nothing_after_a_lease [time];
            }
            patience {
                a_claim_waits_only_where_the_storage_says_so [];
                a_claim_with_patience_takes_what_is_there [];
                a_batch_that_is_stored_answers_a_claim_that_waits [];
                whatever_makes_a_run_claimable_answers_a_claim_that_waits [];
                a_claim_is_told_of_a_time_before_its_patience_ends [time];
                a_claim_that_is_dropped_while_it_waits_gets_nothing [];
                a_claim_that_is_dropped_with_its_answer_gives_it_back [];
                a_claim_that_waits_is_told_that_the_store_is_closed [];
                claims_that_wait_are_told_of_a_commit_that_failed [durable faults];
                many_threads_wait_and_each_run_goes_to_one_of_them [];
            }
            fairness {
                ten_runs_behind_a_hundred_thousand_see_few_foreign_starts [];
                keys_take_turns_whatever_they_submit [];
                a_key_is_served_as_often_as_it_weighs [];
                batches_without_a_key_are_one_key_together [];
                a_key_holds_no_more_than_its_batches_allow [time];
                a_key_is_let_go_by_a_dead_process [durable exclusive];
                a_low_priority_is_not_passed_over_for_ever [];
                another_key_is_other_content [];
            }
            flow {
                a_paused_batch_waits_until_it_is_resumed [];
                what_is_held_of_a_paused_batch_goes_on [time];
                pausing_what_has_ended_or_never_was_says_so [];
                a_paused_batch_of_suspects_holds_nobody_up [time];
                a_paused_batch_is_paused_after_a_crash [durable];
                a_paused_workflow_gives_no_run_until_it_is_resumed [];
                a_paused_workflow_is_paused_after_a_crash [durable];
                resuming_a_workflow_wakes_a_waiter [];
                a_batch_paused_twice_over_is_told_paused_and_resumed_once [];
                a_workflow_holds_no_more_than_it_may [];
                a_workflow_goes_no_faster_than_its_rate [time];
                a_limit_that_is_lowered_takes_no_run_from_its_holder [];
                a_wall_clock_that_is_set_changes_no_rate [time];
                a_rate_is_kept_to_across_a_crash [time durable];
                limits_of_one_workflow_hold_no_other_back [];
                limits_hold_after_a_crash [time durable exclusive];
            }
            timing {
                no_run_of_a_batch_is_claimed_before_its_time [time];
                a_spread_batch_falls_due_run_by_run [time];
                a_spread_begins_when_its_batch_is_stored_or_may_begin [time];
                a_spread_goes_on_through_a_crash [time durable];
                a_run_that_was_given_back_is_due_as_before [time];
                due_times_are_wall_time [time];
                another_time_under_the_same_key_is_other_content [];
                a_batch_that_was_cancelled_before_its_time_wakes_nobody [time];
                waiting_runs_of_an_expired_batch_end_as_failed [time];
                a_prune_ends_what_has_expired [time];
                what_is_held_when_its_batch_expires_goes_on [time];
                a_run_that_comes_back_after_its_batch_expired_ends [time];
                a_clock_by_itself_ends_nothing [time];
                an_expired_batch_reads_the_same_after_a_crash [time durable];
                a_batch_that_expired_in_part_is_cancelled_as_a_whole [time];
            }
            settle {
                every_disposition_leaves_the_run_where_it_says [];
                replies_stand_in_the_order_of_the_settlements [];
                a_token_is_spent_once [];
                a_token_named_twice_in_one_call_is_spent_once [];
                a_token_that_was_never_granted_changes_nothing [];
                a_late_finisher_changes_nothing [time];
                outputs_small_and_large_come_back_as_they_were [];
                a_failed_run_keeps_its_reason_and_its_output [];
                a_retry_waits_for_its_time_and_counts_an_attempt [time];
                runs_of_one_batch_fall_due_one_after_the_other [time];
                a_run_that_was_given_back_has_no_attempt_counted [];
                whatever_a_run_brings_after_its_cancel_it_ends_cancelled [];
                a_batch_is_finished_with_its_last_run_and_not_before [];
                a_clock_that_is_set_back_ends_no_run_before_it_began [time];
            }
            snooze {
                a_snoozed_run_waits_for_its_time_and_counts_no_attempt [time];
                a_run_is_snoozed_among_others_and_says_how_often [time];
                a_snoozed_run_waits_on_through_a_crash [time durable];
                a_snoozed_run_is_cancelled_with_its_batch [time];
                a_snoozed_run_ends_when_its_batch_expires [time];
            }
            steps {
                a_recorded_step_comes_back_with_every_attempt_until_the_run_ends [time];
                a_run_has_its_own_steps_and_no_other_run_sees_them [];
                a_step_that_is_recorded_again_keeps_its_first_result [];
                only_the_holder_of_the_claim_records [time];
                steps_past_the_bound_are_refused_and_change_nothing [];
                recorded_steps_outlive_a_crash_and_a_close [time durable];
                steps_of_a_cancelled_or_expired_run_are_gone [time];
                steps_of_a_run_in_review_are_gone [];
                steps_come_with_no_event_and_no_listing [];
            }
            renew {
                a_renewed_claim_lasts_for_another_lease [time];
                replies_stand_in_the_order_of_the_claims [];
                a_lost_claim_is_told_so_and_stays_lost [time];
                the_claim_of_a_run_that_ended_is_lost [];
                a_run_that_was_asked_to_stop_is_told_so_and_kept [time];
            }
            cancel {
                a_cancelled_batch_ends_what_waits_and_asks_what_is_held [];
                a_batch_that_nobody_claimed_is_cancelled_at_once [];
                one_run_is_cancelled_and_its_batch_goes_on [];
                a_run_that_waits_for_its_retry_is_cancelled_for_good [time];
                a_held_run_that_is_cancelled_ends_when_its_holder_settles [];
                cancelling_what_has_ended_or_never_was_says_so [];
                a_cancelled_batch_keeps_the_runs_that_had_ended [];
                cancelling_again_changes_nothing [];
            }
            delete {
                a_deleted_batch_is_gone_with_its_runs [];
                what_has_not_ended_is_not_deleted [];
                deleting_again_or_what_never_was_finds_nothing [];
                a_deleted_run_leaves_the_counts_whole_and_is_counted_as_deleted [durable];
                the_input_of_a_deleted_run_is_blank_and_its_neighbours_are_whole [];
                a_sink_that_lags_can_still_tell_of_a_deleted_batch [time];
                a_batch_is_not_pruned_before_the_sinks_have_passed_the_delete_of_its_run [time];
                the_key_of_a_deleted_batch_still_makes_no_second_one [];
                what_was_deleted_stays_gone_after_a_crash [durable];
            }
            update {
                an_update_is_read_back_in_every_state_of_the_run [durable];
                a_run_that_is_claimed_after_its_update_brings_the_new_metadata [];
                an_update_is_in_the_journal_once_however_often_it_is_repeated [];
                a_merge_past_the_limit_changes_nothing [];
                what_is_not_there_is_not_updated [];
                a_finished_batch_is_not_pruned_before_the_sinks_have_passed_an_update [time];
            }
            interruption {
                a_claim_that_is_not_renewed_runs_out [time];
                a_run_asked_to_stop_is_cancelled_when_its_claim_runs_out [time];
                runs_that_a_dead_process_held_are_claimable_at_once [durable exclusive];
                a_run_asked_to_stop_is_cancelled_when_its_process_dies [durable exclusive];
                suspects_execute_in_groups_of_eight_while_nothing_else_does [time];
                a_group_of_suspects_halves_with_each_interruption [time];
                suspects_of_a_workflow_that_nobody_asks_for_hold_nobody_up [time];
                a_poison_run_is_found_alone_and_fails_while_its_neighbours_go_on [durable exclusive];
                suspects_wait_for_other_work_but_not_for_ever [time durable exclusive];
            }
            review {
                a_run_in_review_is_held_by_nobody_and_never_claimed [time];
                a_run_in_review_outlives_the_time_of_its_batch [time];
                a_batch_with_a_run_in_review_says_so_and_is_not_finished [];
                an_answered_run_ends_as_was_said_with_the_output_it_had [];
                replies_stand_in_the_order_of_the_requests [];
                the_same_verdict_again_changes_nothing [];
                what_is_not_in_review_takes_no_answer [];
                a_run_that_was_deleted_takes_no_answer_and_is_not_there [];
                a_run_in_review_is_cancelled_by_itself_or_with_its_batch [];
                what_is_in_review_is_there_after_a_crash [durable];
                any_number_of_runs_is_answered_in_one_call [];
                the_journal_tells_who_was_asked_and_what_was_said [];
            }
            journal {
                every_transition_is_in_the_journal_in_order_and_the_end_comes_once [time];
                the_end_of_a_batch_tells_its_counts_and_follows_its_last_run [];
                the_cancel_of_a_batch_names_every_run_once [];
                an_ended_run_says_how_and_in_which_attempt [];
                what_an_entry_says_does_not_change_with_a_later_attempt [];
                a_reader_gets_what_comes_after_its_position [];
                a_long_journal_is_read_in_bounded_pages [];
            }
            wait {
                a_waiter_wakes_when_the_journal_grows [];
                who_is_behind_does_not_wait [];
                whatever_makes_a_run_claimable_wakes_a_waiter [];
                a_suspect_that_may_go_next_wakes_a_waiter [time];
            }
            sinks {
                a_new_sink_begins_with_the_oldest_entry_or_now [];
                a_known_sink_goes_on_where_it_was [];
                a_sink_never_goes_back [];
                a_sink_never_lies_past_the_last_entry [];
                a_sink_keeps_its_place_across_a_crash [durable];
                a_removed_sink_holds_nothing_back_and_begins_anew [time];
                sinks_are_listed_by_name_with_their_positions [];
            }
            catalogue {
                versions_are_numbered_from_one_and_stay [];
                a_workflow_is_created_once_and_changed_only_when_it_is_there [];
                ensuring_a_deployment_deploys_once [];
                a_draft_is_saved_in_place_of_the_one_before [time];
                a_workflow_that_is_not_there_is_none [];
                workflows_are_listed_by_name_page_by_page [];
                the_catalogue_is_there_after_a_crash [durable];
            }
            prune {
                a_pruned_batch_is_gone_with_its_runs [time];
                a_live_batch_is_never_pruned [time];
                a_batch_that_finished_later_than_asked_stays [];
                nothing_is_pruned_that_a_sink_has_not_passed [time];
                a_reader_that_comes_too_late_is_told [time];
                numbers_are_not_used_again_after_everything_was_trimmed [time];
                numbers_are_not_used_again_after_trimming_and_a_crash [time durable];
                one_call_prunes_no_more_than_it_was_allowed [time];
                a_key_outlives_its_batch_for_the_retention_and_no_longer [time];
                pruning_one_batch_leaves_its_neighbours_whole [time];
                batches_are_pruned_by_how_they_ended [time];
                the_journal_is_kept_longer_than_batches_where_asked [time];
                a_prune_gets_past_any_number_of_batches_that_it_keeps [time];
            }
            reopen {
                a_store_that_is_opened_again_says_the_same_of_itself [durable];
                what_was_stored_is_there_after_a_crash [durable];
                opening_again_and_again_changes_nothing [durable];
                tokens_grow_across_crashes [durable];
                a_retry_that_waited_through_a_crash_falls_due_in_its_time [time durable];
                keys_are_remembered_across_crashes [durable];
                a_cancelled_batch_reads_the_same_after_a_crash [durable];
                priorities_hold_after_a_crash [durable];
            }
            close {
                a_closed_store_is_opened_again_at_once_with_all_that_was_in_it [durable];
                a_run_that_was_held_waits_again_and_nothing_is_counted [durable];
                a_held_run_that_was_asked_to_stop_ends_cancelled [durable];
                after_it_every_call_says_that_the_store_is_closed [];
                who_waits_is_told_that_the_store_is_closed [];
                a_close_amid_calls_leaves_each_of_them_done_or_refused [durable];
                closing_again_changes_nothing [durable];
                a_close_of_a_store_that_refuses_writes_says_so_where_a_run_is_held [durable exclusive faults];
                a_close_that_cannot_give_back_says_so_and_closes [durable exclusive faults];
            }
            race {
                many_threads_claim_and_settle_and_each_run_ends_once [];
                many_threads_submit_under_one_key_and_one_batch_is_made [];
                a_cancel_amid_settlements_ends_each_run_once [];
            }
            pages {
                what_is_not_there_is_none [];
                every_batch_is_seen_once_in_both_directions [];
                batches_that_come_while_a_list_is_read_disturb_nothing [];
                runs_are_listed_across_batches_and_filtered_by_state [];
                every_run_is_seen_once_whatever_the_size_of_a_page [];
                a_list_that_is_read_while_runs_end_shows_none_twice [];
                lists_bring_outputs_only_when_asked [];
                a_list_of_large_outputs_has_them_all [];
                batches_and_runs_are_filtered_by_state_and_workflow [];
                a_token_of_another_list_is_refused_by_name [];
                inputs_are_read_in_order_and_unknown_ones_passed_over [];
                times_and_attempts_of_a_run_tell_its_story [];
                runs_at_asked_places_are_listed_and_no_others [];
            }
            limits {
                a_store_says_what_it_is [];
                a_batch_of_the_largest_inputs_is_stored_whole [];
                a_batch_of_a_thousand_inputs_and_megabytes_is_stored_whole [];
                any_number_of_runs_is_claimed_and_settled_in_one_call [];
                the_largest_output_comes_back [];
                names_of_the_largest_size_and_any_script_are_names [];
            }
            secrets {
                a_claimed_run_has_its_own_secrets_and_no_read_has_any [];
                secrets_come_with_every_attempt [];
                secrets_outlive_a_crash [durable];
                after_the_end_no_call_returns_secrets_and_the_names_stay [];
            }
            faults {
                whatever_commit_fails_the_promises_hold_after_opening [durable faults] trials;
                after_a_failed_commit_every_write_is_refused_and_reads_go_on [durable faults];
                what_a_failed_commit_may_have_written_is_not_shown [durable faults];
            }
            model {
                random_days_leave_the_store_as_the_model_says [time] search;
                random_days_with_crashes_leave_the_store_as_the_model_says [time durable exclusive] search;
            }
        }
    };
}

/// The list as a table.
#[doc(hidden)]
#[macro_export]
macro_rules! conformance_table {
    ($($verb:ident { $($name:ident [$($need:ident)*] $($kind:ident)?;)* })*) => {
        &[$($(Case {
            name: concat!(stringify!($verb), "::", stringify!($name)),
            needs: &[$($crate::conformance_table!(@need $need)),*],
            how: $crate::conformance_table!(@how $verb $name $($kind)?),
        },)*)*]
    };
    (@need time) => { Capability::Time };
    (@need durable) => { Capability::Durable };
    (@need exclusive) => { Capability::Exclusive };
    (@need faults) => { Capability::Faults };
    (@how $verb:ident $name:ident) => {
        How::Story(|yard| Box::pin(cases::$verb::$name(yard)))
    };
    (@how $verb:ident $name:ident trials) => { How::Trials(cases::$verb::$name) };
    (@how $verb:ident $name:ident search) => { How::Search(cases::$verb::$name) };
}

pub(super) static CASES: &[Case] = crate::conformance_cases! { conformance_table };

impl Case {
    /// All cases of the suite, in the order of its list.
    #[must_use]
    pub fn all() -> &'static [Self] {
        CASES
    }

    /// The case of this name.
    ///
    /// # Panics
    ///
    /// When there is none.
    #[must_use]
    pub fn named(name: &str) -> Self {
        let found = Self::all().iter().find(|case| case.name == name);
        *found.unwrap_or_else(|| panic!("there is no case {name}"))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_case_has_a_name_of_its_own() {
        let names: BTreeSet<_> = CASES.iter().map(|case| case.name).collect();
        assert_eq!(names.len(), CASES.len());
    }
}
