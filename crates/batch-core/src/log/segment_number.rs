use std::fmt;

/// Which file of a log: they are numbered from 1 on, in the order in which they are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SegmentNumber(u64);

impl SegmentNumber {
    pub(super) const FIRST: Self = Self(1);

    pub(super) const fn new(number: u64) -> Self {
        Self(number)
    }

    pub(super) const fn get(self) -> u64 {
        self.0
    }

    pub(super) const fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// Its name in the directory of a store.
    pub(super) fn file_name(self) -> String {
        format!("{self}.log")
    }

    /// The segment that a file of this name is.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        let number = Self(name.strip_suffix(".log")?.parse().ok()?);
        (number >= Self::FIRST && number.file_name() == name).then_some(number)
    }
}

impl fmt::Display for SegmentNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:010}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_name_that_is_written_so_is_of_a_segment() {
        for number in [1, 17, 9_999_999_999, 10_000_000_000] {
            let number = SegmentNumber::new(number);
            assert_eq!(SegmentNumber::of_name(&number.file_name()), Some(number));
        }
        for name in [
            "1.log",
            "0000000000.log",
            "+000000001.log",
            "0000000001",
            "x.log",
        ] {
            assert_eq!(SegmentNumber::of_name(name), None, "{name}");
        }
    }
}
