//! What the machine itself can do with the same bytes: the limit.

mod append;
mod channel;
mod grouped_append;
mod memcpy;

pub use append::{Syncing, append};
pub use channel::channel;
pub use grouped_append::grouped_append;
pub use memcpy::memcpy;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_append_is_timed_and_the_file_is_gone_afterwards() {
        let directory = tempfile::tempdir().unwrap();
        let took = append(directory.path(), b"block", 3, Syncing::Never).unwrap();
        assert_eq!(took.len(), 3);
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn grouped_appends_end_when_each_submitter_has_its_answers() {
        let directory = tempfile::tempdir().unwrap();
        let appended = grouped_append(directory.path(), b"block", 10, 4).await;
        appended.unwrap();
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn a_channel_loses_nothing() {
        channel(10, 5_000).await.unwrap();
    }
}
