use std::sync::atomic::{AtomicUsize, Ordering};

/// How many processes are struck at a time: two, or what `BATCHYARD_WORKERS` says.
#[must_use]
pub fn workers() -> usize {
    let wanted = std::env::var("BATCHYARD_WORKERS").ok();
    wanted.map_or(2, |n| n.parse().unwrap())
}

/// Does each task, some at a time; gives the results in order.
pub fn in_parallel<T: Sync, R: Send>(tasks: &[T], perform: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let one_after_another = || {
        let mut done = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(task) = tasks.get(number) else {
                return done;
            };
            done.push((number, perform(task)));
        }
    };
    let mut all: Vec<(usize, R)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..workers())
            .map(|_| scope.spawn(one_after_another))
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    all.sort_by_key(|(number, _)| *number);
    all.into_iter().map(|(_, result)| result).collect()
}
