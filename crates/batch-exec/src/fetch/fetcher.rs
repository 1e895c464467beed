use std::io::{self, Write};

use batch_core::time::{Clock, SystemClock};
use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use tempfile::NamedTempFile;
use tokio::time::{Instant, timeout_at};

use super::{FetchError, FetchOptions, FetchedFile, FileStream};
use crate::executor::RunContext;
use crate::outbound::{Call, OutboundClient, OutboundError, Redirects, retry_after};

/// How many bytes are gathered before they are written.
const WRITE_BYTES: usize = 256 << 10;

/// Fetches files by urls that callers have chosen.
///
/// ```no_run
/// use batch_exec::executor::{ExecutorError, Outcome, RunContext};
/// use batch_exec::fetch::{FetchOptions, Fetcher};
/// use batch_exec::outbound::{OutboundClient, OutboundPolicy};
///
/// # fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let client = OutboundClient::new(OutboundPolicy::default())?;
/// let fetcher = Fetcher::new(client, FetchOptions::default());
/// let executor = move |run: RunContext| {
///     let fetcher = fetcher.clone();
///     async move {
///         let file = fetcher.fetch(&run).await?;
///         Ok::<_, ExecutorError>(Outcome::done(file.bytes))
///     }
/// };
/// # let _: Box<dyn batch_exec::Executor> = Box::new(executor);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Fetcher {
    client: OutboundClient,
    options: FetchOptions,
}

impl Fetcher {
    /// Fetches with this client, and so by its policy.
    #[must_use]
    pub const fn new(client: OutboundClient, options: FetchOptions) -> Self {
        Self { client, options }
    }

    /// Fetches the file of a run whose input is a url.
    ///
    /// # Errors
    ///
    /// [`FetchError`]; returned by an executor with `?`, it is recorded under its reason, and
    /// is final where trying again cannot help.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the fetch and deletes what there was of the file.
    pub async fn fetch(&self, run: &RunContext) -> Result<FetchedFile, FetchError> {
        self.fetch_url(run.url()?).await
    }

    /// Fetches a file into a temporary file.
    ///
    /// # Errors
    ///
    /// As [`fetch`](Self::fetch).
    ///
    /// # Cancel safety
    ///
    /// As [`fetch`](Self::fetch).
    pub async fn fetch_url(&self, url: &str) -> Result<FetchedFile, FetchError> {
        let mut stream = self.open(url).await?;
        let folder = self.options.folder.clone();
        let mut file = blocking(move || match folder {
            Some(folder) => NamedTempFile::new_in(folder),
            None => NamedTempFile::new(),
        })
        .await?;
        let (mut bytes, mut gathered) = (0, Vec::new());
        loop {
            let piece = stream.next().await?;
            let is_last = piece.is_none();
            let piece = piece.unwrap_or_else(Bytes::new);
            bytes += piece.len() as u64;
            gathered.extend_from_slice(&piece);
            if is_last || gathered.len() >= WRITE_BYTES {
                let some = std::mem::take(&mut gathered);
                file = blocking(move || file.write_all(&some).map(|()| file)).await?;
            }
            if is_last {
                break;
            }
        }
        Ok(FetchedFile {
            file,
            bytes,
            kind: stream.kind(),
            declared_type: stream.declared_type().map(str::to_owned),
            url: stream.url().clone(),
        })
    }

    /// Opens a file, to be taken piece by piece. Its kind is known by then, and allowed.
    ///
    /// # Errors
    ///
    /// As [`fetch`](Self::fetch).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the fetch.
    pub async fn open(&self, url: &str) -> Result<FileStream, FetchError> {
        let (limit, most) = (self.options.timeout, self.options.most_bytes);
        let deadline = Instant::now() + limit;
        let url = self.client.check(url).map_err(OutboundError::Refused)?;
        let call = Call {
            method: Method::GET,
            url,
            headers: HeaderMap::new(),
            body: Bytes::new(),
        };
        let redirects = Redirects::AtMost(self.options.redirects);
        let answer = timeout_at(deadline, self.client.call(call, redirects)).await;
        let answer = answer.unwrap_or(Err(OutboundError::TimedOut { limit }))?;
        let status = answer.status();
        if !(200..300).contains(&status) {
            let now = SystemClock::default().now().wall;
            let asked = answer.header(&RETRY_AFTER);
            let retry_after = asked.and_then(|header| retry_after(header, now));
            return Err(FetchError::Status {
                status,
                retry_after,
            });
        }
        let stream = FileStream::begin(answer, most, limit, deadline).await?;
        let kind = stream.kind();
        if !self.options.kinds.allow(kind) {
            return Err(FetchError::Kind { kind });
        }
        Ok(stream)
    }
}

/// Does something on a thread that may block.
async fn blocking<T: Send + 'static>(
    act: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let acting = tokio::task::spawn_blocking(act).await;
    acting.unwrap_or_else(|error| Err(io::Error::other(error)))
}
