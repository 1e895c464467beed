/// A damaged map as far as it can be read, for a [`salvage`](super::salvage).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Rescued<M> {
    /// The map.
    pub map: M,
    /// Why what the map holds is known to be less than, or not, what was acknowledged: its
    /// database skipped what it could not read, for one. No check of records can see that.
    pub missing: Option<String>,
}

impl<M> Rescued<M> {
    /// A map of which no more is known than what it holds.
    pub const fn new(map: M) -> Self {
        Self { map, missing: None }
    }
}
