use crate::embedded::{Backend, Layout};

/// redb keeps everything in one file.
const DATA_FILE: &str = "store.redb";

/// The directory of a store on redb.
pub(crate) static LAYOUT: Layout = Layout {
    backend: Backend::Redb,
    format: 1,
    data_file: DATA_FILE,
    is_part: |name| name == DATA_FILE,
};
