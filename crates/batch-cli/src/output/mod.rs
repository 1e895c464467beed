//! What is printed: tables and JSON, of stores, batches and runs.

mod batch_record;
mod care_records;
mod counted;
mod fields;
mod format;
mod listing;
mod print_one;
mod printable;
mod run_record;
mod shown_at;
mod store_record;
mod table;

pub(crate) use batch_record::BatchRecord;
pub(crate) use care_records::{CopyRecord, SalvageRecord, VerifyRecord};
pub(crate) use counted::counted;
pub(crate) use format::Format;
pub(crate) use listing::Listing;
pub(crate) use print_one::{print_json, print_one};
pub(crate) use printable::{is_broken_pipe, printable};
pub(crate) use run_record::{RunRecord, duration_ms, input};
pub(crate) use store_record::StoreRecord;
pub(crate) use table::Table;
