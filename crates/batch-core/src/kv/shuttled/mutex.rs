use shuttle::sync::MutexGuard;

/// A lock that nobody can poison, as `parking_lot` has it.
#[derive(Debug)]
pub(super) struct Mutex<T>(shuttle::sync::Mutex<T>);

impl<T> Mutex<T> {
    pub(super) const fn new(content: T) -> Self {
        Self(shuttle::sync::Mutex::new(content))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap()
    }
}
