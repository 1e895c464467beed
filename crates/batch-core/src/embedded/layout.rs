use super::Backend;

/// What the directory of a store on one backend looks like.
#[derive(Debug)]
pub(crate) struct Layout {
    /// The backend whose store it is.
    pub(crate) backend: Backend,
    /// The format that this program writes, and the newest that it reads.
    pub(crate) format: u32,
    /// The file that everything is in.
    pub(crate) data_file: &'static str,
    /// Whether a name is of a file or directory that belongs to this backend.
    pub(crate) is_part: fn(&str) -> bool,
}
