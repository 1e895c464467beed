use super::records::{Found, Records};
use crate::kv::OrderedKv;
use crate::kv::key::{self, Place};
use crate::kv::record::Tidy;
use crate::storage::StorageError;

/// Whether a record is being deleted, value by value, so that parts of it may be gone.
pub(super) fn is_being_deleted<K: OrderedKv>(
    records: &Records<'_, K>,
    place: &Place,
) -> Result<bool, StorageError> {
    let (Place::Inputs(id, _)
    | Place::Page(id, _)
    | Place::Output(id, _)
    | Place::Secrets(id, _)
    | Place::Steps(id, _)) = place
    else {
        return Ok(false);
    };
    let tidy = records.get::<Tidy>(&key::tidy(*id))?;
    Ok(match tidy {
        Found::Whole(Tidy::Staged | Tidy::Pruned) => true,
        Found::Whole(Tidy::Secrets) => matches!(place, Place::Secrets(..) | Place::Steps(..)),
        Found::Absent | Found::Unreadable => false,
    })
}
