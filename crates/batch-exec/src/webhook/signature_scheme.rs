/// How a delivery is signed, and in which envelope its event comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SignatureScheme {
    /// [Standard Webhooks](https://www.standardwebhooks.com) 1.0.0: headers `webhook-id`,
    /// `webhook-timestamp`, `webhook-signature`, body `{"type", "timestamp", "data"}`.
    StandardWebhooks,
    /// The public API of Extend: headers `x-extend-request-timestamp`,
    /// `x-extend-request-signature`, body `{"eventId", "eventType", "payload"}`.
    Extend,
}
