use super::ByteSize;

/// What a map takes up, and what it could still take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// Taken by what is stored, whatever the map adds to it included. What deleted keys
    /// have left behind, and the map will use again, is not.
    pub used: ByteSize,
    /// What could still be stored: what the disk has left, and what the map will use again.
    /// `None` where no disk sets a bound.
    pub left: Option<ByteSize>,
}
