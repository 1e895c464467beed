use super::expected::Expected;
use crate::conformance::yard::{Yard, run_id};
use crate::ordinal::Ordinal;
use crate::request::{Limits, RunUpdate};
use crate::storage::{DeleteReply, UpdateReply};
use crate::valid::{ValidUpdate, validate_update};

/// An update that leaves a tag in the metadata.
fn tagged(tag: u8) -> ValidUpdate {
    let update = RunUpdate::new().merge_json(format!(r#"{{"tag":{tag}}}"#));
    validate_update(Ordinal::new(0), update, &Limits::default()).unwrap()
}

/// Deletes and updates, as plainly as the rest.
impl Expected {
    pub(super) async fn delete_batch(&mut self, yard: &Yard, which: usize) {
        let Some(id) = self.order.get(which % self.order.len().max(1)).copied() else {
            return;
        };
        let reply = yard.delete_batch(id).await;
        let expected = match self.batches.contains_key(&id) {
            false => DeleteReply::NotFound,
            true if !self.all_ended(id) => DeleteReply::BatchNotFinished,
            true => {
                self.batches.remove(&id);
                self.runs.retain(|run, _| run.batch() != id);
                DeleteReply::Deleted
            }
        };
        assert_eq!(reply, expected, "{id}");
    }

    pub(super) async fn delete_run(&mut self, yard: &Yard, batch: usize, run: u32) {
        let Some(batch) = self.order.get(batch % self.order.len().max(1)) else {
            return;
        };
        let reply = yard.delete_run(*batch, run).await;
        let expected = match self.runs.get_mut(&run_id(*batch, run)) {
            None => DeleteReply::NotFound,
            Some(known) if known.deleted => DeleteReply::NotFound,
            Some(known) if !known.state.is_ended() => DeleteReply::RunNotEnded(known.state),
            Some(known) => {
                known.deleted = true;
                DeleteReply::Deleted
            }
        };
        assert_eq!(reply, expected, "run {run} of {batch}");
    }

    pub(super) async fn update_run(&mut self, yard: &Yard, batch: usize, run: u32, tag: u8) {
        let Some(batch) = self.order.get(batch % self.order.len().max(1)) else {
            return;
        };
        let id = run_id(*batch, run);
        let reply = yard.storage().update_run(id, tagged(tag)).await.unwrap();
        match (self.runs.get_mut(&id), reply) {
            (Some(known), UpdateReply::Updated(run)) if !known.deleted => {
                known.tag = Some(tag);
                assert_eq!((run.id, run.state), (id, known.state));
            }
            (None, UpdateReply::NotFound) => {}
            (Some(known), UpdateReply::NotFound) if known.deleted => {}
            (known, reply) => panic!("{known:?} was updated: {reply:?}"),
        }
    }
}
