use std::fmt;

use super::counted::counted;

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ByteSize(u64);

impl ByteSize {
    /// So many bytes.
    #[must_use]
    pub const fn new(bytes: u64) -> Self {
        Self(bytes)
    }

    /// So many KiB, of 1,024 bytes.
    #[must_use]
    pub const fn kib(n: u32) -> Self {
        Self((n as u64) << 10)
    }

    /// So many MiB, of 1,024 KiB.
    #[must_use]
    pub const fn mib(n: u32) -> Self {
        Self((n as u64) << 20)
    }

    /// So many GiB, of 1,024 MiB.
    #[must_use]
    pub const fn gib(n: u32) -> Self {
        Self((n as u64) << 30)
    }

    /// The number of bytes.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Both together, or as many as can be counted.
    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// So many times as much, or as many as can be counted.
    pub(super) const fn times(self, n: u64) -> Self {
        Self(self.0.saturating_mul(n))
    }
}

/// In the largest unit of which there is one, with a digit after the point where that tells more.
impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [("GiB", 30), ("MiB", 20), ("KiB", 10)];
        let Some((name, bits)) = units.into_iter().find(|(_, bits)| self.0 >> bits > 0) else {
            return f.write_str(&counted(self.0, "byte", "bytes"));
        };
        let (whole, rest) = (self.0 >> bits, self.0 & ((1 << bits) - 1));
        match (rest * 10) >> bits {
            0 => write!(f, "{whole} {name}"),
            tenths => write!(f, "{whole}.{tenths} {name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_unit_is_1024_of_the_one_before() {
        assert_eq!(ByteSize::new(3).get(), 3);
        assert_eq!(ByteSize::kib(3).get(), 3_072);
        assert_eq!(ByteSize::mib(3).get(), 3_145_728);
        assert_eq!(ByteSize::gib(3).get(), 3_221_225_472);
    }

    #[test]
    fn a_size_is_told_in_its_largest_unit() {
        let told = |bytes| ByteSize::new(bytes).to_string();
        assert_eq!(told(0), "0 bytes");
        assert_eq!(told(1), "1 byte");
        assert_eq!(told(1_023), "1023 bytes");
        assert_eq!(told(1_536), "1.5 KiB");
        assert_eq!(ByteSize::mib(16).to_string(), "16 MiB");
        assert_eq!(told((5 << 30) + (1 << 29)), "5.5 GiB");
    }
}
