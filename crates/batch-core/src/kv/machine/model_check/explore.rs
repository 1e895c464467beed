use stateright::{Model, Property};

use super::bounds::{Commits, Reviews};
use super::day::Day;
use super::day_model::DayModel;
use super::fault::Fault;
use super::promise::Promise;
use super::sight::Sight;
use super::step::{Deed, Ending, How, Step};
use super::survey::{check_state, check_step};
use crate::run::Verdict;

/// What can happen next on each day, and what each must keep.
impl DayModel {
    /// The day after one more step.
    pub(super) fn after(&self, day: &Day, step: Step) -> Day {
        let mut next = day.clone();
        next.story.push(step);
        let taken = match step {
            Step::Pass => {
                next.pass();
                Ok(())
            }
            Step::Die => self.die(&mut next),
            Step::Do(deed, ending) => self.perform(day, &mut next, deed, ending),
        };
        next.breach = taken.and_then(|()| check_step(self, day, &mut next)).err();
        next
    }

    /// Whether a day keeps a promise. All are looked at with the first.
    fn keeps(&self, day: &Day, promise: Promise) -> bool {
        if promise == Promise::ALL[0] {
            let mut day = day.clone();
            day.breach = self.breach(&day);
            if day.breach.is_some() {
                self.broken.lock().get_or_insert(day);
            }
        }
        let broken = self.broken.lock();
        broken.as_ref().and_then(|day| day.breach) != Some(promise)
    }

    /// What a day breaks.
    pub(super) fn breach(&self, day: &Day) -> Option<Promise> {
        day.breach.or_else(|| check_state(self, day.clone()).err())
    }

    /// How a deed can end, whose answer matters to somebody.
    fn endings(&self, deed: Deed, steps: &mut Vec<Step>) {
        let endings = match self.bounds.commits {
            Commits::Succeed => &[Ending::Answered][..],
            Commits::MayFail => &[Ending::Answered, Ending::Lost, Ending::Kept],
        };
        steps.extend(endings.iter().map(|ending| Step::Do(deed, *ending)));
        if self.fault.is_some_and(|f| f.second_commit(deed).is_some()) {
            steps.push(Step::Do(deed, Ending::Torn));
        }
    }

    fn work(&self, day: &Day, steps: &mut Vec<Step>) {
        let in_time = day.hands.values().filter(|hand| hand.expires > day.span);
        let free = self.bounds.workers.saturating_sub(in_time.count() as u32);
        for most in 1..=free {
            self.endings(Deed::Claim(most), steps);
        }
        for run in day.hands.keys() {
            let may_retry = day.witness.runs[*run as usize].attempts + 1 < self.bounds.attempts;
            let review = (self.bounds.reviews == Reviews::May).then_some(How::NeedsReview);
            for how in How::ALL.into_iter().chain(review) {
                if how != How::Retry || may_retry {
                    self.endings(Deed::Settle(*run, how), steps);
                }
            }
        }
        if day.hands.len() > 1 {
            self.endings(Deed::SettleAll, steps);
        }
        if !day.hands.is_empty() {
            steps.push(Step::Do(Deed::Renew, Ending::Answered));
        }
        for run in day.late.keys() {
            steps.push(Step::Do(Deed::SettleLate(*run), Ending::Answered));
        }
    }

    fn answer(&self, steps: &mut Vec<Step>) {
        if self.bounds.reviews == Reviews::May {
            for run in 0..self.bounds.runs {
                for verdict in Verdict::ALL {
                    self.endings(Deed::Review(run, verdict), steps);
                }
            }
        }
    }

    fn tell(&self, day: &Day, steps: &mut Vec<Step>) {
        let head = day.machine.sequence();
        let ready = match self.fault {
            Some(Fault::MarksFirst) => head,
            _ => day.sink.sent,
        };
        if ready > day.cursor() {
            self.endings(Deed::Mark, steps);
        }
        if head > day.sink.sent {
            steps.push(Step::Do(Deed::Send, Ending::Answered));
        }
    }
}

impl Model for DayModel {
    type State = Day;
    type Action = Step;

    fn init_states(&self) -> Vec<Day> {
        vec![Day::new()]
    }

    fn actions(&self, day: &Day, steps: &mut Vec<Step>) {
        if self.broken.lock().is_some() {
            return;
        }
        if day.witness.batch.is_none() {
            self.endings(Deed::Submit, steps);
        } else {
            steps.extend([Step::Do(Deed::Submit, Ending::Answered), Step::Pass]);
            self.work(day, steps);
            for run in 0..self.bounds.runs {
                self.endings(Deed::CancelRun(run), steps);
            }
            self.endings(Deed::CancelBatch, steps);
            self.answer(steps);
            self.tell(day, steps);
        }
        steps.push(Step::Die);
    }

    fn within_boundary(&self, day: &Day) -> bool {
        let most = day.witness.runs.iter().map(|run| run.interruptions).max();
        most <= Some(self.bounds.interruptions)
    }

    fn next_state(&self, day: &Day, step: Step) -> Option<Day> {
        Some(self.after(day, step))
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut properties = properties();
        if self.bounds.commits == Commits::Succeed {
            properties.retain(|property| property.name != Sight::InDoubt.text());
        }
        if self.bounds.reviews == Reviews::Never {
            properties.retain(|property| property.name != Sight::Reviewed.text());
        }
        properties
    }
}

/// A property's condition is a plain function, so each promise and each sight has one of its own.
fn properties() -> Vec<Property<DayModel>> {
    fn always<const N: usize>() -> Property<DayModel> {
        let promise = Promise::ALL[N];
        Property::always(promise.text(), |model: &DayModel, day| {
            model.keeps(day, Promise::ALL[N])
        })
    }
    fn sometimes<const N: usize>() -> Property<DayModel> {
        let met = |model: &DayModel, _: &Day| model.sights.times(Sight::ALL[N]) > 0;
        Property::sometimes(Sight::ALL[N].text(), met)
    }
    vec![
        always::<0>(),
        always::<1>(),
        always::<2>(),
        always::<3>(),
        always::<4>(),
        always::<5>(),
        always::<6>(),
        always::<7>(),
        always::<8>(),
        always::<9>(),
        always::<10>(),
        always::<11>(),
        always::<12>(),
        always::<13>(),
        always::<14>(),
        always::<15>(),
        sometimes::<0>(),
        sometimes::<1>(),
        sometimes::<2>(),
        sometimes::<3>(),
        sometimes::<4>(),
        sometimes::<5>(),
        sometimes::<6>(),
        sometimes::<7>(),
        sometimes::<8>(),
        sometimes::<9>(),
        sometimes::<10>(),
    ]
}
