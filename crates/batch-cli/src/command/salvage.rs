use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context, Result};
use batch_core::embedded::Backend;
use batch_core::kv::{KvOptions, OrderedKv, Rescued, SalvageReport};
use batch_core::log::LogKv;
use batch_core::redb::RedbKv;
use batch_core::sled::SledKv;
use tempfile::TempDir;

use crate::args::SalvageArgs;
use crate::ending::Ending;
use crate::output::{Format, SalvageRecord, print_json, printable};

/// Makes a new store of what is whole in a damaged one.
pub(crate) fn salvage(args: &SalvageArgs) -> Result<Ending> {
    let way = &args.way;
    let from = way.store.existing_directory()?;
    let backend = way.store.backend_asked_or_in(from)?;
    let (to, on) = (way.to.new_directory()?, way.to.backend_or(backend));
    let scratch = scratch_beside(to)?;
    let copy = scratch.path().join("source");
    // What cannot be read is told of the copy, which is gone by then.
    let failed = || format!("cannot salvage {}", from.display());
    let report = match backend {
        Backend::Log => save(&LogKv::rescue(from, copy).with_context(failed)?, on, to)?,
        Backend::Redb => save(&RedbKv::rescue(from, copy).with_context(failed)?, on, to)?,
        Backend::Sled => save(&SledKv::rescue(from, copy).with_context(failed)?, on, to)?,
    };
    match args.output.format {
        Format::Json => print_json(&SalvageRecord::of(way.to.to_string(), &report))?,
        Format::Table => {
            for line in report.to_string().lines() {
                writeln!(io::stdout(), "{}", printable(line))?;
            }
        }
    }
    Ok(match report.losses.is_empty() {
        true => Ending::Succeeded,
        false => Ending::SomeFailed,
    })
}

fn save<F: OrderedKv>(from: &Rescued<F>, on: Backend, to: &Path) -> Result<SalvageReport> {
    let options = KvOptions::default();
    Ok(match on {
        Backend::Log => LogKv::salvage_into(to, from, &options)?,
        Backend::Redb => RedbKv::salvage_into(to, from, &options)?,
        Backend::Sled => SledKv::salvage_into(to, from, &options)?,
    })
}

/// Where the files of the damaged store are copied to: on the disk that has room for the new one.
fn scratch_beside(to: &Path) -> Result<TempDir> {
    let to = std::path::absolute(to)?;
    let parent = to.parent().unwrap_or(&to);
    std::fs::create_dir_all(parent)
        .and_then(|()| {
            let mut name = tempfile::Builder::new();
            name.prefix(".batchyard-salvage-").tempdir_in(parent)
        })
        .with_context(|| format!("cannot make a directory in {}", parent.display()))
}
