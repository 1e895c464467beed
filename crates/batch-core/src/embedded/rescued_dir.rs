use std::fs;
use std::io;
use std::path::Path;

use super::{Layout, Mark, StoreDir, StoreLock};
use crate::kv::KvError;

/// Copies the files of a store that nobody has open, so that its database can be opened without
/// a change to them: databases write when they open.
///
/// `scratch` is made and must not be there. It gets a mark of its own, which asks for no commit.
pub(crate) fn rescue(
    from: &Path,
    scratch: &Path,
    layout: &'static Layout,
) -> Result<StoreDir, KvError> {
    let from =
        &std::path::absolute(from).map_err(|e| KvError::io("copy the files of a store", e))?;
    let doing = format!("copy the files of {}", from.display());
    let failed = |e: io::Error| KvError::io(&doing, e);
    if !from.is_dir() {
        return Err(failed(io::ErrorKind::NotADirectory.into()));
    }
    let _lock = StoreLock::take(from)?;
    fs::create_dir(scratch).map_err(failed)?;
    copy_parts(from, scratch, layout).map_err(failed)?;
    let dir = StoreDir::prepare(scratch, layout)?;
    drop(Mark::create(&dir)?);
    dir.finish_creation().map_err(failed)?;
    Ok(dir)
}

fn copy_parts(from: &Path, to: &Path, layout: &Layout) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        if (layout.is_part)(&name.to_string_lossy()) {
            copy_all(&entry.path(), &to.join(name))?;
        }
    }
    Ok(())
}

fn copy_all(from: &Path, to: &Path) -> io::Result<()> {
    if !from.is_dir() {
        return fs::copy(from, to).map(drop);
    }
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        copy_all(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}
