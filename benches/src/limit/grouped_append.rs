use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::Broken;

/// A block to append, and who waits for it.
struct Order {
    block: Arc<[u8]>,
    done: oneshot::Sender<()>,
}

/// Appends so many blocks to a new file for tasks that each wait for theirs.
///
/// One thread writes all that has arrived meanwhile and syncs it once.
///
/// # Errors
///
/// When the file cannot be made, written or synced.
pub async fn grouped_append(
    directory: &Path,
    block: &[u8],
    times: u64,
    submitters: usize,
) -> Result<Duration, Broken> {
    let path = directory.join("appended-in-groups");
    let file = File::create(&path)?;
    let (orders, receiver) = channel();
    let writer = std::thread::spawn(move || write(file, &receiver));
    let block: Arc<[u8]> = block.into();
    let start = Instant::now();
    let tasks: Vec<_> = (0..submitters as u64)
        .map(|n| {
            let share = times / submitters as u64 + u64::from(n < times % submitters as u64);
            tokio::spawn(submit(orders.clone(), Arc::clone(&block), share))
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    let spent = start.elapsed();
    drop(orders);
    writer.join().map_err(|_| "the writer panicked")??;
    std::fs::remove_file(path)?;
    Ok(spent)
}

async fn submit(orders: Sender<Order>, block: Arc<[u8]>, times: u64) -> Result<(), Broken> {
    for _ in 0..times {
        let (done, written) = oneshot::channel();
        let block = Arc::clone(&block);
        let sent = orders.send(Order { block, done });
        sent.map_err(|_| "the writer is gone")?;
        written.await?;
    }
    Ok(())
}

fn write(mut file: File, orders: &Receiver<Order>) -> io::Result<()> {
    while let Ok(first) = orders.recv() {
        let mut waiting = Vec::new();
        for order in std::iter::once(first).chain(orders.try_iter()) {
            file.write_all(&order.block)?;
            waiting.push(order.done);
        }
        file.sync_data()?;
        for done in waiting {
            // One who is gone needs no answer.
            let _ = done.send(());
        }
    }
    Ok(())
}
