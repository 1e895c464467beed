use std::fmt;

/// An answer on its way to a caller who may be gone.
///
/// Dropped unopened, it hands its content to `lost`: so claims are given back
/// whose claimer's future was dropped.
pub(super) struct Parcel<R> {
    content: Option<R>,
    lost: Option<Box<dyn FnOnce(R) + Send>>,
}

impl<R> Parcel<R> {
    pub(super) fn new(content: R, lost: Box<dyn FnOnce(R) + Send>) -> Self {
        Self {
            content: Some(content),
            lost: Some(lost),
        }
    }

    pub(super) fn open(mut self) -> Option<R> {
        self.content.take()
    }
}

impl<R> Drop for Parcel<R> {
    fn drop(&mut self) {
        if let (Some(content), Some(lost)) = (self.content.take(), self.lost.take()) {
            lost(content);
        }
    }
}

impl<R> fmt::Debug for Parcel<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Parcel")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn a_parcel_that_nobody_opens_gives_its_content_back() {
        let (sender, receiver) = mpsc::channel();
        let lost = move |n: u32| sender.send(n).unwrap();
        drop(Parcel::new(7, Box::new(lost)));
        assert_eq!(receiver.recv(), Ok(7));
    }

    #[test]
    fn a_parcel_that_was_opened_gives_nothing_back() {
        let lost = |_: u32| panic!("it was opened");
        assert_eq!(Parcel::new(7, Box::new(lost)).open(), Some(7));
    }
}
