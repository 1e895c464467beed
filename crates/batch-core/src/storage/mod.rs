//! The seam behind which everything is kept.

mod cancel;
mod claim;
mod durability;
mod flow_reply;
mod insert;
mod journal_page;
mod page;
mod prune;
mod query;
mod queue_bound;
mod renew;
mod review;
mod settle;
mod sink_cursor;
mod storage_error;
mod storage_trait;
mod workflow_change;

pub use cancel::{CancelReply, CancelTarget};
pub use claim::{Claim, ClaimKey, ClaimRequest, ClaimToken, Claimed, ClaimedRun};
pub use durability::{Description, Durability};
pub use flow_reply::FlowReply;
pub use insert::{InsertReply, NewBatch};
pub use journal_page::JournalPage;
pub use page::{InvalidPageSize, Page, PageRequest, PageSize, PageToken};
pub use prune::{PruneRequest, Pruned};
pub use query::{BatchQuery, OutputDetail, RunQuery, SortOrder};
pub use queue_bound::QueueBound;
pub use renew::Renewal;
pub use review::{ReviewReply, ReviewRequest};
pub use settle::{Disposition, Settled, Settlement};
pub use sink_cursor::{SinkCursor, SinkStart};
pub use storage_error::{ErrorKind, StorageError};
pub use storage_trait::Storage;
pub use workflow_change::{WorkflowChange, WorkflowReply};
