use std::fmt;
use std::path::Path;
use std::sync::Arc;

use batch_core::engine::Engine;
use batch_core::id::WorkflowId;
use batch_core::storage::{Storage, StorageError};

use crate::{Broken, WORKFLOW};

type Opening = dyn Fn(&Path) -> Result<Arc<dyn Storage>, StorageError> + Send + Sync;

/// A storage to measure: its name, and how it is opened in a directory.
#[derive(Clone)]
pub struct Subject {
    name: String,
    open: Arc<Opening>,
    kept: Kept,
}

/// Whether what is in it is there again after reopening.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kept {
    Yes,
    No,
}

/// An open storage with an engine on it, and the directory that goes with them.
#[derive(Debug)]
pub struct Opened {
    /// The engine.
    pub engine: Engine,
    directory: tempfile::TempDir,
}

impl Subject {
    /// A storage that keeps what it has in the directory that it is opened in.
    ///
    /// The directory is not there yet when the closure is called for the first time.
    pub fn durable(
        name: impl Into<String>,
        open: impl Fn(&Path) -> Result<Arc<dyn Storage>, StorageError> + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            open: Arc::new(open),
            kept: Kept::Yes,
        }
    }

    /// A storage that is empty whenever it is opened. What needs reopening is not measured.
    pub fn volatile(
        name: impl Into<String>,
        open: impl Fn() -> Result<Arc<dyn Storage>, StorageError> + Send + Sync + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            open: Arc::new(move |_| open()),
            kept: Kept::No,
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether reopening finds what was stored.
    #[must_use]
    pub fn is_durable(&self) -> bool {
        self.kept == Kept::Yes
    }

    /// Makes an empty store with the workflow deployed.
    ///
    /// On disk it lies where `TMPDIR` says: choose a real disk.
    ///
    /// # Errors
    ///
    /// When the directory or the store in it cannot be made.
    pub async fn open(&self) -> Result<Opened, Broken> {
        let directory = tempfile::tempdir()?;
        let storage = (self.open)(&directory.path().join("store"))?;
        let engine = Engine::builder().open_shared(storage).await?;
        engine.ensure_deployed(WorkflowId::new(WORKFLOW)?).await?;
        Ok(Opened { engine, directory })
    }

    /// Opens the store that is in a directory.
    ///
    /// # Errors
    ///
    /// When it cannot be opened.
    pub fn open_at(&self, path: &Path) -> Result<Arc<dyn Storage>, StorageError> {
        (self.open)(path)
    }

    /// Closes a store and opens it again.
    ///
    /// # Errors
    ///
    /// When it cannot be closed or opened.
    pub async fn reopen(&self, opened: Opened) -> Result<Opened, Broken> {
        let Opened { engine, directory } = opened;
        engine.close().await?;
        drop(engine);
        let storage = (self.open)(&directory.path().join("store"))?;
        let engine = Engine::builder().open_shared(storage).await?;
        Ok(Opened { engine, directory })
    }
}

impl Opened {
    /// The storage.
    #[must_use]
    pub fn storage(&self) -> &Arc<dyn Storage> {
        self.engine.storage()
    }

    /// The directory of the store. A storage that keeps nothing has an empty one.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.directory.path()
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subject")
            .field("name", &self.name)
            .field("kept", &self.kept)
            .finish_non_exhaustive()
    }
}
