use std::path::Path;

use anyhow::Result;
use batch_core::engine::{RunFilter, SubmissionHandle};
use batch_core::storage::PageSize;

use super::ResultsFile;
use super::session::Session;
use super::summary::Summary;

/// Goes through the runs of a submission once, in the order of its files:
/// sums them up, and writes the results where they are asked for.
pub(crate) async fn report(
    submission: &SubmissionHandle,
    session: Session,
    results: Option<&Path>,
) -> Result<Summary> {
    let mut summary = Summary::new(session);
    let mut file = results.map(ResultsFile::create).transpose()?;
    let mut filter = RunFilter {
        page: PageSize::MAX,
        ..RunFilter::default()
    };
    if file.is_some() {
        filter = filter.with_outputs();
    }
    let mut runs = submission.runs(filter);
    while let Some(run) = runs.next().await? {
        summary.add(&run);
        if let Some(file) = &mut file {
            file.add(&run)?;
        }
    }
    file.map_or(Ok(()), ResultsFile::finish)?;
    Ok(summary.finish())
}
