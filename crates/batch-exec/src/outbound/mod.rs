//! A client for urls that others have chosen: what it may connect to, and what it refuses.
//!
//! A url that a caller hands in can point into the network of the host: at its
//! database, at the metadata service of its cloud, at itself. [`check_url`] and
//! [`OutboundPolicy::check_address`] are the rules, pure; [`OutboundClient`]
//! keeps to them when it connects.
#![cfg_attr(
    not(all(feature = "fetch", feature = "http-executor", feature = "webhook")),
    allow(
        dead_code,
        unused_imports,
        reason = "each of the features uses a part of the client"
    )
)]

mod address_kind;
mod address_range;
mod answer;
mod check_url;
mod client_error;
mod guarded_resolver;
mod outbound_client;
mod outbound_error;
mod outbound_policy;
mod refusal;
mod resolver;
mod retry_after;

pub use address_kind::AddressKind;
pub use address_range::{AddressRange, InvalidRange};
pub(crate) use answer::{Answer, Body};
pub use check_url::{MAX_URL_BYTES, check_url};
pub use client_error::ClientError;
pub use outbound_client::OutboundClient;
pub(crate) use outbound_client::{Call, Redirects};
pub use outbound_error::OutboundError;
pub use outbound_policy::{AllowedHosts, AllowedPorts, AllowedSchemes, OutboundPolicy};
pub use refusal::Refusal;
pub use resolver::{Resolver, SystemResolver};
pub(crate) use retry_after::retry_after;
