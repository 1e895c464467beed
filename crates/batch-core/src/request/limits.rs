/// How large a batch and its parts may be. Bytes are bytes of UTF-8.
///
/// What is not part of a batch's content has fixed bounds of its own: names of workflows and
/// sinks and idempotency keys have at most 255 bytes, an [`Output`](crate::run::Output) and a
/// [`Failure`](crate::run::Failure) say theirs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The most inputs in one batch. 1,000.
    pub inputs: u32,
    /// The most bytes of one input's metadata, as compact JSON. 10,240.
    pub metadata_bytes: usize,
    /// How deep metadata may nest; an object of scalars has depth 1. 64.
    ///
    /// More than 127 means 127: no JSON is read that is deeper.
    pub metadata_depth: usize,
    /// The most bytes of one text. 1 MiB.
    pub text_bytes: usize,
    /// The most bytes of all inputs of a batch together. 64 MiB.
    pub batch_bytes: usize,
    /// The most bytes of a name: an input's, a file's, a secret's. 255.
    pub name_bytes: usize,
    /// The most bytes of a url. 2,048.
    pub url_bytes: usize,
    /// The most bytes of a file id. 12,288: a path of 4,096 bytes, all of them percent-encoded.
    pub file_id_bytes: usize,
    /// The most secrets of one input. 64.
    pub secrets: usize,
    /// The most bytes of one secret's value. 8,192.
    pub secret_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            inputs: 1_000,
            metadata_bytes: 10_240,
            metadata_depth: 64,
            text_bytes: 1 << 20,
            batch_bytes: 64 << 20,
            name_bytes: 255,
            url_bytes: 2_048,
            file_id_bytes: 12_288,
            secrets: 64,
            secret_bytes: 8_192,
        }
    }
}
