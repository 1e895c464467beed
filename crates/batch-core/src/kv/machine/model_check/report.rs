use std::fmt::Write as _;

use stateright::Model as _;

use super::day::Day;
use super::day_model::DayModel;
use super::step::Step;
use crate::id::{BatchId, RunId};
use crate::ordinal::Ordinal;

impl DayModel {
    /// A story step by step, with what the store says after each.
    pub(super) fn tell_story(&self, story: &[Step]) -> String {
        let mut text = String::new();
        let mut day = self.init_states().remove(0);
        for (number, step) in (1..).zip(story) {
            day = self.after(&day, *step);
            writeln!(text, "{number}. {step}").unwrap();
            writeln!(text, "   {}", self.summary(&day)).unwrap();
        }
        if let Some(breach) = self.breach(&day) {
            writeln!(text, "broken: {}", breach.text()).unwrap();
        }
        text
    }

    fn summary(&self, day: &Day) -> String {
        let mut machine = day.machine.clone();
        let mut text = String::new();
        for number in 1..=2 {
            let id = BatchId::from_uuid(uuid::Uuid::from_u128(number));
            let Ok(Some(batch)) = machine.batch(id) else {
                continue;
            };
            write!(text, "batch {number}: ").unwrap();
            for run in 0..self.bounds.runs {
                let run = RunId::new(id, Ordinal::new(run));
                match machine.view_run(run) {
                    Ok(Some(run)) => write!(text, "{} ", run.state),
                    _ => write!(text, "unreadable "),
                }
                .unwrap();
            }
            write!(text, "| {} | ", batch.counts).unwrap();
        }
        let (head, cursor) = (machine.sequence().get(), day.cursor().get());
        write!(
            text,
            "journal {head}, sink sent {}, cursor {cursor}",
            day.sink.told.get()
        )
        .unwrap();
        text
    }
}
