use std::fmt;

use async_trait::async_trait;
use batch_core::run::Failure;
use batch_core::time::{Clock, SystemClock};
use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use tokio::time::timeout;
use url::Url;

use super::http_answer::{outcome, too_large};
use super::http_question::question;
use super::{HttpExecutorError, HttpExecutorOptions};
use crate::executor::{Executor, ExecutorError, InputError, Outcome, RunContext};
use crate::outbound::{Body, Call, OutboundClient, OutboundError, Redirects, retry_after};

/// Posts each run to a service and reads from its answer how the run ended.
///
/// What is posted, as JSON:
///
/// ```json
/// {
///   "run": "workflow_run_…_0", "batch": "batch_…", "submission": "…",
///   "workflow": "extract", "version": "3", "attempt": 1, "idempotency_key": "…",
///   "name": "invoice 7", "file_name": "invoice.pdf",
///   "input": { "text": "…" },
///   "metadata": {}
/// }
/// ```
///
/// `input` has one member: `text`, `url` or `file_id`. `name` and `file_name` are left out where
/// there are none. The idempotency key also comes as a header of that name.
///
/// | answer | end of the attempt |
/// |---|---|
/// | 2xx with `{"outcome": "done", "output": …}`, or 204 | done |
/// | 2xx with `{"outcome": "retry", "reason", "message", "after_seconds"}` | failed attempt |
/// | 2xx with `{"outcome": "snooze", "after_seconds"}` | put back until later, no attempt counted |
/// | 2xx with `{"outcome": "fail", "reason", "message", "output"}` | final failure |
/// | 2xx with `{"outcome": "needs_review", "message", "output"}` | in review, the message as its note |
/// | 2xx with anything else | failed attempt, `HTTP_ANSWER` |
/// | 408, 425, 429, 5xx | failed attempt, `HTTP_STATUS`; a `Retry-After` is obeyed |
/// | any other status, redirects that are not followed among them | final failure, `HTTP_STATUS` |
/// | more bytes than an answer may have | final failure, `OUTPUT_TOO_LARGE` |
/// | none in time | failed attempt, `TIMED_OUT` |
/// | the connection failed | failed attempt, `HTTP_CONNECTION` |
/// | an address or a redirect that is not allowed | final failure, `HTTP_REFUSED` |
///
/// Only `outcome` is needed. A run that is told to stop drops its call.
#[derive(Clone)]
pub struct HttpExecutor {
    client: OutboundClient,
    url: Url,
    headers: HeaderMap,
    options: HttpExecutorOptions,
}

impl HttpExecutor {
    /// The service answered with a status that is no success.
    pub const STATUS: &'static str = "HTTP_STATUS";
    /// The answer is no outcome.
    pub const ANSWER: &'static str = "HTTP_ANSWER";
    /// The service said that it failed, and no word of its own.
    pub const FAILED: &'static str = "HTTP_FAILED";
    /// There was no connection, or it broke.
    pub const CONNECTION: &'static str = "HTTP_CONNECTION";
    /// The service, or where it redirects to, is not allowed.
    pub const REFUSED: &'static str = "HTTP_REFUSED";

    /// Posts to this url, by the client's policy.
    ///
    /// # Errors
    ///
    /// [`HttpExecutorError`] where the url is not allowed.
    pub fn new(client: OutboundClient, url: &str) -> Result<Self, HttpExecutorError> {
        let url = client.check(url).map_err(HttpExecutorError::Url)?;
        let json = HeaderValue::from_static("application/json");
        Ok(Self {
            client,
            url,
            headers: HeaderMap::from_iter([(CONTENT_TYPE, json)]),
            options: HttpExecutorOptions::default(),
        })
    }

    /// Sets what a call may cost and what it tells.
    #[must_use]
    pub fn options(mut self, options: HttpExecutorOptions) -> Self {
        self.options = options;
        self
    }

    /// Sends a header with each call, such as `authorization`.
    ///
    /// # Errors
    ///
    /// [`HttpExecutorError`] where it cannot be sent.
    pub fn header(mut self, name: &str, value: &str) -> Result<Self, HttpExecutorError> {
        const OURS: [&str; 5] = [
            "connection",
            "content-length",
            "content-type",
            "host",
            "transfer-encoding",
        ];
        let wrong = || HttpExecutorError::Header {
            name: name.to_owned(),
        };
        let parsed = HeaderName::try_from(name).map_err(|_| wrong())?;
        let mut value = HeaderValue::try_from(value).map_err(|_| wrong())?;
        if OURS.contains(&parsed.as_str()) {
            return Err(wrong());
        }
        value.set_sensitive(true);
        self.headers.insert(parsed, value);
        Ok(self)
    }

    /// Makes the call and reads the answer.
    async fn ask(&self, body: Vec<u8>, key: &str) -> Result<Outcome, OutboundError> {
        let mut headers = self.headers.clone();
        if let Ok(key) = HeaderValue::try_from(key) {
            headers.insert(HeaderName::from_static("idempotency-key"), key);
        }
        let call = Call {
            method: Method::POST,
            url: self.url.clone(),
            headers,
            body: Bytes::from(body),
        };
        let redirects = match self.options.redirects {
            0 => Redirects::Never,
            most => Redirects::AtMost(most),
        };
        let answer = self.client.call(call, redirects).await?;
        let status = answer.status();
        let now = SystemClock::default().now().wall;
        let asked = answer.header(&RETRY_AFTER);
        let asked = asked.and_then(|header| retry_after(header, now));
        let most = self.options.most_answer_bytes;
        Ok(match answer.read(most).await? {
            Body::Begun(_) if (200..300).contains(&status) => too_large(most),
            body => outcome(status, asked, &body.into_bytes()),
        })
    }
}

#[async_trait]
impl Executor for HttpExecutor {
    async fn execute(&self, run: RunContext) -> Result<Outcome, ExecutorError> {
        let Some(body) = question(&run, self.options.secrets) else {
            return Ok(Outcome::fail(
                InputError::REASON,
                "the input is of a newer kind",
            ));
        };
        let (key, limit) = (run.idempotency_key(), self.options.timeout);
        let asking = timeout(limit, self.ask(body, &key));
        let asked = tokio::select! {
            biased;
            () = run.cancellation().cancelled() => return Ok(Outcome::retry("STOPPED", "told to stop")),
            asked = asking => asked.unwrap_or(Err(OutboundError::TimedOut { limit })),
        };
        Ok(asked.unwrap_or_else(|error| failed(&error)))
    }
}

/// The outcome of an attempt that came to no answer.
fn failed(error: &OutboundError) -> Outcome {
    let message = error.to_string();
    match error {
        OutboundError::TimedOut { .. } => Outcome::retry(Failure::TIMED_OUT, message),
        it if it.is_final() => Outcome::fail(HttpExecutor::REFUSED, message),
        _ => Outcome::retry(HttpExecutor::CONNECTION, message),
    }
}

impl fmt::Debug for HttpExecutor {
    /// Without what may be secret: headers, and all of the url but its host.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpExecutor")
            .field("host", &self.url.host_str())
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}
