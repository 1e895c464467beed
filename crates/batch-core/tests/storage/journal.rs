use batch_core::journal::Fact;
use batch_core::storage::CancelTarget;

use super::yard::Yard;

fn kind(fact: &Fact) -> &'static str {
    match fact {
        Fact::Created => "created",
        Fact::Started(_) => "started",
        Fact::Ended(_) => "ended",
        Fact::Retrying(_) => "retrying",
        Fact::NeedsReview(_) => "needs review",
        Fact::Reviewed(_) => "reviewed",
        Fact::Released(_) => "released",
        Fact::Interrupted(_) => "interrupted",
        Fact::Cancelling(_) => "cancelling",
        Fact::Swept(_) => "swept",
        Fact::Expired(_) => "expired",
        Fact::Updated(_) => "updated",
        Fact::Deleted(_) => "deleted",
        Fact::BatchDeleted => "batch deleted",
        Fact::Finished { .. } => "finished",
        _ => "unknown",
    }
}

#[tokio::test]
async fn a_cancelled_batch_is_one_entry_that_names_all_its_runs() {
    let yard = Yard::new().await;
    let id = yard.submit(100).await;
    yard.storage()
        .cancel(CancelTarget::Batch(id))
        .await
        .unwrap();
    let entries = yard.journal().await;
    let kinds: Vec<_> = entries.iter().map(|entry| kind(&entry.fact)).collect();
    assert_eq!(kinds, ["created", "swept", "finished"]);
    assert_eq!(entries[1].fact.ordinals().len(), 100);
}
