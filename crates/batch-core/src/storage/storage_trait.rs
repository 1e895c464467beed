use std::fmt::Debug;
use std::num::NonZeroU32;

use async_trait::async_trait;

use super::{
    BatchQuery, CancelReply, CancelTarget, ClaimKey, ClaimRequest, Claimed, Description,
    InsertReply, JournalPage, NewBatch, Page, PageRequest, PruneRequest, Pruned, Renewal, RunQuery,
    Settled, Settlement, SinkCursor, SinkStart, StorageError, WorkflowChange, WorkflowReply,
};
use crate::batch::{Batch, Submission};
use crate::catalogue::Workflow;
use crate::id::{BatchId, RunId, SinkName, SubmissionId, WorkflowId};
use crate::journal::Sequence;
use crate::ordinal::OrdinalSet;
use crate::run::Run;
use crate::valid::ValidInput;

/// Keeps batches, runs, the journal and the catalogue.
///
/// Two doors lead here. A store that is an ordered map of bytes implements
/// [`OrderedKv`](crate::kv::OrderedKv) and gets all of this from
/// [`KvStorage`](crate::kv::KvStorage). A store that can do better, such as SQL,
/// implements this trait.
///
/// # Contract of every method
///
/// - What a write reports is durable, as far as [`Description::durability`] goes,
///   *when the call returns*, and nobody reads it before it is.
/// - Counts, run records and journal entries of a change move in one commit.
/// - After a failed commit every write is refused with
///   [`ErrorKind::Refusing`](super::ErrorKind::Refusing) until the store is
///   opened again; a sync is never retried.
///
/// # Cancel safety
///
/// Every method: a call whose future is dropped either happened whole or not at
/// all. A claim whose future is dropped holds no run for longer than a lease.
#[async_trait]
pub trait Storage: Debug + Send + Sync + 'static {
    /// What the store is and what it keeps when something strikes.
    fn description(&self) -> Description;

    /// Stores a batch with all its runs, or nothing.
    ///
    /// The idempotency key is looked up before the catalogue. The same key and
    /// content give [`InsertReply::Replayed`], other content
    /// [`InsertReply::KeyConflict`]. The version is resolved here, once.
    /// Repeating the call after an unclear error is safe with a key; without
    /// one it may make a second batch.
    async fn insert(&self, batch: NewBatch) -> Result<InsertReply, StorageError>;

    /// Grants at most `limit` due runs of the asked workflows.
    ///
    /// By priority, and among the submissions of one priority in turn. Each run
    /// goes to one claimer, with a token greater than every token before. It may
    /// grant fewer than are due, to stay bounded in bytes; then ask again.
    /// Claims are durable before the call returns.
    async fn claim(&self, request: ClaimRequest) -> Result<Claimed, StorageError>;

    /// Records how attempts ended; the replies stand in the order of the settlements.
    ///
    /// Each is applied only if its token is current, else it is
    /// [`Settled::Stale`] and changes nothing. A long list may be applied in
    /// several commits, in order. Repeating the call is safe: what was applied
    /// before is now stale.
    async fn settle(&self, settlements: Vec<Settlement>) -> Result<Vec<Settled>, StorageError>;

    /// Keeps claims for another `lease`; the replies stand in the order of the claims.
    async fn renew(
        &self,
        claims: Vec<ClaimKey>,
        lease: std::time::Duration,
    ) -> Result<Vec<Renewal>, StorageError>;

    /// Cancels a run or a batch. What waits ends at once; what is held is asked to stop.
    ///
    /// A batch of any size costs the same few writes. Repeating the call is safe.
    async fn cancel(&self, target: CancelTarget) -> Result<CancelReply, StorageError>;

    /// Reads a batch; `None` where there is none.
    async fn batch(&self, id: BatchId) -> Result<Option<Batch>, StorageError>;

    /// Lists batches by id.
    async fn batches(&self, query: BatchQuery) -> Result<Page<Batch>, StorageError>;

    /// Reads a submission; `None` where there is none.
    async fn submission(&self, id: SubmissionId) -> Result<Option<Submission>, StorageError>;

    /// Reads a run, its output included; `None` where there is none.
    async fn run(&self, id: RunId) -> Result<Option<Run>, StorageError>;

    /// Lists runs by id. A run that stays where it is, is seen exactly once.
    async fn runs(&self, query: RunQuery) -> Result<Page<Run>, StorageError>;

    /// Reads inputs of a batch, in ascending order, without secrets.
    ///
    /// Ordinals that the batch does not have are passed over.
    async fn inputs(
        &self,
        batch: BatchId,
        ordinals: OrdinalSet,
    ) -> Result<Vec<ValidInput>, StorageError>;

    /// Reads the entries after a position, at most about `limit` of them.
    ///
    /// Never shows an entry that is not durable.
    async fn journal(
        &self,
        after: Sequence,
        limit: NonZeroU32,
    ) -> Result<JournalPage, StorageError>;

    /// Gives a sink's position, and makes one where the sink is new.
    async fn open_sink(&self, sink: SinkName, start: SinkStart) -> Result<Sequence, StorageError>;

    /// Moves a sink's position forward; one that lies further already stays.
    async fn advance_sink(&self, sink: SinkName, to: Sequence) -> Result<(), StorageError>;

    /// Forgets a sink, so that it holds nothing back any more.
    async fn remove_sink(&self, sink: SinkName) -> Result<(), StorageError>;

    /// All sinks and how far they have come, by name.
    async fn sinks(&self) -> Result<Vec<SinkCursor>, StorageError>;

    /// Changes the catalogue.
    async fn change_workflow(
        &self,
        id: WorkflowId,
        change: WorkflowChange,
    ) -> Result<WorkflowReply, StorageError>;

    /// Reads a workflow; `None` where there is none.
    async fn workflow(&self, id: WorkflowId) -> Result<Option<Workflow>, StorageError>;

    /// Lists workflows by id.
    async fn workflows(&self, page: PageRequest) -> Result<Page<Workflow>, StorageError>;

    /// Deletes old finished batches, and journal entries that nobody needs.
    ///
    /// Never a batch or an entry that a sink has not passed. The work of one
    /// call is bounded; call again until nothing is pruned.
    async fn prune(&self, request: PruneRequest) -> Result<Pruned, StorageError>;

    /// Waits until the journal has an entry after a position, and gives the last one.
    ///
    /// Everything that makes a run claimable, but for time passing, is in the journal.
    async fn wait(&self, after: Sequence) -> Result<Sequence, StorageError>;
}
