use thiserror::Error;

/// A text is no secret to sign with. It is not repeated here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidSecret {
    /// It is not `whsec_` and base64.
    #[error("the secret is not base64, with or without whsec_ before it")]
    NotBase64,
    /// It has too few or too many bytes.
    #[error("the secret has {bytes} bytes, and needs 24 to 64")]
    Length {
        /// How many it has, decoded.
        bytes: usize,
    },
    /// It is too short.
    #[error("the secret has {bytes} bytes, and needs 16 at least")]
    TooShort {
        /// How many it has.
        bytes: usize,
    },
}
