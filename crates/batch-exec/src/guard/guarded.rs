use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use super::panic_message::panic_message;

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A future of the host's whose panics are values: while it is made, polled and dropped.
pub(crate) struct Guarded<'a, T> {
    /// `None` once it has ended, or where making it panicked.
    future: Option<BoxFuture<'a, T>>,
    /// What making it said, where that panicked.
    stillborn: Option<String>,
}

impl<'a, T> Guarded<'a, T> {
    /// Makes the future.
    pub(crate) fn new(make: impl FnOnce() -> BoxFuture<'a, T>) -> Self {
        match catch_unwind(AssertUnwindSafe(make)) {
            Ok(future) => Self {
                future: Some(future),
                stillborn: None,
            },
            Err(payload) => Self {
                future: None,
                stillborn: Some(panic_message(payload)),
            },
        }
    }

    /// Drops the future; what its destructors say is logged.
    fn discard(&mut self) {
        let Some(future) = self.future.take() else {
            return;
        };
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(future))) {
            let message = panic_message(payload);
            tracing::error!(%message, "dropping the host's future panicked");
        }
    }
}

impl<T> Future for Guarded<'_, T> {
    /// The panic's message where it panicked.
    type Output = Result<T, String>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(message) = self.stillborn.take() {
            return Poll::Ready(Err(message));
        }
        let Some(future) = self.future.as_mut() else {
            return Poll::Pending;
        };
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx)));
        let end = match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(value)) => Ok(value),
            Err(payload) => Err(panic_message(payload)),
        };
        self.discard();
        Poll::Ready(end)
    }
}

impl<T> Drop for Guarded<'_, T> {
    fn drop(&mut self) {
        self.discard();
    }
}

impl<T> fmt::Debug for Guarded<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Guarded")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct PanicsOnDrop;

    impl Drop for PanicsOnDrop {
        fn drop(&mut self) {
            panic!("in drop");
        }
    }

    #[tokio::test]
    async fn a_panic_at_any_point_is_a_message() {
        let made = Guarded::<()>::new(|| panic!("made {}", 1)).await;
        assert_eq!(made, Err("made 1".to_owned()));
        let polled = Guarded::<()>::new(|| Box::pin(async { panic!("polled") })).await;
        assert_eq!(polled, Err("polled".to_owned()));
        let odd = Guarded::<()>::new(|| Box::pin(async { std::panic::panic_any(7_u8) })).await;
        assert_eq!(odd, Err("the panic carried no text".to_owned()));
        let payload =
            Guarded::<()>::new(|| Box::pin(async { std::panic::panic_any(PanicsOnDrop) }));
        assert!(payload.await.is_err());
    }

    #[tokio::test]
    async fn a_future_that_panics_when_dropped_hurts_nobody() {
        let guarded = Guarded::<()>::new(|| {
            let bomb = PanicsOnDrop;
            Box::pin(async move {
                std::future::pending::<()>().await;
                drop(bomb);
            })
        });
        drop(guarded);
    }
}
