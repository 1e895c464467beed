use std::fs;
use std::path::{Path, PathBuf};

use crate::backend::is_data;

/// Whether a path is of a file that holds what a store has.
pub(crate) fn is_data_of(store: &Path, path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    path.parent() == Some(store) && name.is_some_and(is_data)
}

/// The files that hold what a store has.
pub(crate) fn data_files(store: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(store).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> = paths.filter(|path| is_data_of(store, path)).collect();
    files.sort();
    files
}
