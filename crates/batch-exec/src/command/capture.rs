use tokio::io::{AsyncRead, AsyncReadExt};

/// The beginning of what a process writes, and how much there was.
#[derive(Debug, Default)]
pub(super) struct Capture {
    kept: Vec<u8>,
    total: u64,
}

impl Capture {
    /// Reads a pipe to its end, keeps the first `most` bytes and only counts the rest.
    ///
    /// What was read stays when the future is dropped.
    pub(super) async fn read(&mut self, pipe: Option<impl AsyncRead + Unpin>, most: usize) {
        let Some(mut pipe) = pipe else {
            return;
        };
        let mut buffer = [0; 8 * 1_024];
        // An error of a pipe is its end: there is nobody left to write.
        while let Ok(got @ 1..) = pipe.read(&mut buffer).await {
            let room = most.saturating_sub(self.kept.len()).min(got);
            self.kept.extend_from_slice(&buffer[..room]);
            self.total = self.total.saturating_add(got as u64);
        }
    }

    /// What was kept, as text; what is no UTF-8 is replaced.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.kept).into_owned()
    }

    /// How many bytes there were.
    pub(super) const fn total(&self) -> u64 {
        self.total
    }

    /// Whether there was more than was kept.
    pub(super) fn is_truncated(&self) -> bool {
        self.total > self.kept.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_too_much_is_counted_and_not_kept() {
        let mut capture = Capture::default();
        let written = "x".repeat(20_000);
        capture.read(Some(written.as_bytes()), 10).await;
        assert_eq!(capture.text(), "x".repeat(10));
        assert_eq!((capture.total(), capture.is_truncated()), (20_000, true));
    }

    #[tokio::test]
    async fn what_is_no_utf8_is_replaced() {
        let mut capture = Capture::default();
        capture.read(Some(&b"a\xffb"[..]), 10).await;
        assert_eq!(
            (capture.text(), capture.is_truncated()),
            ("a\u{fffd}b".to_owned(), false)
        );
    }
}
