use std::fmt;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use batch_core::engine::Progress;
use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::session::Session;

/// How the bar looks: rate and time left are those of this process.
const BAR: &str =
    "{wide_bar} {human_pos} of {human_len} ended{msg}  {rate}  {elapsed} gone, {eta} left";

/// Shows on standard error how far the work is.
#[derive(Debug)]
pub(crate) struct Meter {
    face: Face,
    started: Instant,
    ended_before: u64,
}

#[derive(Debug)]
enum Face {
    /// A bar, on a terminal.
    Bar(ProgressBar),
    /// A line now and then, anywhere else.
    Lines,
}

impl Meter {
    /// Begins to measure at how the work stands now.
    pub(crate) fn start(now: &Progress) -> Self {
        let ended_before = now.counts.ended();
        let face = if std::io::stderr().is_terminal() {
            Face::Bar(bar(now.inputs, ended_before))
        } else {
            Face::Lines
        };
        Self {
            face,
            started: Instant::now(),
            ended_before,
        }
    }

    /// How long to wait before the progress is asked for again.
    pub(crate) const fn pace(&self) -> Duration {
        match self.face {
            Face::Bar(_) => Duration::from_millis(200),
            Face::Lines => Duration::from_secs(5),
        }
    }

    /// Shows how the work stands.
    pub(crate) fn show(&self, progress: &Progress) {
        match &self.face {
            Face::Bar(bar) => {
                bar.set_message(failures(progress.counts.failed));
                bar.set_position(progress.counts.ended());
            }
            Face::Lines => eprintln!("batchyard: {}", line(progress, self.session(progress))),
        }
    }

    /// What this process has done up to this progress.
    pub(crate) fn session(&self, progress: &Progress) -> Session {
        Session {
            ended: progress.counts.ended().saturating_sub(self.ended_before),
            took: self.started.elapsed(),
        }
    }

    /// Makes room for what is printed next.
    pub(crate) fn clear(&self) {
        if let Face::Bar(bar) = &self.face {
            bar.finish_and_clear();
        }
    }
}

fn bar(total: u64, ended: u64) -> ProgressBar {
    let style = ProgressStyle::with_template(BAR)
        .expect("the template is written right")
        .with_key("rate", rate);
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr())
        .with_style(style.progress_chars("=> "))
        .with_position(ended);
    // What ended before says nothing about the rate of this process.
    bar.reset_eta();
    bar
}

fn rate(state: &ProgressState, out: &mut dyn fmt::Write) {
    // The terminal shows what it can.
    let _ = write!(out, "{:.1} runs/s", state.per_sec());
}

/// One line that says what the bar would show.
fn line(progress: &Progress, session: Session) -> String {
    let counts = &progress.counts;
    let (ended, failed) = (counts.ended(), failures(counts.failed));
    let mut line = format!("{ended} of {} ended{failed}", progress.inputs);
    if let Some(rate) = session.rate() {
        let left = left(progress.inputs - ended.min(progress.inputs), rate);
        line.push_str(&format!(", {rate:.1} runs/s, {left} left"));
    }
    line
}

fn failures(failed: u64) -> String {
    match failed {
        0 => String::new(),
        failed => format!(", {failed} failed"),
    }
}

/// How long the rest takes at this rate.
fn left(runs: u64, rate: f64) -> HumanDuration {
    #[expect(clippy::cast_precision_loss, reason = "a guess at the time left")]
    let seconds = runs as f64 / rate;
    HumanDuration(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
}

#[cfg(test)]
mod tests {
    use batch_core::engine::Engine;
    use batch_core::engine::SubmissionRequest;
    use batch_core::memory::MemoryStorage;
    use batch_core::request::Input;

    use super::*;

    /// How a submission of ten stands of which so many have been cancelled.
    async fn progress(ended: usize) -> Progress {
        let engine = Engine::open(MemoryStorage::new()).await.unwrap();
        let request = SubmissionRequest::new("w");
        engine.ensure_deployed("w".parse().unwrap()).await.unwrap();
        let inputs = (0..10).map(|n| Input::text(n.to_string()));
        let submission = engine.submit_all(request, inputs).await.unwrap();
        let mut runs = submission.runs(Default::default());
        for _ in 0..ended {
            let run = runs.next().await.unwrap().unwrap();
            engine.cancel_run(run.id).await.unwrap();
        }
        submission.progress().await.unwrap()
    }

    fn session(ended: u64, seconds: u64) -> Session {
        let took = Duration::from_secs(seconds);
        Session { ended, took }
    }

    #[tokio::test]
    async fn a_line_tells_how_far_how_fast_and_how_long_still() {
        let now = progress(4).await;
        let text = line(&now, session(3, 6));
        assert_eq!(text, "4 of 10 ended, 0.5 runs/s, 12 seconds left");
    }

    #[tokio::test]
    async fn where_nothing_has_ended_yet_no_time_is_made_up() {
        let text = line(&progress(0).await, session(0, 6));
        assert_eq!(text, "0 of 10 ended");
    }
}
