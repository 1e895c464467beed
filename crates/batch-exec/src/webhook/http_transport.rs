use std::time::Duration;

use async_trait::async_trait;
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use tokio::time::{Instant, timeout};

use super::{Transport, WebhookAnswer, WebhookRequest};
use crate::outbound::{Call, OutboundClient, OutboundError, Redirects};

/// How many bytes of an answer are read, so that its connection can be used again.
const MOST_READ: usize = 64 << 10;
/// How many bytes of an answer are kept.
const MOST_KEPT: usize = 512;
/// How long the body of an answer is waited for: its status has said all that counts.
const BODY_WAIT: Duration = Duration::from_secs(1);

/// Sends deliveries by a client that is guarded.
#[derive(Debug, Clone)]
pub(super) struct HttpTransport {
    client: OutboundClient,
}

impl HttpTransport {
    pub(super) const fn new(client: OutboundClient) -> Self {
        Self { client }
    }
}

#[async_trait]
impl Transport for HttpTransport {
    async fn post(&self, request: WebhookRequest) -> Result<WebhookAnswer, String> {
        let (began, limit) = (Instant::now(), request.timeout);
        let call = Call {
            method: Method::POST,
            url: request.url,
            headers: headers(&request.headers),
            body: request.body,
        };
        let calling = timeout(limit, self.client.call(call, Redirects::Never)).await;
        let answer = calling
            .unwrap_or(Err(OutboundError::TimedOut { limit }))
            .map_err(|error| error.to_string())?;
        let mut told = WebhookAnswer::with_status(answer.status());
        told.retry_after = answer.header(&RETRY_AFTER).map(str::to_owned);
        let left = limit.saturating_sub(began.elapsed()).min(BODY_WAIT);
        // A body that never ends, breaks off or comes late does not change what the status says.
        if let Ok(Ok(body)) = timeout(left, answer.read(MOST_READ)).await {
            told.body = beginning(&body.into_bytes());
        }
        Ok(told)
    }
}

/// The headers; the builder of the sink has refused what cannot be one.
fn headers(list: &[(String, String)]) -> HeaderMap {
    let parsed = list.iter().filter_map(|(name, value)| {
        let name = HeaderName::try_from(name).ok()?;
        Some((name, HeaderValue::try_from(value).ok()?))
    });
    parsed.collect()
}

fn beginning(body: &[u8]) -> String {
    let mut text = String::from_utf8_lossy(&body[..body.len().min(MOST_KEPT)]).into_owned();
    text.truncate(text.floor_char_boundary(MOST_KEPT));
    text
}
