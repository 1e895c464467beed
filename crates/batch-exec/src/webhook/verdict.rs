use std::time::Duration;

use batch_core::time::Timestamp;

use super::{DeadReason, WebhookAnswer, WebhookOptions};
use crate::outbound::retry_after;

/// What follows from one try to deliver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is delivered.
    Delivered,
    /// It is tried again.
    Again {
        /// After this long.
        wait: Duration,
        /// So long nothing at all is sent to the endpoint: it has asked for a pause.
        pause: Duration,
    },
    /// It is dead.
    Dead(DeadReason),
    /// It is dead, and so are all others of the endpoint.
    Disable,
}

/// Judges a try; `failed_tries` counts this one, should it have failed.
///
/// 2xx is a success, and 410 the end. Everything else failed, redirects too: whoever moves
/// an endpoint has to say so to the host, or a signed delivery goes where nobody looked.
pub(super) fn judge(
    options: &WebhookOptions,
    answer: Option<&WebhookAnswer>,
    failed_tries: u32,
    seed: u64,
    now: Timestamp,
) -> Verdict {
    match answer {
        Some(answer) if answer.is_success() => return Verdict::Delivered,
        Some(answer) if answer.status == 410 => return Verdict::Disable,
        _ => {}
    }
    let Some(wait) = options.schedule.wait(failed_tries, seed) else {
        return Verdict::Dead(DeadReason::TriesSpent);
    };
    let asked = answer
        .and_then(|answer| retry_after(answer.retry_after.as_deref()?, now))
        .unwrap_or_default()
        .min(options.longest_retry_after);
    let busy = answer.is_some_and(|answer| matches!(answer.status, 429 | 503));
    Verdict::Again {
        wait: wait.max(asked),
        pause: if busy { asked } else { Duration::ZERO },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(status: u16, retry_after: Option<&str>, failed: u32) -> Verdict {
        let mut answer = WebhookAnswer::with_status(status);
        answer.retry_after = retry_after.map(str::to_owned);
        judge(
            &WebhookOptions::default(),
            Some(&answer),
            failed,
            0,
            Timestamp::UNIX_EPOCH,
        )
    }

    fn wait(status: u16, retry_after: Option<&str>) -> (u64, u64) {
        match verdict(status, retry_after, 1) {
            Verdict::Again { wait, pause } => (wait.as_secs(), pause.as_secs()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn only_2xx_is_a_success_and_only_410_disables() {
        for status in 200..300 {
            assert_eq!(verdict(status, None, 1), Verdict::Delivered);
        }
        assert_eq!(verdict(410, None, 1), Verdict::Disable);
        for status in (100..200).chain(300..410).chain(411..600) {
            assert!(
                matches!(verdict(status, None, 1), Verdict::Again { .. }),
                "{status}"
            );
            let spent = Verdict::Dead(DeadReason::TriesSpent);
            assert_eq!(verdict(status, None, 15), spent, "{status}");
        }
    }

    #[test]
    fn retry_after_makes_a_wait_longer_and_never_shorter_and_an_hour_is_the_most() {
        assert!((4..=5).contains(&wait(500, None).0));
        assert_eq!(wait(429, Some("120")), (120, 120));
        assert_eq!(wait(503, Some("Thu, 01 Jan 1970 00:02:00 GMT")), (120, 120));
        assert_eq!(wait(500, Some("120")), (120, 0));
        assert_eq!(wait(429, Some("99999999999")), (3_600, 3_600));
        assert!((4..=5).contains(&wait(429, Some("1")).0));
        assert_eq!(wait(429, Some("1")).1, 1);
        assert!((4..=5).contains(&wait(429, Some("soon")).0));
    }

    #[test]
    fn no_answer_is_a_failure_like_any_other() {
        let judged = |failed| {
            judge(
                &WebhookOptions::default(),
                None,
                failed,
                0,
                Timestamp::UNIX_EPOCH,
            )
        };
        assert!(matches!(judged(14), Verdict::Again { .. }));
        assert_eq!(judged(15), Verdict::Dead(DeadReason::TriesSpent));
    }
}
