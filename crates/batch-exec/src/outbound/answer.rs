use bytes::Bytes;
use reqwest::header::HeaderName;
use url::Url;

use super::OutboundError;
use super::outbound_client::failed;

/// The head of an answer; its body is still to be read.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(super) response: reqwest::Response,
}

/// As much of a body as was asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Body {
    /// All of it.
    Whole(Vec<u8>),
    /// Its beginning; there is more.
    Begun(Vec<u8>),
}

impl Answer {
    pub(crate) fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// A header that is text.
    pub(crate) fn header(&self, name: &HeaderName) -> Option<&str> {
        self.response.headers().get(name)?.to_str().ok()
    }

    /// How many bytes the body says it has.
    pub(crate) fn declared_bytes(&self) -> Option<u64> {
        self.response.content_length()
    }

    /// Where the answer came from, redirects followed.
    pub(crate) fn url(&self) -> &Url {
        self.response.url()
    }

    /// The next piece of the body; `None` at its end. Nothing is decompressed.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future loses no piece.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, OutboundError> {
        self.response.chunk().await.map_err(|error| failed(&error))
    }

    /// Reads the body, as far as `most` bytes.
    pub(crate) async fn read(mut self, most: usize) -> Result<Body, OutboundError> {
        let mut body = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            let room = most - body.len();
            if chunk.len() > room {
                body.extend_from_slice(&chunk[..room]);
                return Ok(Body::Begun(body));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Body::Whole(body))
    }
}

impl Body {
    /// The bytes, whole or not.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        match self {
            Self::Whole(bytes) | Self::Begun(bytes) => bytes,
        }
    }
}
