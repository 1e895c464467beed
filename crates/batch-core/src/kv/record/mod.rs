//! What stands under the keys: versioned, checksummed, with named fields.

mod batch_header;
mod bucket_record;
mod chunk_view;
mod codec;
mod frame;
mod head;
mod idempotency_record;
mod input_chunk;
mod input_reader;
mod input_writer;
mod journal_record;
mod live_record;
mod open_frame;
mod plain_writer;
mod run_page;
mod run_record;
mod stored_chunk;
mod submission_record;
mod tidy;
mod unencoded_chunk;

pub(super) use batch_header::{BatchEnd, BatchHeader};
pub(super) use bucket_record::BucketRecord;
pub(super) use chunk_view::ChunkView;
use codec::write_plain;
pub(super) use codec::{decode, encode, millis, timestamp};
#[cfg(test)]
pub(super) use frame::frame;
pub(super) use frame::{FRAME_BYTES, unframe};
pub(super) use head::Head;
pub(super) use idempotency_record::{Fingerprint, IdempotencyRecord};
pub(super) use input_chunk::{InputChunk, InputChunks};
pub(super) use journal_record::JournalRecord;
pub(super) use live_record::{LiveRecord, Sweep, SweepKind, sweep_of, swept};
pub(super) use open_frame::{OpenFrame, put_parts};
pub(super) use run_page::RunPage;
pub(super) use run_record::{OutputPlace, ReviewRecord, RunRecord};
pub(super) use stored_chunk::StoredChunk;
pub(super) use submission_record::SubmissionRecord;
pub(super) use tidy::Tidy;
pub(super) use unencoded_chunk::InputCut;
pub(crate) use unencoded_chunk::UnencodedChunk;
