use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::errand::{Errand, Sending};
use super::outbox::Outbox;
use super::{Transport, WebhookAnswer};
use crate::guard::Guarded;

/// How much longer than it may take a try is waited for, before it is dropped.
const GRACE: Duration = Duration::from_secs(1);

type Sent = (Box<Sending>, Result<WebhookAnswer, String>);

/// Sends what is due until it is told to stop. What is under way then is dropped, and
/// counts as not sent.
pub(super) async fn carry(
    outbox: Arc<Outbox>,
    transport: Arc<dyn Transport>,
    stop: CancellationToken,
) {
    let mut under_way: JoinSet<Sent> = JoinSet::new();
    loop {
        let wait = loop {
            match outbox.next() {
                Errand::Send(sending) => {
                    under_way.spawn(send(Arc::clone(&transport), sending));
                }
                Errand::Wait(wait) => break Some(wait),
                Errand::Nothing => break None,
            }
        };
        let due = async {
            match wait {
                Some(wait) => sleep(wait).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            Some(Ok((sent, answer))) = under_way.join_next() => outbox.tried(&sent, answer).await,
            () = outbox.changed.notified() => {}
            () = due => {}
        }
    }
}

/// Sends one delivery. A transport that panics or hangs has failed.
async fn send(transport: Arc<dyn Transport>, sending: Box<Sending>) -> Sent {
    let (request, limit) = (sending.request.clone(), sending.request.timeout);
    let posting = Guarded::new(|| transport.post(request));
    let answer = match timeout(limit.saturating_add(GRACE), posting).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(panic)) => Err(format!("the transport panicked: {panic}")),
        Err(_) => Err(format!("no complete answer within {limit:?}")),
    };
    (sending, answer)
}
