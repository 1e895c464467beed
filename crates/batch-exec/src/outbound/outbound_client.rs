use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{HeaderMap, LOCATION};
use rustls::ClientConfig;
use rustls::crypto::CryptoProvider;
use rustls_platform_verifier::BuilderVerifierExt;
use url::Url;

use super::check_url::{check_parsed, check_url};
use super::guarded_resolver::{GuardedResolver, refusal_in};
use super::{Answer, ClientError, OutboundError, OutboundPolicy, Resolver, SystemResolver};
use crate::error_chain::ErrorChain;

/// How long connecting may take, TLS included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Calls urls that others have chosen, within a policy. Cheap to clone; clones share connections.
///
/// - A url is checked before anything else; each address of its host before it is connected to.
/// - It connects to the addresses that were checked, and looks nothing up twice.
/// - A redirect is checked like the url itself, and never goes from `https` to `http`.
/// - No proxy, whatever the environment says; no cookies, no decompression.
/// - TLS by rustls with the certificates of the system, and with the process's own
///   cryptography where it has installed one, else ring.
#[derive(Clone)]
pub struct OutboundClient {
    http: reqwest::Client,
    policy: Arc<OutboundPolicy>,
}

/// What to call.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// Whether redirects are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Redirects {
    /// A redirect is an answer like any other.
    Never,
    /// So many; one more is an error.
    AtMost(u8),
}

impl OutboundClient {
    /// A client that keeps to this policy.
    ///
    /// # Errors
    ///
    /// [`ClientError`] where TLS cannot be set up.
    pub fn new(policy: OutboundPolicy) -> Result<Self, ClientError> {
        Self::with_resolver(policy, SystemResolver)
    }

    /// A client that looks names up in its own way. What it finds is checked all the same.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new).
    pub fn with_resolver(
        policy: OutboundPolicy,
        resolver: impl Resolver,
    ) -> Result<Self, ClientError> {
        let policy = Arc::new(policy);
        let resolver = GuardedResolver {
            policy: Arc::clone(&policy),
            resolver: Arc::new(resolver),
        };
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls()?)
            .dns_resolver(Arc::new(resolver))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .connect_timeout(CONNECT_TIMEOUT)
            .user_agent(concat!("batchyard/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| ClientError::Http(ErrorChain(&error).to_string()))?;
        Ok(Self { http, policy })
    }

    /// The rules it keeps to.
    #[must_use]
    pub fn policy(&self) -> &OutboundPolicy {
        &self.policy
    }

    /// Checks a url without calling it.
    ///
    /// # Errors
    ///
    /// [`Refusal`](super::Refusal) says what is wrong with it.
    pub fn check(&self, url: &str) -> Result<Url, super::Refusal> {
        check_url(url, &self.policy)
    }

    /// Calls a url and gives the head of the answer. The caller bounds the time.
    pub(crate) async fn call(
        &self,
        mut call: Call,
        redirects: Redirects,
    ) -> Result<Answer, OutboundError> {
        let mut followed = 0;
        loop {
            let answer = self.call_once(call.clone()).await?;
            let Redirects::AtMost(most) = redirects else {
                return Ok(answer);
            };
            let Some(next) = redirected(&call, &answer)? else {
                return Ok(answer);
            };
            if followed == most {
                return Err(OutboundError::Redirects { most });
            }
            followed += 1;
            call = next;
        }
    }

    async fn call_once(&self, call: Call) -> Result<Answer, OutboundError> {
        check_parsed(&call.url, &self.policy).map_err(OutboundError::Refused)?;
        let request = self.http.request(call.method, call.url);
        let request = request.headers(call.headers).body(call.body);
        let response = request.send().await.map_err(|error| failed(&error))?;
        // The resolver has seen to it; a connector that goes another way would be found here.
        if let Some(peer) = response.remote_addr() {
            let peer = self.policy.check_address(peer.ip());
            peer.map_err(OutboundError::Refused)?;
        }
        Ok(Answer { response })
    }
}

/// What a redirect asks for; `None` where the answer is none that can be followed.
///
/// Only `GET` is redirected by 301, 302 and 303; 307 and 308 repeat the call as it is.
fn redirected(call: &Call, answer: &Answer) -> Result<Option<Call>, OutboundError> {
    match answer.status() {
        307 | 308 => {}
        301..=303 if call.method == Method::GET => {}
        _ => return Ok(None),
    }
    let Some(target) = answer.header(&LOCATION) else {
        return Ok(None);
    };
    let url = call
        .url
        .join(target)
        .map_err(|_| OutboundError::RedirectTarget)?;
    if call.url.scheme() == "https" && url.scheme() != "https" {
        return Err(OutboundError::Refused(super::Refusal::Scheme));
    }
    let mut next = call.clone();
    // Headers may carry what is for the first host's eyes only.
    if url.origin() != call.url.origin() {
        next.headers = HeaderMap::new();
    }
    next.url = url;
    Ok(Some(next))
}

/// What an error of the client amounts to.
pub(super) fn failed(error: &reqwest::Error) -> OutboundError {
    tracing::debug!(error = %ErrorChain(error), "a call failed");
    refusal_in(error).map_or(OutboundError::Connection, OutboundError::Refused)
}

fn tls() -> Result<ClientConfig, ClientError> {
    let installed = CryptoProvider::get_default().cloned();
    let ring = || Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(installed.unwrap_or_else(ring))
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_platform_verifier())
        .map_err(ClientError::Tls)?;
    Ok(config.with_no_client_auth())
}

impl fmt::Debug for OutboundClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutboundClient")
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
