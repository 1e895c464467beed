use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use tokio::runtime::{Builder, Handle};
use tokio::task::unconstrained;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::wake_up::WakeUp;

/// A runtime on a thread of its own. It ends when this is dropped, without being waited for:
/// so it can be dropped anywhere, in async code and on its own threads too.
#[derive(Debug)]
pub(super) struct RuntimeThread {
    handle: Handle,
    _end: DropGuard,
}

impl RuntimeThread {
    pub(super) fn start() -> io::Result<Self> {
        let runtime = Builder::new_current_thread()
            .enable_all()
            .thread_name("batchyard-executor")
            .build()?;
        let handle = runtime.handle().clone();
        let end = CancellationToken::new();
        let ended = end.clone();
        std::thread::Builder::new()
            .name("batchyard-runtime".to_owned())
            .spawn(move || {
                runtime.block_on(ended.cancelled());
                // Executors that do not come back are left behind.
                runtime.shutdown_background();
            })?;
        Ok(Self {
            handle,
            _end: end.drop_guard(),
        })
    }

    /// Waits for a future on the calling thread, which may be one of another runtime.
    pub(super) fn block_on<F: Future>(&self, future: F) -> F::Output {
        let _inside = self.handle.enter();
        // The budget of a task of the host's would never be filled up while it blocks here.
        let mut future = pin!(unconstrained(future));
        let wake_up = Arc::new(WakeUp::default());
        let waker = Waker::from(Arc::clone(&wake_up));
        let mut context = Context::from_waker(&waker);
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
                return output;
            }
            wake_up.wait();
        }
    }

    /// Runs a future to its end; the runtime lives until then.
    pub(super) fn finish(self: Arc<Self>, future: impl Future + Send + 'static) {
        let handle = self.handle.clone();
        handle.spawn(async move {
            future.await;
            drop(self);
        });
    }
}
