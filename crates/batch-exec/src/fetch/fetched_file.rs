use std::path::Path;

use tempfile::NamedTempFile;
use url::Url;

use super::ContentKind;

/// A file that was fetched, in a temporary file that is deleted when this is dropped.
///
/// Its name on disk is made up; nothing of the url is in it.
#[derive(Debug)]
#[non_exhaustive]
pub struct FetchedFile {
    pub(super) file: NamedTempFile,
    /// How many bytes it has.
    pub bytes: u64,
    /// What it is, by its first bytes.
    pub kind: ContentKind,
    /// What the server says that it is.
    pub declared_type: Option<String>,
    /// Where it came from, redirects followed.
    pub url: Url,
}

impl FetchedFile {
    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.file.path()
    }
}
