use anyhow::{Error, Result, anyhow};
use batch_core::engine::{Difference, Engine, SubmissionRequest, SubmitError};
use batch_core::storage::{BatchQuery, ErrorKind, PageSize};
use batch_core::valid::InvalidBatch;

use super::SubmissionName;
use super::file_list::FileList;
use super::submitted::Submitted;

/// Whether files have been submitted under a name before.
pub(crate) async fn is_known(engine: &Engine, name: &SubmissionName) -> Result<bool> {
    let mut query = BatchQuery::default();
    query.workflow = Some(name.workflow().clone());
    query.page.size = PageSize::new(1)?;
    loop {
        let page = engine.batches(query.clone()).await?;
        query.page.token = page.next;
        if !page.items.is_empty() || query.page.token.is_none() {
            return Ok(!page.items.is_empty());
        }
    }
}

/// Submits the files under a name, as far as there is room; those that are stored already
/// are found.
pub(crate) async fn submit(
    engine: &Engine,
    name: &SubmissionName,
    files: &FileList,
) -> Result<Submitted> {
    engine.ensure_deployed(name.workflow().clone()).await?;
    let request = SubmissionRequest::new(name.workflow().as_str()).idempotency_key(name.as_key());
    match engine.submit_all(request, files.inputs()).await {
        Ok(submission) => Ok(Submitted::Whole(submission)),
        Err(SubmitError::Interrupted(part)) if is_want_of_room(&part.cause) => {
            Ok(Submitted::Part(part))
        }
        Err(error) => Err(explain(error, name)),
    }
}

fn is_want_of_room(error: &SubmitError) -> bool {
    matches!(error, SubmitError::Storage(error) if error.kind() == ErrorKind::Full)
}

/// Says what a refusal means to someone who has named files.
fn explain(error: SubmitError, name: &SubmissionName) -> Error {
    match error.root() {
        SubmitError::KeyConflict {
            first_difference, ..
        } => {
            let difference = first_difference.as_deref().map(difference);
            let difference = difference.unwrap_or_default();
            anyhow!("the name {name} belongs to another list of files{difference}")
        }
        SubmitError::Invalid(invalid) => anyhow!("cannot submit the files: {}", first(invalid)),
        _ => Error::new(error).context("cannot submit the files"),
    }
}

/// The first file in which two lists differ, counted from 1.
fn difference(difference: &Difference) -> String {
    let shown = |file: &Option<String>| match file {
        Some(file) => format!("{file:?}"),
        None => "missing".to_owned(),
    };
    let (there, here) = (shown(&difference.stored), shown(&difference.given));
    match difference.ordinal {
        Some(place) => {
            let place = u64::from(place.get()) + 1;
            format!(": file {place} is {there} there and {here} here")
        }
        None => format!(": {} is {there} there and {here} here", difference.path),
    }
}

/// The first problem, and how many more there are.
fn first(invalid: &InvalidBatch) -> String {
    let problems = invalid.problems();
    let first = problems.first().map(ToString::to_string);
    match problems.len() {
        0 | 1 => first.unwrap_or_default(),
        all => format!(
            "{} (and {} more problems)",
            first.unwrap_or_default(),
            all - 1
        ),
    }
}
