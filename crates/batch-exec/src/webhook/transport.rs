use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use url::Url;

/// Sends a delivery. The default is a client of this crate's, guarded.
///
/// The seam is there for hosts that have an HTTP client of their own, and for tests.
#[async_trait]
pub trait Transport: Send + Sync + 'static {
    /// Posts the body and gives what was answered. Redirects are answers, and not to be followed.
    ///
    /// # Errors
    ///
    /// A sentence that says why there was no answer. The delivery is tried again later.
    async fn post(&self, request: WebhookRequest) -> Result<WebhookAnswer, String>;
}

/// What to post.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct WebhookRequest {
    /// Where to.
    pub url: Url,
    /// With these headers; their values are fit to be sent.
    pub headers: Vec<(String, String)>,
    /// These bytes, which are what was signed.
    pub body: Bytes,
    /// How long it may take in all. A second later it is dropped.
    pub timeout: Duration,
}

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookAnswer {
    /// The status.
    pub status: u16,
    /// The header `retry-after`, as it was sent.
    pub retry_after: Option<String>,
    /// The beginning of the body.
    pub body: String,
}

impl WebhookAnswer {
    /// An answer with nothing but a status.
    #[must_use]
    pub const fn with_status(status: u16) -> Self {
        Self {
            status,
            retry_after: None,
            body: String::new(),
        }
    }

    /// Whether the receiver has taken the delivery.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }
}
