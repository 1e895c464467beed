//! Opening sled where the disk is full: it writes in order to open.

use std::fs::File;

use super::SledOptions;
use super::ballast::{Ballast, Release};
use super::fault::Fault;
use super::guarded_db::{GuardedDb, unopened};
use crate::embedded::StoreDir;
use crate::kv::KvError;

/// Opens sled, and gives up the ballast for that where the disk is full. Needs the store's lock.
pub(super) fn open_in_room(
    dir: &StoreDir,
    options: &SledOptions,
    ballast: &mut Ballast,
    log: File,
) -> Result<GuardedDb, KvError> {
    let opened = match GuardedDb::open(dir, options, log) {
        Err(fault) if fault.is_full() => {
            make_room(dir, ballast, fault)?;
            GuardedDb::open(dir, options, dir.open_data()?)
        }
        opened => opened,
    };
    opened.map_err(|fault| unopened(dir, fault))
}

fn make_room(dir: &StoreDir, ballast: &mut Ballast, fault: Fault) -> Result<(), KvError> {
    match ballast.release() {
        Ok(Release::Released) => {
            tracing::warn!(
                path = %dir.path().display(), ?fault,
                "the disk is full: gave up the ballast in order to open the store"
            );
            Ok(())
        }
        Ok(Release::NothingThere) => Err(unopened(dir, fault)),
        Err(e) => Err(KvError::io(
            format!("make room in {}", dir.path().display()),
            e,
        )),
    }
}
