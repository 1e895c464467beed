use std::time::Duration;

use batch_core::time::Timestamp;

use super::{DeliveryAttempt, DeliveryEnd, DeliveryId, WebhookAnswer, WebhookRequest};

/// One delivery that is due, to be sent.
pub(super) struct Sending {
    pub(super) id: DeliveryId,
    pub(super) at: Timestamp,
    pub(super) began: Duration,
    pub(super) request: WebhookRequest,
}

/// What the courier does next.
pub(super) enum Errand {
    Send(Box<Sending>),
    Wait(Duration),
    Nothing,
}

impl Sending {
    /// The record of the try, which has ended now.
    pub(super) fn ended(
        &self,
        now: Duration,
        answer: Result<WebhookAnswer, String>,
    ) -> DeliveryAttempt {
        let took = now.saturating_sub(self.began).as_millis();
        DeliveryAttempt {
            at: self.at,
            took_ms: u64::try_from(took).unwrap_or(u64::MAX),
            end: match answer {
                Ok(WebhookAnswer { status, body, .. }) => DeliveryEnd::Answered { status, body },
                Err(message) => DeliveryEnd::Failed { message },
            },
        }
    }
}
