//! One spot of a store's directory, damaged by choice.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use crate::damage::{cut, flip};
use crate::data_files::data_files;
use crate::script::Choices;

/// What strikes a store on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Harm {
    /// A bit is another one.
    Flip,
    /// A stretch of up to 4 KiB, or some whole sectors, are zeros.
    Zero,
    /// A file ends before its end.
    Truncate,
    /// A file lies there that nobody put there, or a file has more behind its end.
    Stray,
}

impl Harm {
    pub(crate) const ALL: [Self; 4] = [Self::Flip, Self::Zero, Self::Truncate, Self::Stray];

    /// Strikes; tells where.
    pub(crate) fn strike(self, store: &Path, choices: &mut Choices) -> String {
        match self {
            Self::Flip => flip(&some_file(store, choices), choices),
            Self::Zero => zero(&some_file(store, choices), choices),
            Self::Truncate => cut(&some_file(store, choices), choices),
            Self::Stray => stray(store, choices),
        }
    }
}

impl fmt::Display for Harm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Flip => "flip",
            Self::Zero => "zero",
            Self::Truncate => "truncate",
            Self::Stray => "stray",
        })
    }
}

/// Three times in four one of those that everything is in, else any that is not empty.
fn some_file(store: &Path, choices: &mut Choices) -> PathBuf {
    if choices.below(4) > 0 {
        let mut files = data_files(store);
        return files.swap_remove(choices.below(files.len() as u64) as usize);
    }
    let mut files: Vec<PathBuf> = fs::read_dir(store)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file() && fs::metadata(path).unwrap().len() > 0)
        .collect();
    files.sort();
    files.swap_remove(choices.below(files.len() as u64) as usize)
}

fn zero(file: &Path, choices: &mut Choices) -> String {
    let mut bytes = fs::read(file).unwrap();
    let len = bytes.len() as u64;
    let (from, to) = match choices.below(2) {
        0 => {
            let from = choices.below(len);
            (from, from + 1 + choices.below(4_096))
        }
        _ => {
            let from = choices.below(len) / 512 * 512;
            (from, from + 512 * (1 + choices.below(16)))
        }
    };
    let to = to.min(len);
    bytes[from as usize..to as usize].fill(0);
    fs::write(file, &bytes).unwrap();
    format!("{from}..{to} of {len} zeroed in {}", file.display())
}

/// Names that a database might take for its own, and some that nobody does.
const NAMES: [&str; 13] = [
    "lost.txt",
    "db.bak",
    "conf.tmp",
    "snap.0000000000000000",
    "snap.00000000FFFFFFFF",
    "snap.0000000000000001.generating",
    "blobs/17",
    "store.redb.tmp",
    "store.redb.backup",
    "0000000099.log",
    "batchyard.mark.new",
    "batchyard.ballast",
    ".nfs000001",
];

fn stray(store: &Path, choices: &mut Choices) -> String {
    let size = 1 + choices.below(20_000);
    let bytes = choices.bytes(size as usize);
    if choices.below(4) == 0 {
        let file = some_file(store, choices);
        let mut all = fs::read(&file).unwrap();
        all.extend(&bytes);
        fs::write(&file, all).unwrap();
        return format!("{} bytes behind the end of {}", bytes.len(), file.display());
    }
    let name = NAMES[choices.below(NAMES.len() as u64) as usize];
    let path = store.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, &bytes).unwrap();
    format!("{} bytes in a new {}", bytes.len(), path.display())
}
