use anyhow::{Result, anyhow, bail};
use batch_core::batch::Batch;
use batch_core::engine::Engine;
use batch_core::id::SubmissionId;
use batch_core::storage::{BatchQuery, PageSize};

use super::existing_batch::existing_batch;
use super::run::SubmissionName;
use crate::args::Chosen;

/// The most batches that a refusal names.
const NAMED: usize = 5;

/// The submission under a name, which must be there. Retries of it are not it.
pub(crate) async fn named_submission(
    engine: &Engine,
    name: &SubmissionName,
) -> Result<SubmissionId> {
    let mut query = BatchQuery::default();
    query.workflow = Some(name.workflow().clone());
    query.page.size = PageSize::MAX;
    loop {
        let page = engine.batches(query.clone()).await?;
        if let Some(batch) = page.items.iter().find(|batch| batch.retry_of.is_none()) {
            return Ok(batch.submission);
        }
        query.page.token = page.next;
        if query.page.token.is_none() {
            bail!("there is nothing under the name {name} in this store");
        }
    }
}

/// The batches of a submission, in the order of its files.
pub(crate) async fn batches_of(engine: &Engine, submission: SubmissionId) -> Result<Vec<Batch>> {
    let mut query = BatchQuery::default();
    query.submission = Some(submission);
    query.page.size = PageSize::MAX;
    let mut batches = Vec::new();
    loop {
        let page = engine.batches(query.clone()).await?;
        batches.extend(page.items);
        query.page.token = page.next;
        if query.page.token.is_none() {
            return Ok(batches);
        }
    }
}

/// The batch that was chosen. A name that has several is refused with their ids.
pub(crate) async fn chosen_batch(engine: &Engine, chosen: Chosen<'_>) -> Result<Batch> {
    let name = match chosen {
        Chosen::Batch(id) => return existing_batch(engine, id).await,
        Chosen::Name(name) => name,
    };
    let submission = named_submission(engine, name).await?;
    let mut batches = batches_of(engine, submission).await?;
    match (batches.len(), batches.pop()) {
        (1, Some(batch)) => Ok(batch),
        (_, last) => {
            batches.extend(last);
            Err(anyhow!(several(name, &batches)))
        }
    }
}

fn several(name: &SubmissionName, batches: &[Batch]) -> String {
    let named = batches.iter().take(NAMED);
    let mut ids: Vec<String> = named.map(|batch| batch.id.to_string()).collect();
    if batches.len() > NAMED {
        ids.push("…".to_owned());
    }
    format!(
        "the name {name} has {} batches, and this command takes one (runs and cancel take all): \
         give its id: {}",
        batches.len(),
        ids.join(", ")
    )
}
