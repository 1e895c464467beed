use std::fmt;

/// What is submitted, and by how many at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// Inputs in a batch.
    pub inputs: u32,
    /// Bytes of text in an input.
    pub bytes: usize,
    /// Tasks that submit at the same time, at least 1.
    pub submitters: usize,
}

impl Load {
    /// Bytes of text in a batch.
    #[must_use]
    pub const fn batch_bytes(&self) -> usize {
        self.inputs as usize * self.bytes
    }
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            inputs,
            bytes,
            submitters,
        } = self;
        write!(f, "{inputs}x{bytes}B/{submitters}-submitters")
    }
}
