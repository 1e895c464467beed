use std::fmt::Debug;
use std::num::NonZeroU32;

use async_trait::async_trait;

use super::{
    BatchQuery, CancelReply, CancelTarget, ClaimKey, ClaimRequest, Claimed, DeleteReply,
    DeleteTarget, Description, FlowReply, InsertReply, JournalPage, NewBatch, Page, PageRequest,
    PruneRequest, Pruned, Renewal, ReviewReply, ReviewRequest, RunQuery, Settled, Settlement,
    SinkCursor, SinkStart, StepReply, StorageError, UpdateReply, WorkflowChange, WorkflowReply,
};
use crate::batch::{Batch, Flow, Submission};
use crate::catalogue::Workflow;
use crate::id::{BatchId, RunId, SinkName, SubmissionId, WorkflowId};
use crate::journal::Sequence;
use crate::ordinal::OrdinalSet;
use crate::run::{Run, Step, Steps};
use crate::valid::{ValidInput, ValidUpdate};

/// Keeps batches, runs, the journal and the catalogue.
///
/// Two doors lead here. A store that is an ordered map of bytes implements
/// [`OrderedKv`](crate::kv::OrderedKv) and gets all of this from
/// [`KvStorage`](crate::kv::KvStorage). A store that can do better, such as SQL,
/// implements this trait. Either way the feature `conformance` has a suite that shows
/// whether the store keeps the contract: each sentence below has a case.
///
/// # Contract of every method
///
/// - What a write reports is durable, as far as [`Description::durability`] goes,
///   *when the call returns*, and nobody reads it before it is.
/// - Counts, run records and journal entries of a change move in one commit.
/// - A call whose commit failed says [`ErrorKind::InDoubt`](super::ErrorKind::InDoubt),
///   and what it wrote is then there whole or not at all.
/// - After a failed commit every write is refused with
///   [`ErrorKind::Refusing`](super::ErrorKind::Refusing) until the store is
///   opened again; a sync is never retried. Reads go on; what the commit touched may
///   be in doubt until then, and is never shown as done.
/// - Leases are measured by uptime, so that a wall clock that is set forward or
///   back takes no run away and ends no run before it began.
///
/// # Runs that lose their holder
///
/// A claim that was not renewed for a lease is taken back when runs are next
/// claimed. Where one process holds the store alone, every claim of a dead process
/// is void as soon as the store is opened again. A run that loses its holder waits
/// again under the same attempt number, with one interruption counted and no
/// attempt. One that was asked to stop ends as cancelled instead.
///
/// A run interrupted twice executes in quarantine: with at most seven others like
/// it, while nothing else is held, and nothing else is claimed while it is held.
/// The group halves with each further interruption. A run interrupted five times
/// executes alone; interrupted once more then, it ends as failed with
/// [`Failure::CRASHED`](crate::run::Failure::CRASHED). Other work goes before
/// quarantine, but not for ever.
///
/// # Times of a batch
///
/// A run that was never claimed is due at the time of its batch and its share of the spread:
/// run n of N at n/N of it. The time of a batch is its `not_before`, or else that at which it was
/// stored. Due times are wall time, those of retries too: a clock that is set forward makes runs
/// due. What was due stays due when the clock is set back, until the store is opened again.
///
/// Runs that wait at `expires_at` end as failed with
/// [`Failure::EXPIRED`](crate::run::Failure::EXPIRED), in the first claim or prune from that time
/// on. Held ones go on, and end so if they come to wait again. Until then they are as they were,
/// whatever the clock says. A batch of any size expires in the same few writes.
///
/// # Runs in review
///
/// A run whose attempt needs review is held by nobody, and is neither claimed nor taken back; it
/// does not expire. Its output, its note and its attempt stay as they are until a person
/// answers, however often the store is opened. Its batch is not finished before that. Cancelled,
/// by itself or with its batch, it ends as cancelled.
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
    /// The idempotency key is looked up before the catalogue, and both before the bound. The same key and
    /// content give [`InsertReply::Replayed`], other content
    /// [`InsertReply::KeyConflict`]; both name the batch that was first. Content
    /// is all that the caller said: workflow, version asked for, priority, when its
    /// runs may begin and until when, for whom it is executed, whether more parts may
    /// follow, which batch it retries, and the inputs in their order with their secrets.
    /// The version asked for counts with the first part of a submission alone. A key
    /// stands for each part of a submission by itself. The version is resolved here, once. An unknown
    /// workflow or version writes nothing. An id that is taken is refused with
    /// [`ErrorKind::Invalid`](super::ErrorKind::Invalid).
    ///
    /// Where there is no room beside what the runs in the store need, a batch is refused with
    /// [`ErrorKind::Full`](super::ErrorKind::Full) before anything is written. Every other
    /// call goes on, but for an update that makes the store larger.
    /// A batch that brings a bound is refused with [`InsertReply::QueueFull`] where its runs and
    /// those that wait would be more than the bound; the reply says how many wait, and nothing
    /// is written. Runs that come to wait again are never refused.
    ///
    /// Repeating the call after an unclear error is safe with a key; without
    /// one it may make a second batch.
    async fn insert(&self, batch: NewBatch) -> Result<InsertReply, StorageError>;

    /// Grants at most `limit` due runs of the asked workflows.
    ///
    /// By priority; among the fairness keys of one priority in turn, each as often as the batch
    /// whose turn it is weighs; and among the submissions of one key in turn. Batches without a
    /// key are one key together. While as many runs of a key are held as a batch of it allows,
    /// none of that batch is granted. A priority that waits while 256 runs of more urgent ones are
    /// granted gets one.
    ///
    /// Runs of one batch that were never claimed come in their order. Each run goes to one
    /// claimer, with a token greater than every token before. It brings its own
    /// input, secrets included. It says how many steps it has recorded. A call may grant fewer than are due, to stay bounded in
    /// bytes; then ask again. Claims are durable before the call returns.
    /// [`Claimed::next_due`] is never later than the moment when time alone makes
    /// another run claimable.
    ///
    /// A claim with [`ClaimRequest::patience`] that finds nothing waits where
    /// [`Description::patient_claims`] says so; any other is answered at once. One that waits is
    /// answered as soon as another call makes a run claimable, or time alone may make one
    /// claimable before its patience ends. Its caller ends the wait by dropping the call: what it
    /// was granted by then is given back with nothing counted.
    async fn claim(&self, request: ClaimRequest) -> Result<Claimed, StorageError>;

    /// Records how attempts ended; the replies stand in the order of the settlements.
    ///
    /// Each is applied only if its token is current, else it is
    /// [`Settled::Stale`] and changes nothing. A long list may be applied in
    /// several commits, in order. Repeating the call is safe: what was applied
    /// before is now stale. A retry counts an attempt and is claimable after its
    /// wait; a run that is given back counts none. A run that is snoozed is claimable after its
    /// wait too, with no attempt counted; it says how often it was. An output comes back as it was.
    /// A run that was asked to stop ends as cancelled, whatever it brings. A batch
    /// is finished with its last run and not before.
    async fn settle(&self, settlements: Vec<Settlement>) -> Result<Vec<Settled>, StorageError>;

    /// Keeps claims for another `lease`; the replies stand in the order of the claims.
    ///
    /// A claim that is not current is [`Renewal::Lost`], and asking brings none
    /// back. One whose run was asked to stop lasts all the same and is told
    /// [`Renewal::CancelAsked`].
    async fn renew(
        &self,
        claims: Vec<ClaimKey>,
        lease: std::time::Duration,
    ) -> Result<Vec<Renewal>, StorageError>;

    /// Records what a step of a held run came to.
    ///
    /// It is recorded only if the claim is current, else it is [`StepReply::Stale`] and changes
    /// nothing. A name that the run has recorded keeps its result: the reply is
    /// [`StepReply::Known`] and brings it. So repeating the call is safe. Past a bound of
    /// [`Steps`] the reply is [`StepReply::Refused`] and nothing is changed.
    /// What is recorded stays until the run ends or goes into review, whoever holds it. After that
    /// no call returns it.
    async fn record_step(&self, claim: ClaimKey, step: Step) -> Result<StepReply, StorageError>;

    /// Reads what a run has recorded of its steps, in the order of recording.
    ///
    /// Nothing where the run has ended, is in review or is not there.
    async fn steps(&self, run: RunId) -> Result<Steps, StorageError>;

    /// Cancels a run or a batch. What waits ends at once; what is held is asked to stop.
    ///
    /// What has ended stays as it is, and the reply says so. A batch is cancelled
    /// as a whole; a run is cancelled and its batch goes on.
    /// A batch of any size costs the same few writes. Repeating the call is safe.
    async fn cancel(&self, target: CancelTarget) -> Result<CancelReply, StorageError>;

    /// Pauses or resumes a batch: while it is paused, none of its runs is granted.
    ///
    /// What is held goes on, and a paused batch can be cancelled and expires. It stays paused
    /// until it is resumed, and its view says so. The journal tells of it, but not while the
    /// workflow of the batch is paused. What has ended stays as it is, and asking for what is so
    /// already changes nothing.
    async fn set_flow(&self, batch: BatchId, flow: Flow) -> Result<FlowReply, StorageError>;

    /// Records what people answer to runs in review; the replies stand in the order of the requests.
    ///
    /// A run that is approved ends as processed, and one that is rejected as rejected, each with
    /// the output it had. The same verdict again is told so and changes nothing: the first answer
    /// stands, with its note. On any other run nothing is changed, and the reply says where it
    /// stands. A run that was deleted is [`ReviewReply::NotFound`]. A long list of answers may be recorded in several commits, in order. Answering again
    /// after an unclear error is safe.
    async fn review(&self, requests: Vec<ReviewRequest>) -> Result<Vec<ReviewReply>, StorageError>;

    /// Deletes a finished batch with all its runs, or a run that has ended.
    ///
    /// What has not ended is not deleted, and the reply says so. What was deleted is in no
    /// listing and no read. Its inputs, outputs and failures are gone with it. The counts of a
    /// batch go on counting its deleted runs as they ended, and
    /// [`Batch::deleted`](crate::batch::Batch::deleted) says how many those are. The input of a
    /// deleted run reads as an empty text without name and metadata. A delete is in the
    /// journal, as the last entry about what is gone. The idempotency key of a deleted batch is
    /// kept as that of a pruned one. Repeating the call is safe: what is gone is
    /// [`DeleteReply::NotFound`].
    async fn delete(&self, target: DeleteTarget) -> Result<DeleteReply, StorageError>;

    /// Changes the label and the metadata of a run, whatever its state, as the update says.
    ///
    /// The reply is the run as every read has it from then on. The next claim of the run and
    /// all its later events have the new ones. Where the metadata would be larger than the
    /// update allows, nothing is changed and the reply says both numbers. An update that
    /// changes nothing writes nothing, so repeating the call is safe. Any other is in the
    /// journal. A run that is not there, or not any more, is [`UpdateReply::NotFound`].
    ///
    /// Where there is no room beside what the runs in the store need, an update that makes the
    /// store larger is refused with [`ErrorKind::Full`](super::ErrorKind::Full), and nothing is
    /// changed.
    async fn update_run(
        &self,
        run: RunId,
        update: ValidUpdate,
    ) -> Result<UpdateReply, StorageError>;

    /// Reads a batch; `None` where there is none.
    ///
    /// A batch that was deleted and that a sink has not passed is read with
    /// [`Batch::deleted_at`](crate::batch::Batch::deleted_at), so that its events can be told;
    /// no listing has it.
    async fn batch(&self, id: BatchId) -> Result<Option<Batch>, StorageError>;

    /// Lists batches by id, and those of a submission by part.
    ///
    /// Every condition that is set holds for every batch listed. A batch that is
    /// there all the while is seen exactly once, in either direction.
    async fn batches(&self, query: BatchQuery) -> Result<Page<Batch>, StorageError>;

    /// Reads a submission; `None` where there is none.
    ///
    /// It counts the batches and inputs stored so far, and is complete once its
    /// last part is stored.
    async fn submission(&self, id: SubmissionId) -> Result<Option<Submission>, StorageError>;

    /// Reads a run, its output included; `None` where there is none.
    async fn run(&self, id: RunId) -> Result<Option<Run>, StorageError>;

    /// Lists runs by id. A run that stays where it is, is seen exactly once.
    ///
    /// Of the asked places of a batch those are listed that it has. Outputs come along only when
    /// asked for. A token of another list is refused
    /// with [`ErrorKind::Invalid`](super::ErrorKind::Invalid).
    async fn runs(&self, query: RunQuery) -> Result<Page<Run>, StorageError>;

    /// Reads inputs of a batch, in ascending order, without secrets.
    ///
    /// Ordinals that the batch does not have are passed over. After a run has ended
    /// no call returns its secrets; their names stay.
    async fn inputs(
        &self,
        batch: BatchId,
        ordinals: OrdinalSet,
    ) -> Result<Vec<ValidInput>, StorageError>;

    /// Reads the entries after a position, at most about `limit` of them.
    ///
    /// Never shows an entry that is not durable. Entries are numbered from 1
    /// without gaps, and no number is used twice. Every transition of a run is in
    /// one of them, its end in exactly one. The end of a batch comes once, after
    /// the end of its last run. What an entry says never changes. A position that
    /// was trimmed is told by [`JournalPage::trimmed`].
    async fn journal(
        &self,
        after: Sequence,
        limit: NonZeroU32,
    ) -> Result<JournalPage, StorageError>;

    /// Gives a sink's position, and makes one where the sink is new.
    async fn open_sink(&self, sink: SinkName, start: SinkStart) -> Result<Sequence, StorageError>;

    /// Moves a sink's position forward; one that lies further already stays.
    ///
    /// No position lies past the last entry, whatever is asked for.
    async fn advance_sink(&self, sink: SinkName, to: Sequence) -> Result<(), StorageError>;

    /// Forgets a sink, so that it holds nothing back any more.
    async fn remove_sink(&self, sink: SinkName) -> Result<(), StorageError>;

    /// All sinks and how far they have come, by name.
    async fn sinks(&self) -> Result<Vec<SinkCursor>, StorageError>;

    /// Changes the catalogue.
    ///
    /// Versions are numbered from 1 in the order of their deployment and stay. A
    /// workflow that is there is not created again, and one that is not there is
    /// neither saved nor deployed, nor paused or limited.
    ///
    /// No run of a paused workflow is granted. Nor is one past its limits: not while as many of
    /// its runs are held as may be, and not faster than its rate. What is held goes on, whatever
    /// is set. Pause and limits last until they are set anew. What was taken of a rate is
    /// remembered when limits are set anew, and when the store is opened again. A rate is measured
    /// by uptime, so that setting the wall clock of an open store changes nothing. The journal
    /// tells of a pause at each of its live batches that is not paused by itself.
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
    /// Never a batch with a run that has not ended. Never a batch or an entry that
    /// a sink has not passed. Of an asked ending only batches that ended so. Batches and
    /// entries each have a moment of their own. The work of one call is bounded;
    /// call again until nothing is pruned. [`Pruned::next`] says where a call stopped that
    /// had more to look at, and the next one goes on from there. An idempotency key is kept for as long as the store says,
    /// past the pruning of its batch.
    async fn prune(&self, request: PruneRequest) -> Result<Pruned, StorageError>;

    /// Waits until the journal has an entry after a position, and gives the last one.
    ///
    /// Everything that makes a run claimable, but for time passing and a limit that is raised, is
    /// in the journal.
    async fn wait(&self, after: Sequence) -> Result<Sequence, StorageError>;

    /// Lets go of the store, so that it can be opened again in this process at once.
    ///
    /// What is under way, waiting included, is done whole or refused with
    /// [`ErrorKind::Closed`](super::ErrorKind::Closed). Every later call is refused so.
    /// What is held is given back with nothing counted. Where that could not be recorded
    /// the call fails, and the store is closed all the same. Closing again is harmless.
    async fn close(&self) -> Result<(), StorageError>;
}
