//! A full [`Storage`](crate::storage::Storage) on any ordered map of bytes.
//!
//! [`OrderedKv`] is the small door for a store of your own; [`KvStorage`] makes
//! the storage of it. Inside, a synchronous state machine turns operations into
//! staged writes and answers, and its owner makes them durable in groups.

mod belongings;
mod byte_size;
mod care;
mod counted;
mod followers;
mod key;
mod key_list;
mod kv_error;
mod kv_options;
mod kv_storage;
mod machine;
mod ordered_kv;
mod owner;
mod parcel;
mod patient_claim;
mod prepare;
mod record;
mod settle_slices;
mod shortage;
#[cfg(test)]
mod shuttled;
mod size_bound;
mod space;
mod stage;
mod storage_for_kv;
mod threads;
mod unencoded_inputs;
mod value;
mod write_batch;
mod yard;

pub use byte_size::ByteSize;
pub use care::{
    About, Copied, CopyReport, Finding, FindingKind, LookedAt, Loss, Rescued, SalvageReport,
    Salvaged, Soundness, VerifyReport, salvage, verify_map,
};
pub use kv_error::KvError;
pub use kv_options::KvOptions;
pub use kv_storage::KvStorage;
pub use ordered_kv::{KeyRange, KeyValue, KvTraits, OrderedKv};
pub(crate) use record::UnencodedChunk;
pub use size_bound::SizeBound;
pub use space::Space;
pub(crate) use unencoded_inputs::{FirstKey, UnencodedInputs};
pub(crate) use value::Value;
pub use write_batch::{IntoWrites, WriteBatch};
