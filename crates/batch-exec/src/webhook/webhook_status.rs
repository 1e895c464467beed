use std::time::Duration;

use batch_core::time::Timestamp;

/// How an endpoint is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct WebhookStatus {
    /// Since when the receiver wants nothing any more, having answered 410.
    pub disabled_at: Option<Timestamp>,
    /// How many deliveries are to be delivered, those under way included.
    pub pending: usize,
    /// How many are under way.
    pub in_flight: usize,
    /// When the oldest that is pending was taken on.
    pub oldest_pending_at: Option<Timestamp>,
    /// How long nothing is sent because the receiver has asked for a pause.
    pub paused_for: Duration,
    /// How many dead deliveries are kept.
    pub dead: usize,
    /// How many dead deliveries had to go since this process began, because there were too many.
    pub dropped_dead: u64,
    /// How many delivered ones are kept.
    pub delivered: usize,
    /// How many tries have failed since the last success.
    pub failures_in_a_row: u64,
}
