use std::collections::{BTreeMap, BTreeSet};

use super::tenant::{Front, Tenant};
use crate::id::{BatchId, FairnessKey, WorkflowId};
use crate::kv::record::BatchHeader;
use crate::request::Priority;

/// A priority that waits while so many runs of more urgent ones are given gets one.
const PATIENCE: u32 = 256;
/// How far one run moves the virtual time of a key of weight 1; one of weight w moves by 1/w of it.
const STEP: u64 = 1 << 20;

/// Whose turn it is: by priority, then in turn among the fairness keys of one priority, then in
/// turn among the submissions of one key.
///
/// Each key has a virtual time that grows with each run it is given, the slower the more it
/// weighs; the key with the least time is next, and a new one starts at the time of the key served
/// last. Batches without a key are one key together.
#[derive(Debug, Default)]
#[cfg_attr(test, derive(Clone))]
pub(super) struct Schedule {
    levels: BTreeMap<Priority, Level>,
    /// How many runs of each key are held.
    held: BTreeMap<FairnessKey, u32>,
    /// How many runs of each workflow are held.
    held_of: BTreeMap<WorkflowId, u32>,
}

/// What waits at one priority.
#[derive(Debug, Default)]
#[cfg_attr(test, derive(Clone))]
struct Level {
    tenants: BTreeMap<Option<FairnessKey>, Tenant>,
    turns: BTreeSet<(u64, Option<FairnessKey>)>,
    /// The virtual time of the key that was served last.
    served: u64,
    /// How many runs of more urgent priorities were given while this one could have been served.
    passed_over: u32,
}

/// The batch whose turn it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pick {
    pub batch: BatchId,
    /// How many runs it may give before another line is due: all asked for, or fewer.
    pub most: u32,
    /// The less urgent priorities that wait meanwhile.
    pub passed_over: Vec<Priority>,
}

/// What a level has to offer.
struct Offer {
    front: Front,
    /// How many more runs of its key may be held.
    free: u32,
    /// Whether anything else at its level waits.
    rivals: bool,
}

impl Schedule {
    /// Puts a claimable batch in its submission's line. One that is there already stays.
    pub(super) fn enrol(&mut self, id: BatchId, header: &BatchHeader) {
        let level = self.levels.entry(header.priority).or_default();
        let time = level.served;
        let key = header.fairness_key();
        let turns = &mut level.turns;
        let tenant = level.tenants.entry(key).or_insert_with_key(|key| {
            turns.insert((time, key.clone()));
            Tenant::at(time)
        });
        tenant.enrol(id, header);
    }

    /// Takes a batch out that has no claimable run any more.
    pub(super) fn retire(&mut self, id: BatchId, header: &BatchHeader) {
        let Some(level) = self.levels.get_mut(&header.priority) else {
            return;
        };
        let key = header.fairness_key();
        let Some(tenant) = level.tenants.get_mut(&key) else {
            return;
        };
        tenant.retire(id, header);
        if tenant.is_empty() {
            level.turns.remove(&(tenant.time, key.clone()));
            level.tenants.remove(&key);
        }
        if level.tenants.is_empty() {
            // What has nothing to offer waits for nothing.
            level.passed_over = 0;
        }
    }

    /// The batch whose turn it is among these workflows, and how many of `limit` it may give.
    pub(super) fn next(&self, workflows: &[WorkflowId], limit: u32) -> Option<Pick> {
        let levels = self.levels.iter();
        let mut offers = levels.filter_map(|(priority, level)| {
            let offer = level.offer(workflows, &self.held)?;
            Some((*priority, level.passed_over, offer))
        });
        let first = offers.next()?;
        let others: Vec<_> = offers.collect();
        if others.is_empty() {
            return Some(first.2.pick_of(limit));
        }
        let offers: Vec<_> = std::iter::once(first).chain(others).collect();
        let impatient = offers.iter().skip(1);
        let impatient = impatient.filter(|(_, passed_over, _)| *passed_over >= PATIENCE);
        let (priority, _, offer) = impatient.chain(&offers).next()?;
        let behind = || offers.iter().filter(|(other, ..)| other > priority);
        let patience = behind()
            .map(|(_, passed_over, _)| PATIENCE.saturating_sub(*passed_over).max(1))
            .min();
        // Who was passed over long enough gets one run, and no more.
        let out_of_turn = offers.first().is_some_and(|(first, ..)| first < priority);
        let alone = match offer.rivals || out_of_turn {
            true => 1,
            false => limit,
        };
        Some(Pick {
            batch: offer.front.batch,
            most: alone.min(offer.free).min(patience.unwrap_or(u32::MAX)),
            passed_over: behind().map(|(other, ..)| *other).collect(),
        })
    }

    /// Notes that the picked batch gave `runs` runs, which are held from now on.
    pub(super) fn served(&mut self, header: &BatchHeader, runs: u32, pick: &Pick) {
        for other in &pick.passed_over {
            if let Some(level) = self.levels.get_mut(other) {
                level.passed_over = level.passed_over.saturating_add(runs);
            }
        }
        if let Some(level) = self.levels.get_mut(&header.priority) {
            level.served(header, runs);
        }
        self.hold(header, runs);
    }

    /// Counts runs of a batch as held.
    pub(super) fn hold(&mut self, header: &BatchHeader, runs: u32) {
        match self.held_of.get_mut(&header.workflow) {
            Some(held) => *held += runs,
            None => drop(self.held_of.insert(header.workflow.clone(), runs)),
        }
        if let Some(key) = header.fairness_key() {
            *self.held.entry(key).or_default() += runs;
        }
    }

    /// Counts runs of a batch as held no more.
    pub(super) fn let_go(&mut self, header: &BatchHeader, runs: u32) {
        subtract(&mut self.held_of, &header.workflow, runs);
        if let Some(key) = header.fairness_key() {
            subtract(&mut self.held, &key, runs);
        }
    }

    /// How many runs of a workflow are held.
    pub(super) fn held_of(&self, workflow: &WorkflowId) -> u32 {
        self.held_of.get(workflow).copied().unwrap_or(0)
    }

    /// How many more runs of a batch's key may be held.
    pub(super) fn free(&self, header: &BatchHeader) -> u32 {
        let most = header.share.as_ref().and_then(|share| share.most_held);
        let held = header.fairness_key().and_then(|key| self.held.get(&key));
        most.map_or(u32::MAX, |most| {
            most.get().saturating_sub(held.copied().unwrap_or(0))
        })
    }
}

/// Takes from a number, and leaves out what is nothing.
fn subtract<T: Ord>(held: &mut BTreeMap<T, u32>, of: &T, runs: u32) {
    if let Some(number) = held.get_mut(of) {
        *number = number.saturating_sub(runs);
        if *number == 0 {
            held.remove(of);
        }
    }
}

impl Offer {
    /// The batch that is picked where no other priority waits.
    fn pick_of(&self, limit: u32) -> Pick {
        let alone = if self.rivals { 1 } else { limit };
        Pick {
            batch: self.front.batch,
            most: alone.min(self.free),
            passed_over: Vec::new(),
        }
    }
}

impl Level {
    /// The first key in turn that has a run to give and may hold one more.
    fn offer(&self, workflows: &[WorkflowId], held: &BTreeMap<FairnessKey, u32>) -> Option<Offer> {
        let offers = self.turns.iter().filter_map(|(_, key)| {
            let front = self.tenants.get(key)?.front(workflows)?;
            let held = key.as_ref().and_then(|key| held.get(key)).copied();
            let free = front.most_held.map_or(u32::MAX, |most| {
                most.get().saturating_sub(held.unwrap_or(0))
            });
            let rivals = front.lines > 1;
            (free > 0).then_some(Offer {
                front,
                free,
                rivals,
            })
        });
        let mut offers = offers.take(2);
        let mut first = offers.next()?;
        first.rivals |= offers.next().is_some();
        Some(first)
    }

    fn served(&mut self, header: &BatchHeader, runs: u32) {
        self.passed_over = 0;
        let key = header.fairness_key();
        let Some(tenant) = self.tenants.get_mut(&key) else {
            return;
        };
        tenant.served(header, runs);
        let weight = header.share.as_ref().map_or(1, |share| share.weight.get());
        self.turns.remove(&(tenant.time, key.clone()));
        self.served = tenant.time.max(self.served);
        tenant.time += u64::from(runs) * STEP / u64::from(weight);
        self.turns.insert((tenant.time, key));
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;
    use crate::id::SubmissionId;
    use crate::valid::Share;

    fn header(submission: SubmissionId, workflow: &str, priority: i64) -> BatchHeader {
        BatchHeader {
            submission,
            workflow: WorkflowId::new(workflow).unwrap(),
            priority: Priority::new(priority).unwrap(),
            ..BatchHeader::sample()
        }
    }

    struct Yard {
        schedule: Schedule,
        batches: BTreeMap<BatchId, BatchHeader>,
    }

    impl Yard {
        fn new() -> Self {
            Self {
                schedule: Schedule::default(),
                batches: BTreeMap::new(),
            }
        }

        fn add(&mut self, workflow: &str, priority: i64) -> BatchId {
            let id = BatchId::generate();
            let header = header(SubmissionId::of_first_batch(id), workflow, priority);
            self.schedule.enrol(id, &header);
            self.batches.insert(id, header);
            id
        }

        fn add_keyed(&mut self, key: &str, weight: u32, most_held: Option<u32>) -> BatchId {
            let id = BatchId::generate();
            let mut header = header(SubmissionId::of_first_batch(id), "a", 90);
            header.share = Some(Share {
                key: FairnessKey::new(key).unwrap(),
                weight: NonZeroU32::new(weight).unwrap(),
                most_held: most_held.map(|most| NonZeroU32::new(most).unwrap()),
            });
            self.schedule.enrol(id, &header);
            self.batches.insert(id, header);
            id
        }

        /// How often each of these is served in so many turns.
        fn served<const N: usize>(&mut self, turns: u32, ids: [BatchId; N]) -> [usize; N] {
            let turns: Vec<_> = (0..turns).filter_map(|_| self.turn()).collect();
            ids.map(|id| turns.iter().filter(|turn| **turn == id).count())
        }

        fn turn(&mut self) -> Option<BatchId> {
            let workflows = ["a", "b"].map(|w| WorkflowId::new(w).unwrap());
            let pick = self.schedule.next(&workflows, 1)?;
            self.schedule.served(&self.batches[&pick.batch], 1, &pick);
            Some(pick.batch)
        }
    }

    #[test]
    fn submissions_of_one_priority_take_turns_across_workflows() {
        let mut yard = Yard::new();
        let all = BTreeSet::from([yard.add("a", 90), yard.add("b", 90), yard.add("a", 90)]);
        for _ in 0..5 {
            let round: BTreeSet<_> = (0..3).filter_map(|_| yard.turn()).collect();
            assert_eq!(round, all);
        }
    }

    #[test]
    fn a_late_submission_shares_from_now_on_and_catches_up_on_nothing() {
        let mut yard = Yard::new();
        let early = yard.add("a", 90);
        for _ in 0..1_000 {
            yard.turn();
        }
        let late = yard.add("a", 90);
        let turns: Vec<_> = (0..10).filter_map(|_| yard.turn()).collect();
        let of = |id| turns.iter().filter(|turn| **turn == id).count();
        assert!(of(early) >= 4 && of(late) >= 4, "{turns:?}");
    }

    #[test]
    fn a_lower_number_goes_first() {
        let mut yard = Yard::new();
        yard.add("a", 90);
        let urgent = yard.add("b", 10);
        assert!((0..5).all(|_| yard.turn() == Some(urgent)));
    }

    #[test]
    fn a_line_alone_gives_all_that_is_asked_for_and_one_among_rivals_gives_one() {
        let mut yard = Yard::new();
        yard.add("a", 90);
        let workflows = [WorkflowId::new("a").unwrap(), WorkflowId::new("b").unwrap()];
        assert_eq!(yard.schedule.next(&workflows, 64).unwrap().most, 64);
        yard.add("b", 90);
        assert_eq!(yard.schedule.next(&workflows, 64).unwrap().most, 1);
    }

    #[test]
    fn a_retired_batch_has_no_turn() {
        let mut yard = Yard::new();
        let id = yard.add("a", 90);
        let header = yard.batches[&id].clone();
        yard.schedule.retire(id, &header);
        assert_eq!(yard.turn(), None);
        let mut levels = yard.schedule.levels.values();
        assert!(levels.all(|level| level.tenants.is_empty() && level.turns.is_empty()));
    }

    #[test]
    fn keys_take_turns_whatever_the_number_of_their_submissions() {
        let mut yard = Yard::new();
        let many = [0; 4].map(|_| yard.add_keyed("many", 1, None));
        let few = yard.add_keyed("few", 1, None);
        let none = yard.add("a", 90);
        assert_eq!(yard.served(30, [few, none]), [10, 10]);
        let each = yard.served(24, many);
        assert_eq!(each.iter().sum::<usize>(), 8);
        assert!(each.iter().all(|served| *served == 2), "{each:?}");
    }

    #[test]
    fn a_key_is_served_as_often_as_it_weighs() {
        let mut yard = Yard::new();
        let heavy = yard.add_keyed("heavy", 3, None);
        let light = yard.add_keyed("light", 1, None);
        let [heavy, light] = yard.served(400, [heavy, light]);
        assert!((299..=301).contains(&heavy), "{heavy} and {light}");
    }

    #[test]
    fn a_key_that_holds_all_it_may_is_passed_over_until_one_is_let_go() {
        let mut yard = Yard::new();
        let bounded = yard.add_keyed("bounded", 1, Some(2));
        let header = yard.batches[&bounded].clone();
        let other = yard.add("a", 90);
        assert_eq!(yard.served(10, [bounded, other]), [2, 8]);
        yard.schedule.let_go(&header, 1);
        assert_eq!(yard.served(10, [bounded, other]), [1, 9]);
    }

    #[test]
    fn a_line_alone_gives_no_more_than_its_key_may_hold() {
        let mut yard = Yard::new();
        yard.add_keyed("bounded", 1, Some(5));
        let workflows = [WorkflowId::new("a").unwrap()];
        assert_eq!(yard.schedule.next(&workflows, 64).unwrap().most, 5);
    }

    #[test]
    fn a_priority_that_is_passed_over_256_times_gets_one_turn() {
        let mut yard = Yard::new();
        let urgent = yard.add("a", 10);
        let patient = yard.add("a", 90);
        let last = yard.add("b", 100);
        assert_eq!(yard.served(256, [urgent]), [256]);
        assert_eq!(yard.turn(), Some(patient));
        assert_eq!(yard.turn(), Some(last));
        assert_eq!(yard.served(256, [urgent, patient, last]), [256, 0, 0]);
        assert_eq!(yard.turn(), Some(patient));
    }

    #[test]
    fn a_priority_that_was_passed_over_gives_one_run_however_many_are_asked_for() {
        let mut yard = Yard::new();
        let urgent = yard.add("a", 10);
        let patient = yard.add("b", 90);
        assert_eq!(yard.served(256, [urgent]), [256]);
        let workflows = [WorkflowId::new("a").unwrap(), WorkflowId::new("b").unwrap()];
        let pick = yard.schedule.next(&workflows, 1_000).unwrap();
        assert_eq!((pick.batch, pick.most), (patient, 1));
    }

    #[test]
    fn many_runs_at_once_pass_nobody_over_for_longer() {
        let mut yard = Yard::new();
        let urgent = yard.add("a", 10);
        yard.add("b", 90);
        let workflows = [WorkflowId::new("a").unwrap(), WorkflowId::new("b").unwrap()];
        let pick = yard.schedule.next(&workflows, 1_000).unwrap();
        assert_eq!((pick.batch, pick.most), (urgent, PATIENCE));
    }

    #[test]
    fn who_is_not_asked_for_is_not_passed_over() {
        let mut yard = Yard::new();
        let urgent = yard.add("a", 10);
        yard.add("b", 90);
        let only_a = [WorkflowId::new("a").unwrap()];
        for _ in 0..1_000 {
            let pick = yard.schedule.next(&only_a, 1).unwrap();
            let header = yard.batches[&pick.batch].clone();
            yard.schedule.served(&header, 1, &pick);
        }
        assert_eq!(yard.turn(), Some(urgent));
    }
}
