use std::sync::Arc;

use super::Machine;
use crate::id::{BatchId, RunId};
use crate::journal::Fact;
use crate::kv::shortage::Change;
use crate::kv::{OrderedKv, key};
use crate::ordinal::OrdinalSet;
use crate::storage::{StorageError, UpdateReply};
use crate::valid::{MergeTooLarge, ValidUpdate};

impl<K: OrderedKv> Machine<K> {
    /// Changes the label and the metadata of a run, in the chunk that holds its input.
    pub(in crate::kv) fn update_run(
        &mut self,
        run: RunId,
        update: &ValidUpdate,
    ) -> Result<UpdateReply, StorageError> {
        self.check_writable("update a run")?;
        let (id, ordinal) = (run.batch(), run.ordinal());
        let Some(mut view) = self.view_run(run)? else {
            return Ok(UpdateReply::NotFound);
        };
        view.output = None;
        let one: OrdinalSet = std::iter::once(ordinal).collect();
        let Some(before) = self.read_inputs(id, &one)?.pop() else {
            return Ok(UpdateReply::NotFound);
        };
        let after = match update.apply(&before) {
            Ok(after) => after,
            Err(MergeTooLarge { bytes, limit }) => {
                return Ok(UpdateReply::MetadataTooLarge { bytes, limit });
            }
        };
        if after == before {
            return Ok(UpdateReply::Updated(Box::new(view)));
        }
        view.name = after.name().map(str::to_owned);
        view.metadata = after.metadata().clone();
        let chunk = self.rewritten(id, ordinal, |_| after)?;
        if let Ok(bytes @ 1..) = usize::try_from(chunk.grown) {
            self.check_room(Change::Update, bytes, 0)?;
        }
        let finished = self.finished_now(id)?;
        let grown = chunk.grown;
        self.put_chunk(chunk);
        self.weigh(id, grown);
        let sequence = self.note(id, Fact::Updated(one));
        self.touch(id, finished, sequence, None);
        Ok(UpdateReply::Updated(Box::new(view)))
    }

    /// Notes by how much the inputs of a live batch have grown, so that claims stay bounded.
    fn weigh(&mut self, id: BatchId, grown: i64) {
        let Some(batch) = self.change(id).filter(|_| grown != 0) else {
            return;
        };
        let header = Arc::make_mut(&mut batch.header);
        header.bytes = header.bytes.saturating_add_signed(grown);
        let (header, before) = (Arc::clone(&batch.header), batch.header_parts);
        let parts = self.stage.put_record(&key::header(id), &*header, before);
        if let Some(batch) = self.change(id) {
            batch.header_parts = parts;
        }
    }
}
