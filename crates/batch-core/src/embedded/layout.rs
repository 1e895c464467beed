use std::io;

use super::{Backend, Mark};

/// What the directory of a store on one backend looks like.
#[derive(Debug)]
pub(crate) struct Layout {
    /// The backend whose store it is.
    pub(crate) backend: Backend,
    /// The format that this program writes, and the newest that it reads.
    pub(crate) format: u32,
    /// The file that everything is in, or the first of several.
    pub(crate) data_file: &'static str,
    /// Whether a name is of a file or directory that belongs to this backend.
    pub(crate) is_part: fn(&str) -> bool,
}

impl Layout {
    /// Why files of the backend that have no mark are not opened: nothing tells whether they are
    /// whole, or whose they are.
    pub(super) fn without_mark(&self) -> io::Error {
        let (backend, mark) = (self.backend, Mark::FILE);
        io::Error::other(format!("it is a {backend} database without {mark}"))
    }

    /// Why a directory with files of somebody else is not opened.
    pub(super) fn is_no_store<'a>(foreign: impl IntoIterator<Item = &'a str>) -> io::Error {
        let some: Vec<&str> = foreign.into_iter().take(3).collect();
        io::Error::other(format!("it is no store and holds {}", some.join(", ")))
    }
}
