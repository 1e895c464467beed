use std::sync::Arc;

use super::view_run::Standing;
use super::{Machine, browse};
use crate::batch::Counts;
use crate::id::{BatchId, RunId};
use crate::kv::OrderedKv;
use crate::kv::record::BatchHeader;
use crate::ordinal::{Ordinal, OrdinalSet};
use crate::run::Run;
use crate::storage::{OutputDetail, Page, RunQuery, StorageError};

/// The most batches and the most runs one page looks at, whether or not they fit.
const BATCHES_A_PAGE: usize = 1_000;
const RUNS_A_PAGE: u32 = 8_192;
/// A page of runs with outputs ends once it has this many bytes of them.
const OUTPUT_BYTES_A_PAGE: usize = 4 << 20;

/// A page in the making.
struct Draft {
    size: usize,
    items: Vec<Run>,
    /// How many runs may still be looked at.
    looks: u32,
    output_bytes: usize,
    next: Option<RunId>,
}

impl Draft {
    fn is_full(&self) -> bool {
        self.items.len() >= self.size || self.output_bytes >= OUTPUT_BYTES_A_PAGE
    }
}

impl<K: OrderedKv> Machine<K> {
    /// Lists runs by id.
    pub(in crate::kv) fn list_runs(&mut self, query: &RunQuery) -> Result<Page<Run>, StorageError> {
        let mut at = query
            .page
            .token
            .as_ref()
            .map(browse::run_of)
            .transpose()?
            .or(query.batch.map(|batch| RunId::new(batch, Ordinal::new(0))));
        let mut draft = Draft {
            size: query.page.size.get(),
            items: Vec::new(),
            looks: RUNS_A_PAGE,
            output_bytes: 0,
            next: None,
        };
        for _ in 0..BATCHES_A_PAGE {
            let Some((id, header)) = self.next_header(at.map(|run| run.batch()))? else {
                return Ok(finish(draft));
            };
            if query.batch.is_some_and(|batch| batch != id) {
                return Ok(finish(draft));
            }
            let from = at.filter(|run| run.batch() == id);
            let from = from.map_or(Ordinal::new(0), |run| run.ordinal());
            self.list_in_batch(id, &Arc::new(header), from, query, &mut draft)?;
            // The next header is none of this list's business, and may be in doubt.
            if draft.next.is_some() || query.batch.is_some() {
                return Ok(finish(draft));
            }
            let Some(after) = after(id) else {
                return Ok(finish(draft));
            };
            at = Some(RunId::new(after, Ordinal::new(0)));
        }
        draft.next = at;
        Ok(finish(draft))
    }

    /// Adds the runs of one batch that fit, from an ordinal on.
    fn list_in_batch(
        &mut self,
        id: BatchId,
        header: &Arc<BatchHeader>,
        from: Ordinal,
        query: &RunQuery,
        draft: &mut Draft,
    ) -> Result<(), StorageError> {
        let foreign = query
            .workflow
            .as_ref()
            .is_some_and(|w| *w != header.workflow);
        let none = query
            .state
            .is_some_and(|state| self.counts_of(id, header).of(state) == 0);
        if foreign || none {
            return Ok(());
        }
        let mut fitting: Vec<(Ordinal, Standing)> = Vec::new();
        let all = OrdinalSet::up_to(header.total);
        let asked = query.among.as_ref().filter(|_| query.batch.is_some());
        let within = |ordinal: &Ordinal| ordinal.get() < header.total;
        let places = asked.unwrap_or(&all).iter_from(from);
        let deleted = self.deleted_of(id, header);
        let places = places.take_while(within);
        for ordinal in places.filter(|ordinal| !deleted.contains(*ordinal)) {
            if draft.looks == 0 || fitting.len() + draft.items.len() >= draft.size {
                draft.next = Some(RunId::new(id, ordinal));
                break;
            }
            draft.looks -= 1;
            let standing = self.standing(id, header, ordinal)?;
            if query.state.is_none_or(|state| state == standing.state) {
                fitting.push((ordinal, standing));
            }
        }
        self.add(id, header, fitting, query.output, draft)
    }

    fn add(
        &mut self,
        id: BatchId,
        header: &BatchHeader,
        fitting: Vec<(Ordinal, Standing)>,
        detail: OutputDetail,
        draft: &mut Draft,
    ) -> Result<(), StorageError> {
        let ordinals: OrdinalSet = fitting.iter().map(|(ordinal, _)| *ordinal).collect();
        let inputs = self.read_inputs(id, &ordinals)?;
        for ((ordinal, standing), input) in fitting.into_iter().zip(inputs) {
            let run = RunId::new(id, ordinal);
            if draft.is_full() {
                draft.next = Some(run);
                return Ok(());
            }
            let run = self.assemble_run(run, header, standing, &input, detail)?;
            draft.output_bytes += run.output.as_ref().map_or(0, |o| o.as_json().len());
            draft.items.push(run);
        }
        Ok(())
    }

    fn counts_of(&self, id: BatchId, header: &BatchHeader) -> Counts {
        match (self.live.get(&id), &header.end) {
            (Some(batch), _) => batch.counts(),
            (None, Some(end)) => end.counts,
            (None, None) => Counts::default(),
        }
    }
}

fn finish(draft: Draft) -> Page<Run> {
    Page {
        items: draft.items,
        next: draft.next.map(browse::token_of_run),
    }
}

/// The smallest batch id after this one.
fn after(id: BatchId) -> Option<BatchId> {
    let next = id.as_uuid().as_u128().checked_add(1)?;
    Some(BatchId::from_uuid(uuid::Uuid::from_u128(next)))
}
