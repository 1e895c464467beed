use std::fmt;

/// What a store keeps when something strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Durability {
    /// Nothing outlives the process.
    None,
    /// Acknowledged writes outlive the process, and nobody has shown that they outlive a power cut.
    ProcessDeath,
    /// Acknowledged writes outlive a power cut, if the disk keeps what it said it synced.
    PowerCut,
}

impl fmt::Display for Durability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::ProcessDeath => "survives kill -9",
            Self::PowerCut => "survives a power cut (fdatasync per commit)",
        })
    }
}

/// What a storage says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Description {
    /// The backend's name, such as `sled`.
    pub backend: &'static str,
    /// What it keeps when something strikes.
    pub durability: Durability,
}

impl Description {
    /// A description.
    #[must_use]
    pub const fn new(backend: &'static str, durability: Durability) -> Self {
        Self {
            backend,
            durability,
        }
    }
}
