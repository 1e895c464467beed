use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::storage::{ErrorKind, StorageError};

/// Writes a record as MessagePack with named fields, so that old and new programs read it.
pub(in crate::kv) fn encode(record: &impl Serialize) -> Vec<u8> {
    rmp_serde::to_vec_named(record).expect("records are plain data, which MessagePack can hold")
}

/// The same, behind what is there.
pub(super) fn write_plain(bytes: &mut Vec<u8>, record: &impl Serialize) {
    rmp_serde::encode::write_named(bytes, record)
        .expect("records are plain data, and memory takes any write");
}

/// Reads a record back. `what` names it in the error, such as `the header of batch_1`.
pub(in crate::kv) fn decode<T: DeserializeOwned>(
    bytes: &[u8],
    what: impl FnOnce() -> String,
) -> Result<T, StorageError> {
    rmp_serde::from_slice(bytes)
        .map_err(|e| StorageError::new(ErrorKind::Damaged, what()).caused_by(e))
}

/// A time as records keep it.
pub(in crate::kv) fn millis(at: Timestamp) -> i64 {
    at.as_millisecond()
}

/// A time that a record kept.
pub(in crate::kv) fn timestamp(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or(if millis < 0 {
        Timestamp::MIN
    } else {
        Timestamp::MAX
    })
}
