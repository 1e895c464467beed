use std::num::NonZeroUsize;

use super::live_batch::view_finished;
use super::{Machine, browse};
use crate::batch::{Batch, Submission};
use crate::id::{BatchId, SubmissionId};
use crate::kv::record::{BatchHeader, decode};
use crate::kv::{KeyRange, OrderedKv, key};
use crate::storage::{BatchQuery, ErrorKind, Page, SortOrder, StorageError};

/// The most headers one page looks at, whether or not they fit the query.
const HEADERS_A_PAGE: usize = 2_000;
const KIND: char = 'b';

impl<K: OrderedKv> Machine<K> {
    /// Reads a batch.
    pub(in crate::kv) fn batch(&self, id: BatchId) -> Result<Option<Batch>, StorageError> {
        if let Some(batch) = self.live.get(&id) {
            return Ok(Some(batch.view(id)));
        }
        if let Some(header) = self.header(id)? {
            return Ok(Some(view_finished(id, &header)));
        }
        let what = || format!("the header of {id}, which was deleted");
        let deleted = self.stage.get_record(&key::deleted(id), what)?;
        Ok(deleted.map(|header: BatchHeader| view_finished(id, &header)))
    }

    /// Reads a submission.
    pub(in crate::kv) fn submission(
        &self,
        id: SubmissionId,
    ) -> Result<Option<Submission>, StorageError> {
        let record = self.read_submission(id)?;
        Ok(record.map(|record| Submission {
            id,
            batches: record.batches,
            inputs: record.inputs,
            extent: record.extent,
        }))
    }

    /// Lists batches by id, or those of a submission by part.
    pub(in crate::kv) fn list_batches(
        &self,
        query: &BatchQuery,
    ) -> Result<Page<Batch>, StorageError> {
        match query.submission {
            Some(submission) => self.list_parts(submission, query),
            None => self.list_headers(query),
        }
    }

    fn list_headers(&self, query: &BatchQuery) -> Result<Page<Batch>, StorageError> {
        let size = query.page.size.get();
        let mut range = key::headers();
        if let Some(token) = &query.page.token {
            range = beyond(range, browse::batch_of(token, KIND)?, query.order);
        }
        let mut items = Vec::new();
        let mut last = None;
        let limit = NonZeroUsize::MIN.saturating_add(HEADERS_A_PAGE);
        let found = self.stage.scan(&range, query.order, limit)?;
        let exhausted = found.len() < limit.get();
        for kv in found {
            if !kv.key.ends_with(&[0, 0]) {
                continue;
            }
            if items.len() == size {
                return Ok(page(items, last));
            }
            let id = key::batch_in(&kv.key)?;
            last = Some(id);
            let fits = self.batch(id)?.filter(|batch| fits(batch, query));
            items.extend(fits);
        }
        Ok(page(items, last.filter(|_| !exhausted)))
    }

    /// The batches of a submission, by part. Parts come ascending or descending.
    fn list_parts(
        &self,
        submission: SubmissionId,
        query: &BatchQuery,
    ) -> Result<Page<Batch>, StorageError> {
        let size = query.page.size.get();
        let mut range = key::submission_parts(submission);
        if let Some(token) = &query.page.token {
            let at = key::submission_part(submission, browse::part_of(token)?);
            range = match query.order {
                SortOrder::Ascending => range.starting_at(at),
                SortOrder::Descending => range.ending_before(at),
            };
        }
        let limit = NonZeroUsize::MIN.saturating_add(size);
        let found = self.stage.records_in(&range, query.order, limit)?;
        let more = found.len() > size;
        let mut items = Vec::new();
        let mut last = None;
        for (_, stored) in found.into_iter().take(size) {
            let uuid = uuid::Uuid::from_slice(&stored.payload);
            let id = uuid.map(BatchId::from_uuid).map_err(|e| {
                StorageError::new(ErrorKind::Damaged, format!("the parts of {submission}"))
                    .caused_by(e)
            })?;
            let Some(batch) = self.batch(id)? else {
                continue;
            };
            last = Some(batch.part);
            items.extend(Some(batch).filter(|batch| fits(batch, query)));
        }
        let next = last.filter(|_| more).map(|part| match query.order {
            SortOrder::Ascending => browse::token_of_part(part + 1),
            SortOrder::Descending => browse::token_of_part(part),
        });
        Ok(Page { items, next })
    }

    /// The next header at or after a batch, and whose it is.
    pub(super) fn next_header(
        &self,
        from: Option<BatchId>,
    ) -> Result<Option<(BatchId, BatchHeader)>, StorageError> {
        let range = match from {
            Some(from) => key::headers().starting_at(key::header(from)),
            None => key::headers(),
        };
        let Some((key, stored)) = self.stage.first_in(&range)? else {
            return Ok(None);
        };
        let id = key::batch_in(&key)?;
        let header = decode(&stored.payload, || format!("the header of {id}"))?;
        Ok(Some((id, header)))
    }
}

fn fits(batch: &Batch, query: &BatchQuery) -> bool {
    let workflow = query.workflow.as_ref().is_none_or(|w| *w == batch.workflow);
    let state = query.state.is_none_or(|s| s == batch.state);
    workflow && state
}

fn page(items: Vec<Batch>, last: Option<BatchId>) -> Page<Batch> {
    let next = last.map(|last| browse::token_of_batch(KIND, last));
    Page { items, next }
}

/// The range after a batch, in the direction of the list.
fn beyond(range: KeyRange, last: BatchId, order: SortOrder) -> KeyRange {
    let key = key::header(last);
    match order {
        SortOrder::Ascending => range.starting_at([key.as_slice(), &[u8::MAX; 3]].concat()),
        SortOrder::Descending => range.ending_before(key),
    }
}
