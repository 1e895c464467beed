use thiserror::Error;

use super::DeliveryLogError;
use crate::outbound::{ClientError, Refusal};

/// A webhook sink could not be started, or not be changed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WebhookError {
    /// The endpoint's url is not allowed.
    #[error("the url of the endpoint is not allowed: {0}")]
    Url(Refusal),
    /// A header cannot be sent, or is one of those that this crate sets.
    #[error("the header {name:?} cannot be sent")]
    Header {
        /// Its name.
        name: String,
    },
    /// The endpoint signs by another scheme, in whose envelope deliveries are waiting. Start a
    /// sink of another name for it.
    #[error("the endpoint signs by another scheme")]
    Scheme,
    /// The client could not be made.
    #[error("could not make the client of the endpoint")]
    Client(#[from] ClientError),
    /// The log could not be read.
    #[error("could not read the delivery log")]
    Log(#[from] DeliveryLogError),
}
