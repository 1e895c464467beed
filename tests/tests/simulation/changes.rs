use batch_core::id::{BatchId, RunId};
use batch_core::storage::{DeleteReply, DeleteTarget, UpdateReply};

use super::tag::{Tag, tag_of};
use super::witness::{Verdict, Witness, must};

/// What becomes of runs and batches after they were stored: updates and deletes.
impl Witness {
    pub(super) fn updated(&mut self, run: RunId) -> Verdict {
        let asked = self.updating.filter(|(asked, _)| *asked == run);
        let Some((_, tag)) = asked else {
            return Err(format!("nobody asked for an update of {run}"));
        };
        let known = self.known(run)?;
        must!(!known.deleted, "{run} was updated after its delete");
        must!(known.tag != Some(tag), "{run} was updated to {tag} twice");
        known.tag = Some(tag);
        Ok(())
    }

    pub(super) fn deleted(&mut self, run: RunId) -> Verdict {
        let known = self.known(run)?;
        must!(known.ended.is_some(), "{run} was deleted before its end");
        must!(!known.deleted, "{run} was deleted twice");
        known.deleted = true;
        Ok(())
    }

    pub(super) fn deleted_batch(&mut self, batch: BatchId) -> Verdict {
        let known = self.batches.get_mut(&batch);
        let known = known.expect("an entry of a known batch");
        must!(
            known.finished.is_some(),
            "{batch} was deleted before its end"
        );
        known.deleted = true;
        Ok(())
    }

    /// Whether a run may be there no more.
    pub(super) fn may_be_missing(&self, run: RunId) -> bool {
        self.batches[&run.batch()].may_be_missing() || self.runs[&run].deleted
    }

    /// Somebody heard what became of his update.
    pub(super) fn heard_of_update(&self, run: RunId, tag: Tag, reply: &UpdateReply) -> Verdict {
        let right = match reply {
            UpdateReply::Updated(view) => {
                self.runs[&run].tag == Some(tag) && tag_of(&view.metadata) == Some(tag)
            }
            UpdateReply::NotFound => self.may_be_missing(run),
            UpdateReply::MetadataTooLarge { .. } => false,
            _ => false,
        };
        must!(right, "{reply:?} to the update of {run} to {tag}");
        Ok(())
    }

    /// Somebody heard what became of his delete.
    pub(super) fn heard_of_delete(&self, target: DeleteTarget, reply: DeleteReply) -> Verdict {
        let right = match (target, reply) {
            (DeleteTarget::Run(run), DeleteReply::Deleted) => self.runs[&run].deleted,
            (DeleteTarget::Run(run), DeleteReply::NotFound) => self.may_be_missing(run),
            (DeleteTarget::Run(run), DeleteReply::RunNotEnded(_)) => {
                self.runs[&run].ended.is_none()
            }
            (DeleteTarget::Batch(id), DeleteReply::Deleted) => self.batches[&id].deleted,
            (DeleteTarget::Batch(id), DeleteReply::NotFound) => self.batches[&id].may_be_missing(),
            (DeleteTarget::Batch(id), DeleteReply::BatchNotFinished) => {
                self.batches[&id].finished.is_none()
            }
            _ => false,
        };
        must!(right, "{reply:?} to the delete of {target:?}");
        Ok(())
    }
}
