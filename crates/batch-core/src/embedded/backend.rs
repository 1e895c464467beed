use std::fmt;

/// An embedded database that keeps a store in a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Backend {
    Sled,
    Redb,
}

impl Backend {
    pub(super) const ALL: [Self; 2] = [Self::Sled, Self::Redb];

    /// What the marks of its stores begin with.
    pub(super) const fn magic(self) -> [u8; 8] {
        match self {
            Self::Sled => *b"BATCHYRD",
            Self::Redb => *b"BATCHYRE",
        }
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sled => "sled",
            Self::Redb => "redb",
        })
    }
}
