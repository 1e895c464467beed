use super::KeyRange;
use super::record::UnencodedChunk;

/// The door to inputs that a map keeps as they are.
pub trait UnencodedInputs {
    /// The first key of a range, and the inputs under it where they are not encoded.
    fn first_in(&self, range: &KeyRange) -> Option<FirstKey<'_>>;
}

/// A key that a map has, and what is known of its value.
#[derive(Debug, Clone, Copy)]
pub struct FirstKey<'m> {
    /// The whole key of the value.
    pub key: &'m [u8],
    /// Its inputs; `None` for a value of bytes.
    pub chunk: Option<&'m UnencodedChunk>,
}
