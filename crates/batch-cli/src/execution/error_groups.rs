use std::cmp::Reverse;
use std::collections::HashMap;

use batch_core::run::Run;

use crate::output::input;

/// The most groups that are told apart. A command that fails differently for
/// each of a million files must not fill the memory.
const MOST_GROUPS: usize = 1_000;
/// What stands for the file in a message.
const PLACE: &str = "{}";

/// Failures, grouped by reason and message.
#[derive(Debug, Default)]
pub(crate) struct ErrorGroups {
    groups: HashMap<(String, String), ErrorGroup>,
    /// How many came after the groups were full.
    others: u64,
}

/// Failures of one reason and message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ErrorGroup {
    /// The word for programs.
    pub(crate) reason: String,
    /// The sentence for people.
    pub(crate) message: String,
    /// How many there are.
    pub(crate) count: u64,
    /// The input of the first.
    pub(crate) first: String,
}

impl ErrorGroups {
    /// Counts the failure of a run that failed for good.
    ///
    /// Where a message names the file, `{}` stands in its stead, so that what
    /// went wrong in the same way comes together.
    pub(crate) fn add(&mut self, run: &Run) {
        if let Some(failure) = &run.failure {
            let file = input(run);
            let message = failure.message().replace(file, PLACE);
            self.count(failure.reason(), message, file);
        }
    }

    fn count(&mut self, reason: &str, message: String, file: &str) {
        let key = (reason.to_owned(), message);
        if let Some(group) = self.groups.get_mut(&key) {
            group.count += 1;
        } else if self.groups.len() < MOST_GROUPS {
            let group = ErrorGroup {
                reason: key.0.clone(),
                message: key.1.clone(),
                count: 1,
                first: file.to_owned(),
            };
            self.groups.insert(key, group);
        } else {
            self.others += 1;
        }
    }

    /// The largest groups, the largest first.
    pub(crate) fn largest(&self, most: usize) -> Vec<&ErrorGroup> {
        let mut all: Vec<_> = self.groups.values().collect();
        // By text after that, so that equal groups stay in one order from time to time.
        all.sort_by_key(|group| (Reverse(group.count), &group.reason, &group.message));
        all.truncate(most);
        all
    }

    /// How many failures are in none of the largest groups.
    pub(crate) fn beyond(&self, most: usize) -> u64 {
        let all: u64 = self.groups.values().map(|group| group.count).sum();
        let shown: u64 = self.largest(most).iter().map(|group| group.count).sum();
        all - shown + self.others
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_groups_come_first_and_the_rest_is_counted() {
        let mut groups = ErrorGroups::default();
        for (message, count) in [("a", 1), ("b", 3), ("c", 2)] {
            (0..count).for_each(|n| groups.count("E", message.into(), &format!("/{n}")));
        }
        let largest = groups.largest(2);
        let largest: Vec<_> = largest.iter().map(|g| (&*g.message, g.count)).collect();
        assert_eq!(largest, [("b", 3), ("c", 2)]);
        assert_eq!(groups.beyond(2), 1);
        assert_eq!(groups.largest(1)[0].first, "/0");
    }

    #[test]
    fn more_messages_than_can_be_told_apart_are_counted_all_the_same() {
        let mut groups = ErrorGroups::default();
        for n in 0..MOST_GROUPS + 5 {
            groups.count("E", n.to_string(), "/x");
        }
        assert_eq!(groups.beyond(10), MOST_GROUPS as u64 - 10 + 5);
    }
}
