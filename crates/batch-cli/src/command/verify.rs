use std::io::{self, Write};

use anyhow::Result;
use batch_core::embedded::Backend;
use batch_core::kv::{VerifyReport, verify_map};
use batch_core::log::LogKv;
use batch_core::redb::RedbKv;
use batch_core::sled::SledKv;

use crate::args::VerifyArgs;
use crate::ending::Ending;
use crate::output::{Format, VerifyRecord, print_json, printable};
use crate::store::StoreAddress;

/// Checks a whole store, without opening it as one: nothing in it is changed.
pub(crate) fn verify(args: &VerifyArgs) -> Result<Ending> {
    let report = check(&args.store)?;
    match args.output.format {
        Format::Json => print_json(&VerifyRecord::of(&report))?,
        Format::Table => {
            for line in report.to_string().lines() {
                writeln!(io::stdout(), "{}", printable(line))?;
            }
        }
    }
    Ok(match report.is_sound() {
        true => Ending::Succeeded,
        false => Ending::SomeFailed,
    })
}

fn check(store: &StoreAddress) -> Result<VerifyReport> {
    let dir = store.existing_directory()?;
    Ok(match store.backend_in(dir)? {
        Backend::Log => verify_map(&LogKv::open(dir)?)?,
        Backend::Redb => verify_map(&RedbKv::open(dir)?)?,
        Backend::Sled => verify_map(&SledKv::open(dir)?)?,
    })
}
