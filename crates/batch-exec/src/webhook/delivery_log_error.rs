use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// The deliveries of an endpoint cannot be read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DeliveryLogError {
    /// The file cannot be used.
    #[error("cannot use the delivery log {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Somebody else has it open.
    #[error("the delivery log {} is in use; each endpoint needs a file of its own", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// A record in its midst is damaged. Move the file away to begin anew; what it held is lost.
    #[error("line {line} of the delivery log {} is damaged", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// An earlier write has failed, so that nobody knows what the file holds. Open it again.
    #[error("the delivery log {} refuses writes since one failed; open it again", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
    },
    /// A log of the host's own failed.
    #[error("the delivery log failed: {0}")]
    Other(String),
}
