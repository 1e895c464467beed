use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering, fence};

use tokio_util::sync::CancellationToken;

/// What tells one attempt to stop.
///
/// Tokens are made when somebody asks for one: nobody does in most attempts that end by themselves.
#[derive(Debug, Default)]
pub(crate) struct RunStop {
    told: AtomicBool,
    /// What the dispatcher waits for.
    token: OnceLock<CancellationToken>,
    /// A child, so that an executor that fires its token stops only what hangs on it.
    executors: OnceLock<CancellationToken>,
}

impl RunStop {
    /// Tells the attempt to stop.
    pub(crate) fn tell(&self) {
        self.told.store(true, Ordering::Release);
        // With the fence of `token` one of both sees what the other has done.
        fence(Ordering::SeqCst);
        if let Some(token) = self.token.get() {
            token.cancel();
        }
    }

    /// Whether it was told.
    pub(crate) fn is_told(&self) -> bool {
        self.told.load(Ordering::Acquire)
    }

    /// Waits until it is told.
    pub(crate) async fn told(&self) {
        self.token().cancelled().await;
    }

    /// The token that the executor gets.
    pub(crate) fn executors(&self) -> &CancellationToken {
        self.executors.get_or_init(|| self.token().child_token())
    }

    /// Whether the executor is to stop: it was told, or has fired its token itself.
    pub(crate) fn stops_executor(&self) -> bool {
        let fired = self.executors.get().is_some_and(|t| t.is_cancelled());
        fired || self.is_told()
    }

    fn token(&self) -> &CancellationToken {
        let token = self.token.get_or_init(CancellationToken::new);
        fence(Ordering::SeqCst);
        if self.is_told() {
            token.cancel();
        }
        token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_asked_for_before_or_after_it_was_told_has_fired() {
        let (early, late) = (RunStop::default(), RunStop::default());
        let token = early.executors().clone();
        assert!(!token.is_cancelled() && !early.stops_executor());
        early.tell();
        late.tell();
        assert!(token.is_cancelled() && early.stops_executor());
        assert!(late.executors().is_cancelled() && late.stops_executor());
    }

    #[tokio::test]
    async fn an_executor_that_fires_its_token_is_not_told_by_that() {
        let stop = RunStop::default();
        stop.executors().cancel();
        assert!(stop.stops_executor());
        assert!(!stop.is_told());
        let told = tokio::time::timeout(std::time::Duration::ZERO, stop.told());
        assert!(told.await.is_err());
    }

    #[tokio::test]
    async fn who_waits_hears_of_it() {
        let stop = RunStop::default();
        let tell = async { stop.tell() };
        tokio::join!(biased; stop.told(), tell);
    }
}
