use super::ballast::BALLAST_FILE;
use super::recovery::is_snapshot;
use crate::embedded::{Backend, Layout};

/// The directory of a store on sled.
pub(crate) static LAYOUT: Layout = Layout {
    backend: Backend::Sled,
    format: 1,
    data_file: "db",
    is_part: |name| ["db", "conf", "blobs", BALLAST_FILE].contains(&name) || is_snapshot(name),
};
