use crate::batch::Flow;
use crate::catalogue::{Workflow, WorkflowLimits};
use crate::conformance::yard::Yard;
use crate::id::WorkflowId;
use crate::storage::{PageRequest, PageSize, WorkflowChange, WorkflowReply};

fn id(name: &str) -> WorkflowId {
    WorkflowId::new(name).unwrap()
}

async fn change(yard: &Yard, name: &str, change: WorkflowChange) -> WorkflowReply {
    let changed = yard.storage().change_workflow(id(name), change).await;
    changed.unwrap()
}

async fn read(yard: &Yard, name: &str) -> Option<Workflow> {
    yard.storage().workflow(id(name)).await.unwrap()
}

fn numbers(workflow: &Workflow) -> Vec<u32> {
    let deployed = workflow.deployments.iter();
    deployed.map(|deployment| deployment.number.get()).collect()
}

/// Shows: "Changes the catalogue."
/// Shows: "Versions are numbered from 1 in the order of their deployment and stay."
pub(crate) async fn versions_are_numbered_from_one_and_stay(yard: &mut Yard) {
    change(yard, "a", WorkflowChange::Create).await;
    for count in 1..=3 {
        let changed = change(yard, "a", WorkflowChange::Deploy).await;
        let workflow = read(yard, "a").await.unwrap();
        assert_eq!(changed, WorkflowReply::Changed(workflow.clone()));
        assert_eq!(numbers(&workflow), (1..=count).collect::<Vec<_>>());
    }
}

/// Shows: "A workflow that is there is not created again, and one that is not there is neither saved nor deployed, nor paused or limited."
pub(crate) async fn a_workflow_is_created_once_and_changed_only_when_it_is_there(yard: &mut Yard) {
    let needing_one = [
        WorkflowChange::SaveDraft,
        WorkflowChange::Deploy,
        WorkflowChange::SetFlow(Flow::Paused),
        WorkflowChange::SetLimits(WorkflowLimits::default()),
    ];
    for needs_one in needing_one {
        let reply = change(yard, "a", needs_one).await;
        assert_eq!(reply, WorkflowReply::Unknown);
        assert_eq!(read(yard, "a").await, None);
    }
    let created = change(yard, "a", WorkflowChange::Create).await;
    assert!(matches!(created, WorkflowReply::Changed(_)), "{created:?}");
    change(yard, "a", WorkflowChange::Deploy).await;
    let known = read(yard, "a").await.unwrap();
    let again = change(yard, "a", WorkflowChange::Create).await;
    assert_eq!(again, WorkflowReply::Exists(known.clone()));
    assert_eq!(read(yard, "a").await, Some(known));
}

/// Shows: "Changes the catalogue."
pub(crate) async fn ensuring_a_deployment_deploys_once(yard: &mut Yard) {
    for _ in 0..3 {
        change(yard, "a", WorkflowChange::EnsureDeployed).await;
        assert_eq!(numbers(&read(yard, "a").await.unwrap()), [1]);
    }
    change(yard, "b", WorkflowChange::Create).await;
    change(yard, "b", WorkflowChange::EnsureDeployed).await;
    assert_eq!(numbers(&read(yard, "b").await.unwrap()), [1]);
}

/// Shows: "Changes the catalogue."
pub(crate) async fn a_draft_is_saved_in_place_of_the_one_before(yard: &mut Yard) {
    change(yard, "a", WorkflowChange::Create).await;
    assert_eq!(read(yard, "a").await.unwrap().draft_saved_at, None);
    change(yard, "a", WorkflowChange::SaveDraft).await;
    let first = read(yard, "a").await.unwrap().draft_saved_at;
    yard.clock().advance(std::time::Duration::from_secs(1));
    change(yard, "a", WorkflowChange::SaveDraft).await;
    let workflow = read(yard, "a").await.unwrap();
    assert!(first.is_some() && workflow.draft_saved_at > first);
    assert!(workflow.deployments.is_empty());
}

/// Shows: "Reads a workflow; None where there is none."
pub(crate) async fn a_workflow_that_is_not_there_is_none(yard: &mut Yard) {
    assert_eq!(read(yard, "nobody").await, None);
    assert_eq!(read(yard, "w").await.unwrap().id, id("w"));
}

/// Shows: "Lists workflows by id."
pub(crate) async fn workflows_are_listed_by_name_page_by_page(yard: &mut Yard) {
    for name in ["b", "a", "ab", "ä", "B"] {
        change(yard, name, WorkflowChange::Create).await;
    }
    for size in [1, 2, 100] {
        let mut page = PageRequest {
            size: PageSize::new(size).unwrap(),
            token: None,
        };
        let mut names = Vec::new();
        loop {
            let found = yard.storage().workflows(page.clone()).await.unwrap();
            names.extend(found.items.iter().map(|workflow| workflow.id.to_string()));
            let Some(next) = found.next else { break };
            page.token = Some(next);
        }
        assert_eq!(names, ["B", "a", "ab", "b", "w", "ä"]);
    }
}

/// Shows: "What a write reports is durable, as far as Description::durability goes, when the call returns, and nobody reads it before it is."
pub(crate) async fn the_catalogue_is_there_after_a_crash(yard: &mut Yard) {
    change(yard, "a", WorkflowChange::Create).await;
    change(yard, "a", WorkflowChange::SaveDraft).await;
    change(yard, "a", WorkflowChange::Deploy).await;
    let before = read(yard, "a").await;
    yard.crash().await;
    assert_eq!(read(yard, "a").await, before);
}
