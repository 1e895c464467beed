use crate::conformance::sample::{output, processed, request, valid};
use crate::conformance::yard::Yard;
use crate::id::{SinkName, WorkflowId};
use crate::request::{BatchRequest, Input};
use crate::run::Output;
use crate::storage::{
    ClaimedRun, InsertReply, Settled, Settlement, SinkStart, WorkflowChange, WorkflowReply,
};

/// Shows: "What the store is and what it keeps when something strikes."
pub(crate) async fn a_store_says_what_it_is(yard: &mut Yard) {
    let description = yard.storage().description();
    assert!(!description.backend.is_empty());
    assert!(!description.durability.to_string().is_empty());
}

/// Asks for as many runs until none is left.
async fn claim_all(yard: &Yard, limit: u32) -> Vec<ClaimedRun> {
    let mut all = Vec::new();
    loop {
        let runs = yard.claim(limit).await;
        if runs.is_empty() {
            return all;
        }
        all.extend(runs);
    }
}

/// Shows: "A call may grant fewer than are due, to stay bounded in bytes; then ask again."
/// Shows: "Stores a batch with all its runs, or nothing."
pub(crate) async fn a_batch_of_the_largest_inputs_is_stored_whole(yard: &mut Yard) {
    let name = "ä".repeat(127);
    let metadata = format!(r#"{{"k":"{}"}}"#, "x".repeat(10_000));
    let url = format!("https://example.com/{}", "u".repeat(2_000));
    let mut secretive = Input::text("s");
    for n in 0..64 {
        secretive = secretive.with_secret(format!("secret {n}"), "v".repeat(8_192));
    }
    let request = BatchRequest::new("w")
        .input(Input::text("t".repeat(1 << 20)).with_name(&name))
        .input(Input::file_url(url).with_metadata_json(metadata))
        .input(Input::file_id("f".repeat(12_288)))
        .input(secretive);
    let wanted = valid(request.clone());
    let id = yard.submit_request(request).await;
    let runs = claim_all(yard, 9).await;
    assert_eq!(runs.len(), 4);
    for (run, input) in runs.iter().zip(wanted.inputs()) {
        assert!(run.input == *input, "input {}", run.claim.run().ordinal());
    }
    yard.recount(id).await;
}

/// Shows: "Stores a batch with all its runs, or nothing."
pub(crate) async fn a_batch_of_a_thousand_inputs_and_megabytes_is_stored_whole(yard: &mut Yard) {
    let text = |n: u32| format!("{n:>4}").repeat(1_000);
    let inputs = (0..1_000).map(|n| Input::text(text(n)));
    let request = BatchRequest::new("w").inputs(inputs).idempotency_key("k");
    let id = yard.submit_request(request.clone()).await;
    yard.recount(id).await;
    let runs = claim_all(yard, 1_000).await;
    assert_eq!(runs.len(), 1_000);
    for run in runs {
        let n = run.claim.run().ordinal().get();
        let crate::valid::Source::Text { text: found, .. } = run.input.source() else {
            panic!("input {n} is no text");
        };
        assert!(*found == text(n), "input {n}");
    }
    let again = yard.insert(valid(request)).await;
    assert_eq!(again, InsertReply::Replayed(id));
}

/// Shows: "Grants at most limit due runs of the asked workflows."
/// Shows: "Records how attempts ended; the replies stand in the order of the settlements."
/// Shows: "A long list may be applied in several commits, in order."
pub(crate) async fn any_number_of_runs_is_claimed_and_settled_in_one_call(yard: &mut Yard) {
    for _ in 0..3 {
        yard.submit(1_000).await;
    }
    let runs = claim_all(yard, u32::MAX).await;
    assert_eq!(runs.len(), 3_000);
    let settlements = runs
        .into_iter()
        .map(|run| Settlement::new(run.claim, processed()));
    let replies = yard.storage().settle(settlements.collect()).await.unwrap();
    assert_eq!(replies.len(), 3_000);
    assert!(
        replies
            .iter()
            .all(|reply| matches!(reply, Settled::Applied(_)))
    );
    assert!(yard.storage().settle(vec![]).await.unwrap().is_empty());
}

/// Shows: "An output comes back as it was."
pub(crate) async fn the_largest_output_comes_back(yard: &mut Yard) {
    let id = yard.submit(1).await;
    let run = yard.claim_one().await;
    let text = "o".repeat(Output::MAX_BYTES - 2);
    yard.settle(run, output(&text)).await;
    let read = yard.run(id, 0).await.output.unwrap();
    assert!(read.parse::<String>().unwrap() == text);
}

/// Shows: "Changes the catalogue."
/// Shows: "Gives a sink's position, and makes one where the sink is new."
pub(crate) async fn names_of_the_largest_size_and_any_script_are_names(yard: &mut Yard) {
    for name in ["n".repeat(255), "\u{10ffff}/ \\\"'%_*".to_owned()] {
        let id = WorkflowId::new(&name).unwrap();
        let change = WorkflowChange::EnsureDeployed;
        let changed = yard.storage().change_workflow(id.clone(), change).await;
        assert!(matches!(changed.unwrap(), WorkflowReply::Changed(_)));
        let sink = SinkName::new(&name).unwrap();
        let opened = yard.storage().open_sink(sink, SinkStart::Now).await;
        opened.unwrap();
        let mut keyed = request(1).idempotency_key(&*name);
        keyed.workflow = name;
        let batch = yard.submit_request(keyed.clone()).await;
        let again = yard.insert(valid(keyed)).await;
        assert_eq!(again, InsertReply::Replayed(batch));
        assert_eq!(yard.batch(batch).await.workflow, id);
    }
    assert_eq!(yard.storage().sinks().await.unwrap().len(), 2);
}
