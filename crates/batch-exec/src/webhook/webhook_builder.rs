use std::fmt;
use std::sync::Arc;

use batch_core::time::{Clock, SystemClock};
use reqwest::header::{HeaderName, HeaderValue};
use tokio_util::sync::CancellationToken;

use super::courier::carry;
use super::http_transport::HttpTransport;
use super::outbox::{Outbox, Parts};
use super::{
    DeliveryLog, EventFilter, Signing, Transport, WebhookError, WebhookOptions, WebhookSink,
};
use crate::outbound::{OutboundClient, OutboundPolicy, check_url};

/// Gathers what is to be known of an endpoint. Nothing happens before [`start`](Self::start).
#[must_use = "an endpoint receives nothing before its sink is started"]
pub struct WebhookBuilder {
    url: String,
    signing: Signing,
    events: EventFilter,
    headers: Vec<(String, String)>,
    options: WebhookOptions,
    policy: OutboundPolicy,
    client: Option<OutboundClient>,
    transport: Option<Arc<dyn Transport>>,
    log: Option<Arc<dyn DeliveryLog>>,
    clock: Arc<dyn Clock>,
}

impl WebhookBuilder {
    pub(super) fn new(url: String, signing: Signing) -> Self {
        Self {
            url,
            signing,
            events: EventFilter::All,
            headers: Vec::new(),
            options: WebhookOptions::default(),
            policy: OutboundPolicy::default(),
            client: None,
            transport: None,
            log: None,
            clock: Arc::new(SystemClock::default()),
        }
    }

    /// Sets which events it receives; all, unless it is set.
    pub fn events(mut self, filter: EventFilter) -> Self {
        self.events = filter;
        self
    }

    /// Sends a header with each delivery, such as `authorization`.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets how it is served.
    pub fn options(mut self, options: WebhookOptions) -> Self {
        self.options = options;
        self
    }

    /// Sets where it may be; on the internet and reached by `https`, unless it is set.
    pub fn policy(mut self, policy: OutboundPolicy) -> Self {
        self.policy = policy;
        self
    }

    /// Sends with a client that is there, and by its policy. Without, the endpoint has its own.
    pub fn client(mut self, client: OutboundClient) -> Self {
        self.policy = client.policy().clone();
        self.client = Some(client);
        self
    }

    /// Sends in a way of the host's. The url is checked by the policy all the same; which
    /// addresses its host has is then the transport's to check.
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.transport = Some(Arc::new(transport));
        self
    }

    /// Keeps deliveries in a log. Without one they are in memory; see [`WebhookSink`].
    pub fn log(mut self, log: impl DeliveryLog) -> Self {
        self.log = Some(Arc::new(log));
        self
    }

    /// Sets where it reads the time.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Reads the log and begins to deliver what it holds, on the runtime of the caller.
    ///
    /// # Errors
    ///
    /// [`WebhookError`] where the url or a header is not allowed, or the log cannot be read.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future starts nothing.
    pub async fn start(self) -> Result<WebhookSink, WebhookError> {
        let url = check_url(&self.url, &self.policy).map_err(WebhookError::Url)?;
        let headers = with_content_type(self.headers)?;
        let transport = match (self.transport, self.client) {
            (Some(transport), _) => transport,
            (None, Some(client)) => Arc::new(HttpTransport::new(client)) as Arc<dyn Transport>,
            (None, None) => Arc::new(HttpTransport::new(OutboundClient::new(self.policy)?)),
        };
        let parts = Parts {
            url,
            headers,
            signing: self.signing,
            options: self.options,
            clock: self.clock,
            log: self.log,
        };
        let outbox = Arc::new(Outbox::open(parts).await?);
        let stop = CancellationToken::new();
        tokio::spawn(carry(Arc::clone(&outbox), transport, stop.clone()));
        Ok(WebhookSink::new(outbox, self.events, stop))
    }
}

/// The headers of the host, checked, and what every delivery has.
fn with_content_type(
    headers: Vec<(String, String)>,
) -> Result<Vec<(String, String)>, WebhookError> {
    for (name, value) in &headers {
        let lower = name.to_ascii_lowercase();
        let sendable = HeaderName::try_from(name).is_ok() && HeaderValue::try_from(value).is_ok();
        if !sendable || is_ours(&lower) {
            return Err(WebhookError::Header { name: name.clone() });
        }
    }
    let ours = ("content-type".to_owned(), "application/json".to_owned());
    Ok(headers.into_iter().chain([ours]).collect())
}

fn is_ours(name: &str) -> bool {
    const OURS: [&str; 6] = [
        "connection",
        "content-length",
        "content-type",
        "host",
        "te",
        "transfer-encoding",
    ];
    OURS.contains(&name) || name.starts_with("webhook-") || name.starts_with("x-extend-request-")
}

impl fmt::Debug for WebhookBuilder {
    /// Without secrets: the url's query and the values of headers may be some.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookBuilder")
            .field("signing", &self.signing)
            .field("events", &self.events)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
