use std::error::Error;
use std::fmt;

type Source = Box<dyn Error + Send + Sync>;

/// A storage could not do what it was asked to.
///
/// Absence, duplicates and lost claims are replies, not errors.
#[derive(Debug)]
pub struct StorageError {
    kind: ErrorKind,
    doing: String,
    source: Option<Source>,
}

/// What the caller can do about a [`StorageError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Try again: nothing is wrong with the store or the request.
    Transient,
    /// The write may or may not have happened, and the store takes no writes until it is
    /// opened again. Then repeat the request: with its key, its token, its id it is harmless.
    InDoubt,
    /// An earlier write failed; the store takes no writes until it is opened again.
    Refusing,
    /// What was stored is damaged. The message names what and where.
    Damaged,
    /// Another process holds the store.
    Locked,
    /// The store was written by a newer program.
    NewerFormat,
    /// There is no room for a batch, or for an update that makes the store larger, beside what
    /// the runs in the store need. Nothing was written, and all else goes on: let batches finish
    /// and prune them, raise the bound or free space, and try again.
    Full,
    /// The request itself cannot be served: a token of another query, for one.
    Invalid,
    /// The store cannot be opened or read at all: permissions, a path that is no directory.
    Unavailable,
    /// The store was closed while this handle of it remains, or the thread that owns it has
    /// ended. Open it again.
    Closed,
}

impl StorageError {
    /// An error of this kind, and what was being done, such as `read the header of batch_1`.
    #[must_use]
    pub fn new(kind: ErrorKind, doing: impl Into<String>) -> Self {
        Self {
            kind,
            doing: doing.into(),
            source: None,
        }
    }

    /// Adds the cause.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Source>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What the caller can do.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Whether the same call may succeed later on the same open store.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        matches!(self.kind, ErrorKind::Transient | ErrorKind::Full)
    }
}

impl fmt::Display for StorageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let doing = &self.doing;
        match self.kind {
            ErrorKind::Transient => write!(f, "could not {doing}; try again"),
            ErrorKind::InDoubt => write!(
                f,
                "could not {doing}: it may or may not have happened; reopen the store and repeat"
            ),
            ErrorKind::Refusing => write!(
                f,
                "could not {doing}: an earlier write failed; reopen the store"
            ),
            ErrorKind::Damaged => write!(f, "the store is damaged: {doing}"),
            ErrorKind::Locked => write!(f, "the store is in use: {doing}"),
            ErrorKind::NewerFormat => write!(f, "the store is of a newer program: {doing}"),
            ErrorKind::Full => write!(f, "the store is full: {doing}"),
            ErrorKind::Invalid | ErrorKind::Unavailable => write!(f, "could not {doing}"),
            ErrorKind::Closed => write!(f, "could not {doing}: it is closed; open it again"),
        }
    }
}

impl Error for StorageError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|s| s as &(dyn Error + 'static))
    }
}
