use std::fmt;
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender};
use tokio::sync::oneshot;

use super::copy_target::CopyTarget;
use crate::kv::OrderedKv;
use crate::storage::{ErrorKind, StorageError};

type Target<T> = Option<CopyTarget<T>>;
type Order<T> = Box<dyn FnOnce(&mut Target<T>) + Send>;

/// A thread that writes a copy, so that neither the store nor a runtime waits for its syncs.
///
/// Dropped, it waits for the commit in progress and closes the map.
pub(super) struct CopyThread<T> {
    orders: Option<Sender<Order<T>>>,
    thread: Option<JoinHandle<()>>,
}

impl<T: OrderedKv> CopyThread<T> {
    pub(super) fn start(target: CopyTarget<T>) -> Result<Self, StorageError> {
        let (orders, received) = crossbeam_channel::unbounded();
        let thread = std::thread::Builder::new()
            .name("batchyard-copy".into())
            .spawn(move || obey(Some(target), &received))
            .map_err(|e| StorageError::io("start the thread that writes the copy", e))?;
        Ok(Self {
            orders: Some(orders),
            thread: Some(thread),
        })
    }

    /// Does something with the target.
    pub(super) async fn with<R: Send + 'static>(
        &self,
        work: impl FnOnce(&mut CopyTarget<T>) -> Result<R, StorageError> + Send + 'static,
    ) -> Result<R, StorageError> {
        self.order(move |target| work(target.as_mut().ok_or_else(gone)?))
            .await
    }

    /// Does the last thing with the target.
    pub(super) async fn end<R: Send + 'static>(
        self,
        work: impl FnOnce(CopyTarget<T>) -> Result<R, StorageError> + Send + 'static,
    ) -> Result<R, StorageError> {
        self.order(move |target| work(target.take().ok_or_else(gone)?))
            .await
    }

    async fn order<R: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Target<T>) -> Result<R, StorageError> + Send + 'static,
    ) -> Result<R, StorageError> {
        let (sender, receiver) = oneshot::channel();
        let order: Order<T> = Box::new(move |target| {
            // Who no longer waits has dropped the receiver.
            drop(sender.send(work(target)));
        });
        let orders = self.orders.as_ref().ok_or_else(gone)?;
        orders.send(order).map_err(|_| gone())?;
        receiver.await.map_err(|_| gone())?
    }
}

fn obey<T>(mut target: Target<T>, orders: &Receiver<Order<T>>) {
    while let Ok(order) = orders.recv() {
        order(&mut target);
    }
}

/// The thread has panicked; the panic has been printed.
fn gone() -> StorageError {
    StorageError::new(ErrorKind::Closed, "write the copy")
}

impl<T> Drop for CopyThread<T> {
    fn drop(&mut self) {
        drop(self.orders.take());
        if let Some(thread) = self.thread.take() {
            // Whoever waited for an answer of it has been told.
            let _ = thread.join();
        }
    }
}

impl<T> fmt::Debug for CopyThread<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CopyThread")
    }
}
