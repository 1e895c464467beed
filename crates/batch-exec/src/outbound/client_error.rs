use thiserror::Error;

/// A client could not be made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ClientError {
    /// TLS could not be set up: most often the system has no root certificates.
    #[error("could not set up TLS; the system needs root certificates")]
    Tls(#[source] rustls::Error),
    /// The HTTP client could not be made.
    #[error("could not set up the HTTP client: {0}")]
    Http(String),
}
