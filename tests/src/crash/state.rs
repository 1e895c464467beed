use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use tempfile::TempDir;

/// All that a dead process left on the disk, as one number: two stores that agree in it are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct State(u64);

impl State {
    /// The state of a store. The lock file is left out: it tells who died.
    #[must_use]
    pub fn of(store: &Path) -> Self {
        let mut hasher = DefaultHasher::new();
        for (name, content) in files(store, "") {
            if name != "/batchyard.lock" {
                (name, content).hash(&mut hasher);
            }
        }
        Self(hasher.finish())
    }
}

/// The files below a directory, and directories as files without content.
fn files(dir: &Path, name: &str) -> BTreeMap<String, Option<Vec<u8>>> {
    let mut all = BTreeMap::new();
    let Ok(entries) = std::fs::read_dir(dir) else {
        return all;
    };
    for entry in entries {
        let path = entry.unwrap().path();
        let name = format!("{name}/{}", path.file_name().unwrap().to_string_lossy());
        if path.is_dir() {
            all.extend(files(&path, &name));
            all.insert(name, None);
        } else {
            all.insert(name, Some(std::fs::read(&path).unwrap()));
        }
    }
    all
}

/// Where stores are made whose processes are killed: in memory if that is offered, for a kill
/// cannot tell it from a disk.
#[must_use]
pub fn directory() -> TempDir {
    match tempfile::tempdir_in("/dev/shm") {
        Ok(directory) => directory,
        Err(_) => tempfile::tempdir().unwrap(),
    }
}

/// Copies a store whose process is dead; nothing is made of nothing.
pub fn copy(from: &Path, to: &Path) {
    for (name, content) in files(from, "") {
        let path = to.join(&name[1..]);
        let dir = if content.is_some() {
            path.parent().unwrap()
        } else {
            &path
        };
        std::fs::create_dir_all(dir).unwrap();
        if let Some(content) = content {
            std::fs::write(&path, content).unwrap();
        }
    }
}
