use std::collections::BTreeSet;

use batch_core::batch::BatchState;
use batch_core::id::WorkflowId;
use batch_core::run::RunState;
use batch_core::storage::{
    BatchQuery, ErrorKind, OutputDetail, PageRequest, PageSize, PageToken, RunQuery, SortOrder,
    WorkflowChange,
};

use super::yard::{Yard, failed, output, processed};

fn size(items: u64) -> PageRequest {
    PageRequest {
        size: PageSize::new(items).unwrap(),
        token: None,
    }
}

#[tokio::test]
async fn every_batch_is_seen_once_in_both_directions() {
    let yard = Yard::new().await;
    let mut ids = Vec::new();
    for n in 0..25 {
        ids.push(yard.submit(1 + n % 3).await);
    }
    yard.work_off().await;
    for order in [SortOrder::Ascending, SortOrder::Descending] {
        let mut query = BatchQuery::default();
        query.order = order;
        query.page = size(4);
        let mut seen = Vec::new();
        loop {
            let page = yard.storage().batches(query.clone()).await.unwrap();
            seen.extend(page.items.iter().map(|batch| batch.id));
            let Some(next) = page.next else { break };
            query.page.token = Some(next);
        }
        let mut expected = ids.clone();
        expected.sort();
        if order == SortOrder::Descending {
            expected.reverse();
        }
        assert_eq!(seen, expected);
    }
}

#[tokio::test]
async fn runs_are_listed_across_batches_and_filtered_by_state() {
    let yard = Yard::new().await;
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
        let mut query = RunQuery::default();
        query.state = state;
        query.page = size(7);
        let found = yard.runs(query).await;
        let ids: BTreeSet<_> = found.iter().map(|run| run.id).collect();
        assert_eq!((found.len(), ids.len()), (expected, expected));
        assert!(found.iter().all(|run| state.is_none_or(|s| s == run.state)));
    }
}

#[tokio::test]
async fn a_page_that_is_read_while_runs_end_shows_none_twice() {
    let yard = Yard::new().await;
    let id = yard.submit(60).await;
    let mut query = RunQuery::default();
    query.batch = Some(id);
    query.page = size(10);
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

#[tokio::test]
async fn lists_bring_outputs_only_when_asked() {
    let yard = Yard::new().await;
    let id = yard.submit(1).await;
    let run = yard.claim(1).await.remove(0);
    yard.settle(run, output("here")).await;
    for (detail, expected) in [
        (OutputDetail::Omitted, false),
        (OutputDetail::Included, true),
    ] {
        let mut query = RunQuery::default();
        query.batch = Some(id);
        query.output = detail;
        let runs = yard.runs(query).await;
        assert_eq!(runs[0].output.is_some(), expected);
    }
}

#[tokio::test]
async fn a_page_of_large_outputs_is_cut_by_bytes_and_the_next_goes_on() {
    let yard = Yard::new().await;
    let id = yard.submit(12).await;
    for run in yard.claim(12).await {
        yard.settle(run, output(&"x".repeat(1 << 19))).await;
    }
    let mut query = RunQuery::default();
    query.batch = Some(id);
    query.output = OutputDetail::Included;
    let first = yard.storage().runs(query.clone()).await.unwrap();
    assert!(first.items.len() < 12 && first.next.is_some());
    assert_eq!(yard.runs(query).await.len(), 12);
}

#[tokio::test]
async fn batches_are_filtered_by_state_and_workflow() {
    let yard = Yard::new().await;
    let other = WorkflowId::new("other").unwrap();
    let change = WorkflowChange::EnsureDeployed;
    yard.storage()
        .change_workflow(other.clone(), change)
        .await
        .unwrap();
    yard.submit(1).await;
    yard.work_off().await;
    yard.submit(1).await;
    let mut request = super::yard::request(1);
    request.workflow = "other".into();
    yard.submit_request(request).await;
    for (workflow, state, expected) in [
        (None, Some(BatchState::Processed), 1),
        (None, Some(BatchState::Pending), 2),
        (Some(other), None, 1),
    ] {
        let mut query = BatchQuery::default();
        query.workflow = workflow;
        query.state = state;
        let page = yard.storage().batches(query).await.unwrap();
        assert_eq!(page.items.len(), expected);
    }
}

#[tokio::test]
async fn workflows_are_listed_by_name_page_by_page() {
    let yard = Yard::new().await;
    for name in ["a", "ab", "b"] {
        let id = WorkflowId::new(name).unwrap();
        let change = WorkflowChange::Create;
        yard.storage().change_workflow(id, change).await.unwrap();
    }
    let mut page = size(1);
    let mut names = Vec::new();
    loop {
        let found = yard.storage().workflows(page.clone()).await.unwrap();
        names.extend(found.items.iter().map(|w| w.id.to_string()));
        let Some(next) = found.next else { break };
        page.token = Some(next);
    }
    assert_eq!(names, ["a", "ab", "b", "w"]);
}

#[tokio::test]
async fn a_token_of_another_list_is_refused_by_name() {
    let yard = Yard::new().await;
    let mut query = RunQuery::default();
    query.page.token = Some(PageToken::new("nonsense".into()));
    let error = yard.storage().runs(query).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.to_string().contains("nonsense"), "{error}");
}
