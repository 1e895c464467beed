use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::mark::Mark;
use super::watchlist::Watchlist;

/// Watches one attempt for as long as it is there.
#[derive(Debug)]
pub(super) struct Sentry<'a> {
    list: &'a Watchlist,
    mark: &'a Mark,
}

impl<'a> Sentry<'a> {
    pub(super) const fn new(list: &'a Watchlist, mark: &'a Mark) -> Self {
        Self { list, mark }
    }

    /// Runs code of the executor on this thread.
    pub(super) fn on_thread<R>(&self, code: impl FnOnce() -> R) -> R {
        self.mark.entered(self.list.now());
        let result = code();
        let time = self.mark.left(self.list.now());
        self.list.gave_back(self.mark, time);
        result
    }

    /// A future of the executor's that is watched whenever it has a thread.
    pub(super) fn watching<F>(&self, make: impl FnOnce() -> F) -> Watched<'_, F> {
        let future = self.on_thread(make);
        Watched {
            sentry: self,
            future,
        }
    }
}

impl Drop for Sentry<'_> {
    fn drop(&mut self) {
        self.mark.end();
    }
}

/// A future that is watched whenever it has a thread.
pub(super) struct Watched<'a, F> {
    sentry: &'a Sentry<'a>,
    future: F,
}

impl<F: Future + Unpin> Future for Watched<'_, F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let sentry = self.sentry;
        sentry.on_thread(|| Pin::new(&mut self.future).poll(cx))
    }
}

impl<F> fmt::Debug for Watched<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watched")
    }
}
