use std::collections::BTreeSet;

use crate::batch::BatchState;
use crate::conformance::sample::{failed, output, processed, request};
use crate::conformance::yard::{Yard, run_id};
use crate::id::{BatchId, WorkflowId};
use crate::ordinal::{Ordinal, OrdinalSet};
use crate::run::{Run, RunState};
use crate::storage::{
    BatchQuery, ErrorKind, OutputDetail, PageRequest, PageSize, PageToken, RunQuery, SortOrder,
    WorkflowChange,
};

fn size(items: u64) -> PageRequest {
    PageRequest {
        size: PageSize::new(items).unwrap(),
        token: None,
    }
}

/// Shows: "Reads a batch; None where there is none."
/// Shows: "Reads a run, its output included; None where there is none."
pub(crate) async fn what_is_not_there_is_none(yard: &mut Yard) {
    let id = yard.submit(1).await;
    let nobody = BatchId::generate();
    assert!(yard.storage().batch(nobody).await.unwrap().is_none());
    for run in [run_id(nobody, 0), run_id(id, 1), run_id(id, u32::MAX)] {
        assert!(yard.storage().run(run).await.unwrap().is_none(), "{run}");
    }
    let query = RunQuery {
        batch: Some(nobody),
        ..RunQuery::default()
    };
    assert!(yard.runs(query).await.is_empty());
}

/// Shows: "A batch that is there all the while is seen exactly once, in either direction."
pub(crate) async fn every_batch_is_seen_once_in_both_directions(yard: &mut Yard) {
    let mut expected = Vec::new();
    for n in 0..25 {
        expected.push(yard.submit(1 + n % 3).await);
    }
    yard.work_off().await;
    expected.sort();
    for order in [SortOrder::Ascending, SortOrder::Descending] {
        for items in [1, 4, 5, 100] {
            let query = BatchQuery {
                order,
                page: size(items),
                ..BatchQuery::default()
            };
            let found = yard.batches(query).await;
            let seen: Vec<_> = found.iter().map(|batch| batch.id).collect();
            assert_eq!(seen, expected, "{order:?}, {items} a page");
        }
        expected.reverse();
    }
}

/// Shows: "A batch that is there all the while is seen exactly once, in either direction."
pub(crate) async fn batches_that_come_while_a_list_is_read_disturb_nothing(yard: &mut Yard) {
    let mut before = Vec::new();
    for _ in 0..6 {
        before.push(yard.submit(1).await);
    }
    for order in [SortOrder::Ascending, SortOrder::Descending] {
        let mut query = BatchQuery {
            order,
            page: size(2),
            ..BatchQuery::default()
        };
        let mut seen = Vec::new();
        loop {
            let page = yard.storage().batches(query.clone()).await.unwrap();
            seen.extend(page.items.iter().map(|batch| batch.id));
            let Some(next) = page.next else { break };
            query.page.token = Some(next);
            if seen.len() < 6 {
                yard.submit(1).await;
                yard.work_off().await;
            }
        }
        for id in &before {
            let times = seen.iter().filter(|seen| *seen == id).count();
            assert_eq!(times, 1, "{id} in {order:?}");
        }
    }
}

/// Shows: "Lists runs by id."
pub(crate) async fn runs_are_listed_across_batches_and_filtered_by_state(yard: &mut Yard) {
    yard.submit(30).await;
    yard.submit(30).await;
    for (n, run) in yard.claim(40).await.into_iter().enumerate() {
        let how = if n % 4 == 0 { failed("X") } else { processed() };
        yard.settle(run, how).await;
    }
    for (state, expected) in [
        (Some(RunState::Failed), 10),
        (Some(RunState::Processed), 30),
        (Some(RunState::Pending), 20),
        (Some(RunState::Cancelled), 0),
        (None, 60),
    ] {
        let query = RunQuery {
            state,
            page: size(7),
            ..RunQuery::default()
        };
        let found = yard.runs(query).await;
        let ids: Vec<_> = found.iter().map(|run| run.id).collect();
        assert_eq!(ids.len(), expected, "{state:?}");
        assert!(ids.is_sorted_by(|a, b| a < b));
        assert!(found.iter().all(|run| state.is_none_or(|s| s == run.state)));
    }
}

/// Shows: "A run that stays where it is, is seen exactly once."
pub(crate) async fn every_run_is_seen_once_whatever_the_size_of_a_page(yard: &mut Yard) {
    let mut expected = Vec::new();
    for inputs in [1, 20, 3] {
        let id = yard.submit(inputs).await;
        expected.extend((0..inputs).map(|n| run_id(id, n)));
    }
    expected.sort();
    for items in [1, 2, 7, 24, 1_000] {
        let query = RunQuery {
            page: size(items),
            ..RunQuery::default()
        };
        let found = yard.runs(query).await;
        let seen: Vec<_> = found.iter().map(|run| run.id).collect();
        assert_eq!(seen, expected, "{items} a page");
    }
}

/// Shows: "A run that stays where it is, is seen exactly once."
pub(crate) async fn a_list_that_is_read_while_runs_end_shows_none_twice(yard: &mut Yard) {
    let id = yard.submit(60).await;
    let mut query = RunQuery {
        batch: Some(id),
        page: size(10),
        ..RunQuery::default()
    };
    let mut seen = Vec::new();
    loop {
        for run in yard.claim(10).await {
            yard.settle(run, processed()).await;
        }
        let page = yard.storage().runs(query.clone()).await.unwrap();
        seen.extend(page.items.iter().map(|run| run.id.ordinal().get()));
        let Some(next) = page.next else { break };
        query.page.token = Some(next);
    }
    assert_eq!(seen, (0..60).collect::<Vec<_>>());
}

/// Shows: "Outputs come along only when asked for."
pub(crate) async fn lists_bring_outputs_only_when_asked(yard: &mut Yard) {
    let id = yard.submit(1).await;
    let run = yard.claim_one().await;
    yard.settle(run, output("here")).await;
    for (detail, expected) in [
        (OutputDetail::Omitted, false),
        (OutputDetail::Included, true),
    ] {
        let query = RunQuery {
            batch: Some(id),
            output: detail,
            ..RunQuery::default()
        };
        let runs = yard.runs(query).await;
        assert_eq!(runs[0].output.is_some(), expected);
    }
    assert!(yard.run(id, 0).await.output.is_some());
}

/// Shows: "Outputs come along only when asked for."
pub(crate) async fn a_list_of_large_outputs_has_them_all(yard: &mut Yard) {
    let id = yard.submit(12).await;
    for (n, run) in yard.claim(12).await.into_iter().enumerate() {
        yard.settle(run, output(&format!("{n}").repeat(1 << 18)))
            .await;
    }
    let query = RunQuery {
        batch: Some(id),
        output: OutputDetail::Included,
        ..RunQuery::default()
    };
    let runs = yard.runs(query).await;
    assert_eq!(runs.len(), 12);
    for (n, run) in runs.iter().enumerate() {
        let text: String = run.output.as_ref().unwrap().parse().unwrap();
        assert!(text == format!("{n}").repeat(1 << 18), "output of run {n}");
    }
}

/// Shows: "Every condition that is set holds for every batch listed."
pub(crate) async fn batches_and_runs_are_filtered_by_state_and_workflow(yard: &mut Yard) {
    let other = WorkflowId::new("other").unwrap();
    let change = WorkflowChange::EnsureDeployed;
    let made = yard.storage().change_workflow(other.clone(), change).await;
    made.unwrap();
    yard.submit(1).await;
    yard.work_off().await;
    yard.submit(1).await;
    let mut of_other = request(1);
    of_other.workflow = "other".into();
    yard.submit_request(of_other).await;
    for (workflow, state, expected) in [
        (None, Some(BatchState::Processed), 1),
        (None, Some(BatchState::Pending), 2),
        (Some(other.clone()), None, 1),
        (Some(other.clone()), Some(BatchState::Processed), 0),
    ] {
        let query = BatchQuery {
            workflow,
            state,
            page: size(1),
            ..BatchQuery::default()
        };
        assert_eq!(yard.batches(query).await.len(), expected);
    }
    let of_other = RunQuery {
        workflow: Some(other),
        ..RunQuery::default()
    };
    assert_eq!(yard.runs(of_other).await.len(), 1);
}

/// Shows: "A token of another list is refused with ErrorKind::Invalid."
pub(crate) async fn a_token_of_another_list_is_refused_by_name(yard: &mut Yard) {
    let token = PageToken::new("nonsense".into());
    let page = PageRequest {
        token: Some(token),
        ..PageRequest::default()
    };
    let runs = RunQuery {
        page: page.clone(),
        ..RunQuery::default()
    };
    let batches = BatchQuery {
        page: page.clone(),
        ..BatchQuery::default()
    };
    let errors = [
        yard.storage().runs(runs).await.unwrap_err(),
        yard.storage().batches(batches).await.unwrap_err(),
        yard.storage().workflows(page).await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.to_string().contains("nonsense"), "{error}");
    }
}

/// Shows: "Reads inputs of a batch, in ascending order, without secrets."
/// Shows: "Ordinals that the batch does not have are passed over."
pub(crate) async fn inputs_are_read_in_order_and_unknown_ones_passed_over(yard: &mut Yard) {
    let id = yard.submit(10).await;
    let ordinals = [7, 2, 3, 10, 4_000].map(Ordinal::new);
    let set: OrdinalSet = ordinals.into_iter().collect();
    let inputs = yard.storage().inputs(id, set.clone()).await.unwrap();
    let names: Vec<_> = inputs.iter().filter_map(|input| input.name()).collect();
    assert_eq!(names, ["input 2", "input 3", "input 7"]);
    let none = yard.storage().inputs(BatchId::generate(), set).await;
    assert!(none.unwrap().is_empty());
}

/// Shows: "Counts, run records and journal entries of a change move in one commit."
pub(crate) async fn times_and_attempts_of_a_run_tell_its_story(yard: &mut Yard) {
    let id = yard.submit(1).await;
    let waiting = yard.run(id, 0).await;
    let unset: BTreeSet<_> = [waiting.started_at, waiting.ended_at, waiting.due_at].into();
    assert_eq!(unset, BTreeSet::from([None]));
    let held = yard.claim_one().await;
    assert!(yard.run(id, 0).await.started_at.is_some());
    yard.settle(held, processed()).await;
    let ended = yard.run(id, 0).await;
    assert!(ended.ended_at.is_some() && ended.attempts == 1);
    assert!(ended.created_at <= ended.started_at.unwrap());
    assert_eq!(yard.batch(id).await.finished_at, ended.ended_at);
}

/// Shows: "Of the asked places of a batch those are listed that it has."
pub(crate) async fn runs_at_asked_places_are_listed_and_no_others(yard: &mut Yard) {
    let id = yard.submit(40).await;
    yard.submit(40).await;
    for run in yard.claim(20).await {
        yard.settle(run, processed()).await;
    }
    let asked = [3, 4, 17, 30, 39, 40, 1_000];
    let list = |state, page| {
        let query = RunQuery {
            batch: Some(id),
            state,
            among: Some(asked.map(Ordinal::new).into_iter().collect()),
            page,
            ..RunQuery::default()
        };
        yard.runs(query)
    };
    let places = |runs: Vec<Run>| -> Vec<u32> {
        let places = runs.iter().map(|run| run.id.ordinal().get());
        places.collect()
    };
    let waits: Vec<_> = yard.runs_of(id).await;
    let waits = |place: &u32| waits[*place as usize].state == RunState::Pending;
    for items in [1, 2, 100] {
        let listed = places(list(None, size(items)).await);
        assert_eq!(listed, [3, 4, 17, 30, 39], "by pages of {items}");
        let waiting = places(list(Some(RunState::Pending), size(items)).await);
        let expected: Vec<_> = listed.into_iter().filter(waits).collect();
        assert_eq!(waiting, expected);
    }
}
