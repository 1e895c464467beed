//! A sink that sends events to a url, signed. Begin with [`WebhookSink`].
//!
//! The rules are pure: [`RetrySchedule`] says when to try again, [`Signing`] what to send along,
//! [`EventFilter`] what to send. Where bytes meet the network there is a [`Transport`], and
//! where they meet a disk a [`DeliveryLog`].

mod agenda;
mod book;
mod courier;
mod delivery;
mod delivery_attempt;
mod delivery_id;
mod delivery_log;
mod delivery_log_error;
mod delivery_state;
mod errand;
mod event_body;
mod file_delivery_log;
mod http_transport;
mod invalid_secret;
mod lanes;
mod log_record;
mod outbox;
mod redelivery;
mod retry_schedule;
mod scribe;
mod signature_scheme;
mod signing;
mod transport;
mod verdict;
mod verify_error;
mod webhook_builder;
mod webhook_error;
mod webhook_options;
mod webhook_sink;
mod webhook_status;

/// Which events an endpoint receives.
pub use crate::sink::EventFilter;
pub use delivery::Delivery;
pub use delivery_attempt::{DeliveryAttempt, DeliveryEnd};
pub use delivery_id::{DeliveryId, InvalidDeliveryId};
pub use delivery_log::{DeliveryLog, LogSync};
pub use delivery_log_error::DeliveryLogError;
pub use delivery_state::{DeadReason, DeliveryState};
pub use file_delivery_log::FileDeliveryLog;
pub use invalid_secret::InvalidSecret;
pub use log_record::LogRecord;
pub use redelivery::Redelivery;
pub use retry_schedule::RetrySchedule;
pub use signature_scheme::SignatureScheme;
pub use signing::Signing;
pub use transport::{Transport, WebhookAnswer, WebhookRequest};
pub use verify_error::VerifyError;
pub use webhook_builder::WebhookBuilder;
pub use webhook_error::WebhookError;
pub use webhook_options::WebhookOptions;
pub use webhook_sink::WebhookSink;
pub use webhook_status::WebhookStatus;
