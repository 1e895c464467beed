use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// How soon runs are claimed: 1 to 100, lower first.
///
/// A batch has 90 unless it says otherwise, as in the public API of Extend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Priority(u8);

/// A number outside 1..=100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("priority {0} is out of range: 1 (first) to 100 (last)")]
pub struct InvalidPriority(pub i64);

impl Priority {
    /// Claimed before all others.
    pub const FIRST: Self = Self(1);
    /// Claimed after all others.
    pub const LAST: Self = Self(100);
    /// What a batch has unless it says otherwise.
    pub const BATCH: Self = Self(90);

    /// The priority with this number.
    ///
    /// # Errors
    ///
    /// [`InvalidPriority`] outside 1..=100.
    pub fn new(number: i64) -> Result<Self, InvalidPriority> {
        match u8::try_from(number) {
            Ok(n @ 1..=100) => Ok(Self(n)),
            _ => Err(InvalidPriority(number)),
        }
    }

    /// The number, 1 to 100.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl Default for Priority {
    fn default() -> Self {
        Self::BATCH
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl TryFrom<i64> for Priority {
    type Error = InvalidPriority;

    fn try_from(number: i64) -> Result<Self, InvalidPriority> {
        Self::new(number)
    }
}

impl From<Priority> for i64 {
    fn from(priority: Priority) -> Self {
        Self::from(priority.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_and_a_hundred_are_priorities_and_their_neighbours_are_not() {
        assert!(Priority::new(1).is_ok() && Priority::new(100).is_ok());
        for number in [0, 101, -1, i64::MAX] {
            assert_eq!(Priority::new(number), Err(InvalidPriority(number)));
        }
    }
}
