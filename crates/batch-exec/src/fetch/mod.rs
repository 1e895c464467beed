//! Fetches a run's file by url: bounded in size and time, and only from where it may come.
//! Begin with [`Fetcher`].

mod content_kind;
mod fetch_error;
mod fetch_options;
mod fetched_file;
mod fetcher;
mod file_stream;

pub use content_kind::ContentKind;
pub use fetch_error::FetchError;
pub use fetch_options::{AllowedKinds, FetchOptions};
pub use fetched_file::FetchedFile;
pub use fetcher::Fetcher;
pub use file_stream::FileStream;
