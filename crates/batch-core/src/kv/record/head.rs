use serde::{Deserialize, Serialize};

use crate::journal::Sequence;

/// What the store as a whole is at. In every commit, so that nothing is ever used twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::kv) struct Head {
    /// How often the store has been opened. All claims of an earlier generation are void.
    #[serde(rename = "g")]
    pub generation: u64,
    /// The last journal entry.
    #[serde(rename = "s")]
    pub sequence: Sequence,
    /// The last journal entry that was trimmed.
    #[serde(rename = "t")]
    pub trimmed: Sequence,
    /// How many batches live: a store with fewer live records than this is damaged.
    #[serde(rename = "l")]
    pub live: u64,
    /// The key of the fingerprints, so that they tell nothing about secrets.
    #[serde(rename = "k", with = "key_bytes")]
    pub fingerprint_key: [u8; 32],
}

impl Head {
    /// The head of a store that has never been opened.
    pub(in crate::kv) const fn new(fingerprint_key: [u8; 32]) -> Self {
        Self {
            generation: 0,
            sequence: Sequence::START,
            trimmed: Sequence::START,
            live: 0,
            fingerprint_key,
        }
    }
}

/// The key as one run of bytes. The first format has a list of 32 numbers.
mod key_bytes {
    use std::fmt;

    use serde::de::{Error, SeqAccess, Visitor};
    use serde::{Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(key: &[u8; 32], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_bytes(key)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<[u8; 32], D::Error> {
        from.deserialize_any(KeyVisitor)
    }

    struct KeyVisitor;

    impl<'de> Visitor<'de> for KeyVisitor {
        type Value = [u8; 32];

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("32 bytes")
        }

        fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<[u8; 32], E> {
            bytes
                .try_into()
                .map_err(|_| E::invalid_length(bytes.len(), &self))
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<[u8; 32], A::Error> {
            let mut key = [0; 32];
            for (at, byte) in key.iter_mut().enumerate() {
                let next = list.next_element()?;
                *byte = next.ok_or_else(|| A::Error::invalid_length(at, &self))?;
            }
            Ok(key)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kv::record::{decode, encode};

    #[test]
    fn a_head_of_the_first_format_reads_the_same() {
        #[derive(Serialize)]
        struct First {
            g: u64,
            s: Sequence,
            t: Sequence,
            l: u64,
            k: [u8; 32],
        }
        let key = std::array::from_fn(|n| 8 * n as u8);
        let first = First {
            g: 3,
            s: Sequence::new(2),
            t: Sequence::new(1),
            l: 7,
            k: key,
        };
        let mut head = Head::new(key);
        (head.generation, head.live) = (3, 7);
        (head.sequence, head.trimmed) = (first.s, first.t);
        for bytes in [encode(&first), encode(&head)] {
            assert_eq!(decode::<Head>(&bytes, String::new).unwrap(), head);
        }
        assert!(encode(&head).len() < 64);
    }
}
