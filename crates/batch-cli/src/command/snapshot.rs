use std::io::{self, Write};
use std::path::Path;

use anyhow::Result;
use batch_core::embedded::Backend;
use batch_core::kv::{CopyReport, KvStorage, OrderedKv};
use batch_core::log::LogStorage;
use batch_core::redb::RedbStorage;
use batch_core::sled::SledStorage;

use crate::args::SnapshotArgs;
use crate::ending::Ending;
use crate::output::{CopyRecord, Format, counted, print_json};

/// Copies a store into a new one.
pub(crate) async fn snapshot(args: SnapshotArgs) -> Result<Ending> {
    let way = &args.way;
    let from = way.store.existing_directory()?;
    let backend = way.store.backend_in(from)?;
    let (to, on) = (way.to.new_directory()?, way.to.backend_or(backend));
    let report = match backend {
        Backend::Log => copy(&LogStorage::open(from)?, on, to).await?,
        Backend::Redb => copy(&RedbStorage::open(from)?, on, to).await?,
        Backend::Sled => copy(&SledStorage::open(from)?, on, to).await?,
    };
    match args.output.format {
        Format::Json => print_json(&CopyRecord::of(way.to.to_string(), &report))?,
        Format::Table => writeln!(
            io::stdout(),
            "copied {} of {} to {}, a store on {on}",
            counted(report.records, "record"),
            counted(report.bytes, "byte"),
            to.display()
        )?,
    }
    Ok(Ending::Succeeded)
}

async fn copy<K: OrderedKv>(from: &KvStorage<K>, on: Backend, to: &Path) -> Result<CopyReport> {
    Ok(match on {
        Backend::Log => from.snapshot_to_log(to).await?,
        Backend::Redb => from.snapshot_to_redb(to).await?,
        Backend::Sled => from.snapshot_to_sled(to).await?,
    })
}
