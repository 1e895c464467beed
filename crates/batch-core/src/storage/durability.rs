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

/// What becomes of a claim with patience that finds nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum PatientClaims {
    /// It is answered at once. Its caller then waits for news in the journal and claims again.
    Answered,
    /// It waits in the storage, and gets what a later call makes claimable with the commit of
    /// that call.
    Wait,
}

/// What a storage says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Description {
    /// The backend's name, such as `sled`.
    pub backend: &'static str,
    /// What it keeps when something strikes.
    pub durability: Durability,
    /// What becomes of claims with patience that find nothing.
    pub patient_claims: PatientClaims,
}

impl Description {
    /// A description. Claims with patience are answered at once unless `patient_claims` is set.
    #[must_use]
    pub const fn new(backend: &'static str, durability: Durability) -> Self {
        Self {
            backend,
            durability,
            patient_claims: PatientClaims::Answered,
        }
    }
}
