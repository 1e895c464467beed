use std::fs::{File, Permissions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use batch_core::run::Run;
use tempfile::{Builder, NamedTempFile};

use super::earlier_results::is_replaceable;
use crate::output::RunRecord;

/// One JSON line per run, in a file that appears whole or not at all.
///
/// It is written under another name in the same directory, and renamed when
/// it is on the disk. Dropped before that, it leaves what was there.
#[derive(Debug)]
pub(crate) struct ResultsFile {
    path: PathBuf,
    out: BufWriter<NamedTempFile>,
}

impl ResultsFile {
    /// Finds out early whether the results can be written later.
    pub(crate) fn check(path: &Path) -> Result<()> {
        if path.is_dir() {
            bail!(
                "cannot write the results to {}: it is a directory",
                path.display()
            );
        }
        if !directory(path).is_dir() {
            bail!(
                "cannot write the results to {}: there is no such directory",
                path.display()
            );
        }
        check_content(path)?;
        Self::create(path).map(drop)
    }

    /// Begins to write.
    pub(crate) fn create(path: &Path) -> Result<Self> {
        let file = Builder::new()
            .prefix(".batchyard-results-")
            // What the user's mask leaves of it, as for any file.
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(directory(path))
            .with_context(|| cannot_write(path))?;
        Ok(Self {
            path: path.to_owned(),
            out: BufWriter::new(file),
        })
    }

    /// Adds a run.
    pub(crate) fn add(&mut self, run: &Run) -> Result<()> {
        serde_json::to_writer(&mut self.out, &RunRecord::of(run))
            .map_err(std::io::Error::from)
            .and_then(|()| self.out.write_all(b"\n"))
            .with_context(|| cannot_write(&self.path))
    }

    /// Puts the file on the disk and gives it its name.
    pub(crate) fn finish(self) -> Result<()> {
        let Self { path, out } = self;
        place(out, &path).with_context(|| cannot_write(&path))
    }
}

/// Refuses a file that holds anything but earlier results: it would be lost.
fn check_content(path: &Path) -> Result<()> {
    let Ok(metadata) = path.metadata() else {
        return Ok(());
    };
    if !metadata.is_file() {
        bail!("{}: it is a pipe or a device", cannot_write(path));
    }
    if !is_replaceable(path).with_context(|| cannot_write(path))? {
        bail!(
            "{}: it holds something else, which would be lost",
            cannot_write(path)
        );
    }
    Ok(())
}

fn place(out: BufWriter<NamedTempFile>, path: &Path) -> std::io::Result<()> {
    let file = out.into_inner().map_err(|error| error.into_error())?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    File::open(directory(path))?.sync_all()
}

/// The directory a file is in.
fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

fn cannot_write(path: &Path) -> String {
    format!("cannot write the results to {}", path.display())
}
