use std::fmt;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::content_kind::SNIFFED_BYTES;
use super::{ContentKind, FetchError};
use crate::outbound::{Answer, OutboundError};

/// A file on its way, piece by piece, within its bounds.
pub struct FileStream {
    answer: Answer,
    /// What was read to see what it is.
    begun: Option<Bytes>,
    kind: ContentKind,
    declared: Option<String>,
    /// How many bytes have come, the beginning included.
    come: u64,
    most: u64,
    limit: Duration,
    deadline: Instant,
}

impl FileStream {
    pub(super) async fn begin(
        answer: Answer,
        most: u64,
        limit: Duration,
        deadline: Instant,
    ) -> Result<Self, FetchError> {
        if answer.declared_bytes().is_some_and(|bytes| bytes > most) {
            return Err(OutboundError::TooLarge { most }.into());
        }
        let declared = answer
            .header(&reqwest::header::CONTENT_TYPE)
            .map(str::to_owned);
        let mut stream = Self {
            answer,
            begun: None,
            kind: ContentKind::Empty,
            declared,
            come: 0,
            most,
            limit,
            deadline,
        };
        let mut begun = BytesMut::new();
        while begun.len() < SNIFFED_BYTES {
            let Some(piece) = stream.receive().await? else {
                break;
            };
            begun.extend_from_slice(&piece);
        }
        stream.kind = ContentKind::of(&begun[..begun.len().min(SNIFFED_BYTES)]);
        stream.begun = Some(begun.freeze()).filter(|begun| !begun.is_empty());
        Ok(stream)
    }

    /// What it is, by its first bytes.
    #[must_use]
    pub const fn kind(&self) -> ContentKind {
        self.kind
    }

    /// What the server says that it is.
    #[must_use]
    pub fn declared_type(&self) -> Option<&str> {
        self.declared.as_deref()
    }

    /// Where it came from, redirects followed.
    #[must_use]
    pub fn url(&self) -> &Url {
        self.answer.url()
    }

    /// The next piece; `None` at the end of the file.
    ///
    /// # Errors
    ///
    /// [`FetchError`] where it is too large, too late, or breaks off.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses no piece.
    pub async fn next(&mut self) -> Result<Option<Bytes>, FetchError> {
        match self.begun.take() {
            Some(begun) => Ok(Some(begun)),
            None => self.receive().await,
        }
    }

    async fn receive(&mut self) -> Result<Option<Bytes>, FetchError> {
        let limit = self.limit;
        let piece = timeout_at(self.deadline, self.answer.chunk()).await;
        let piece = piece.unwrap_or(Err(OutboundError::TimedOut { limit }))?;
        self.come += piece.as_ref().map_or(0, |it| it.len() as u64);
        if self.come > self.most {
            return Err(OutboundError::TooLarge { most: self.most }.into());
        }
        Ok(piece)
    }
}

impl fmt::Debug for FileStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileStream")
            .field("kind", &self.kind)
            .field("come", &self.come)
            .field("most", &self.most)
            .finish_non_exhaustive()
    }
}
