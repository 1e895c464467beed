use batch_core::storage::Description;
use serde::Serialize;

use crate::store::StoreAddress;

/// A store as it is printed.
#[derive(Debug, Serialize)]
pub(crate) struct StoreRecord {
    store: String,
    backend: &'static str,
    durability: String,
}

impl StoreRecord {
    /// Where a store is, and what it says of itself.
    pub(crate) fn of(address: &StoreAddress, description: &Description) -> Self {
        Self {
            store: address.to_string(),
            backend: description.backend,
            durability: description.durability.to_string(),
        }
    }
}
