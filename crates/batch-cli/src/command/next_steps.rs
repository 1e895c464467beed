use anyhow::Result;
use batch_core::batch::{Batch, Counts};
use batch_core::engine::{Engine, SubmissionHandle};

use super::SubmissionName;
use super::named::batches_of;
use crate::store::StoreAddress;

/// The most batches that are named for a retry.
const RETRIES: usize = 3;

/// Says which commands come next, after a summary.
#[derive(Debug)]
pub(crate) struct NextSteps<'a> {
    /// Where the submission is.
    pub(crate) engine: &'a Engine,
    /// The submission that has ended.
    pub(crate) submission: &'a SubmissionHandle,
    /// Where the next command finds it.
    pub(crate) store: &'a StoreAddress,
}

impl NextSteps<'_> {
    /// Lines for a submission whose results went to no file.
    pub(crate) async fn outputs(&self) -> Result<Vec<String>> {
        if !self.store.is_durable() {
            return Ok(vec!["--results FILE writes each file's output".to_owned()]);
        }
        let batches = batches_of(self.engine, self.submission.id()).await?;
        let which = which(&batches);
        let store = self.store_option();
        Ok(vec![format!(
            "each file's output: batchyard runs {which}{store} -o json"
        )])
    }

    /// Lines for a submission of which runs have failed; none where nothing is kept.
    pub(crate) async fn retries(&self, counts: &Counts) -> Result<Vec<String>> {
        if counts.failed == 0 || !self.store.is_durable() {
            return Ok(Vec::new());
        }
        let mut batches = batches_of(self.engine, self.submission.id()).await?;
        batches.retain(|batch| batch.counts.failed > 0);
        let store = self.store_option();
        let retry = |batch: &Batch| {
            let id = batch.id;
            format!("to run the failed ones again: batchyard retry {id}{store} --exec CMD")
        };
        let mut lines: Vec<String> = batches.iter().take(RETRIES).map(retry).collect();
        if let Some(more @ 1..) = batches.len().checked_sub(RETRIES) {
            lines.push(format!(
                "and so on: {more} more of its batches have failed runs"
            ));
        }
        Ok(lines)
    }

    /// What names the store to the next command, where it is not the usual one.
    fn store_option(&self) -> String {
        if *self.store == StoreAddress::default() {
            String::new()
        } else {
            format!(" --store {}", quoted(&self.store.to_string()))
        }
    }
}

/// One batch by its id, several by their name.
fn which(batches: &[Batch]) -> String {
    let name = |batch: &Batch| SubmissionName::of_workflow(&batch.workflow);
    match batches {
        [first, _, ..] => name(first).map_or_else(
            || first.id.to_string(),
            |name| format!("--name {}", quoted(&name.to_string())),
        ),
        batches => batches
            .first()
            .map_or_else(|| "BATCH".to_owned(), |batch| batch.id.to_string()),
    }
}

/// A word as a shell takes it for one.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:".contains(c);
    if word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_quoted_only_where_a_shell_would_take_it_apart() {
        assert_eq!(quoted("sled:./a-b_c"), "sled:./a-b_c");
        assert_eq!(quoted("two words"), "'two words'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
