use std::fmt;
use std::str::FromStr;

/// Where the random numbers of a case come from: printed, it repeats them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seed(u64);

const VARIABLE: &str = "BATCHYARD_CONFORMANCE_SEED";

impl Seed {
    /// The seed of who wants the same every time.
    pub(super) const FIXED: Self = Self(0x0ba7_c4ed);

    /// The seed the environment names, or a new one.
    pub(super) fn choose() -> Self {
        match std::env::var(VARIABLE) {
            Ok(text) => text
                .parse()
                .unwrap_or_else(|e| panic!("{VARIABLE}={text}: {e}")),
            Err(_) => Self(getrandom::u64().expect("the system has random bytes")),
        }
    }

    /// The seed as the bytes that a generator takes.
    pub(super) fn bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&self.0.to_le_bytes());
        bytes
    }
}

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for Seed {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u64::from_str_radix(text, 16).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_printed_seed_parses_back() {
        let seed = Seed(0xbeef);
        assert_eq!(seed.to_string().parse(), Ok(seed));
    }
}
