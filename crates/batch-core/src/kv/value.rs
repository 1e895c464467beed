use super::record::UnencodedChunk;

/// What is put under a key: bytes, or inputs that become bytes only where somebody asks for them.
///
/// The latter is made for maps alone that say they keep it ([`OrderedKv::unencoded`]).
///
/// [`OrderedKv::unencoded`]: super::OrderedKv::unencoded
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Bytes(Vec<u8>),
    Unencoded(Box<UnencodedChunk>),
}

impl Value {
    /// Its bytes, counted; as many as it would have were it encoded.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Bytes(bytes) => bytes.len(),
            Self::Unencoded(chunk) => chunk.value_bytes(),
        }
    }

    /// The bytes; keeps them beside inputs that had none.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Unencoded(chunk) => chunk.encoded(),
        }
    }

    /// A copy of the bytes.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Bytes(bytes) => bytes.clone(),
            Self::Unencoded(chunk) => chunk.encode(),
        }
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Unencoded(chunk) => chunk.encode(),
        }
    }

    /// The inputs, where they are not encoded.
    pub(crate) fn unencoded(&self) -> Option<&UnencodedChunk> {
        match self {
            Self::Bytes(_) => None,
            Self::Unencoded(chunk) => Some(chunk),
        }
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Value {}
