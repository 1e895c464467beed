use super::content_sum::ContentSum;
use crate::embedded::ContentBytes;

/// What sled holds of the last commit: how many there were, and what they left.
///
/// It is written in each batch, so it is as old as the rest of what sled has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct LastCommit {
    pub(super) number: u64,
    pub(super) content: ContentSum,
}

impl LastCommit {
    pub(super) fn encode(self) -> Vec<u8> {
        let mut bytes = self.number.to_be_bytes().to_vec();
        bytes.extend(self.content.encode());
        bytes
    }

    /// `None` for bytes that are no such record.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let (number, content) = bytes.split_first_chunk()?;
        Some(Self {
            number: u64::from_be_bytes(*number),
            content: ContentSum::decode(content.try_into().ok()?),
        })
    }
}

/// What stands under [`BYTES`](super::key_space::BYTES): whose commit it is of, and the bytes.
///
/// A program that does not know it leaves it behind the last commit, and then it says nothing.
pub(super) fn encode_bytes(number: u64, bytes: ContentBytes) -> [u8; 16] {
    (u128::from(number) << 64 | u128::from(bytes.get())).to_be_bytes()
}

/// `None` for what is not of the last commit.
pub(super) fn decode_bytes(value: &[u8], last: u64) -> Option<ContentBytes> {
    let both = u128::from_be_bytes(value.try_into().ok()?);
    let (number, bytes) = ((both >> 64) as u64, both as u64);
    (number == last).then(|| ContentBytes::new(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_back_and_a_part_of_one_is_none() {
        let last = LastCommit {
            number: 7,
            content: ContentSum::decode([9; 16]),
        };
        let bytes = last.encode();
        assert_eq!(LastCommit::decode(&bytes), Some(last));
        assert_eq!(LastCommit::decode(&bytes[..23]), None);
    }

    #[test]
    fn the_bytes_of_another_commit_say_nothing() {
        let value = encode_bytes(7, ContentBytes::new(900));
        assert_eq!(decode_bytes(&value, 7), Some(ContentBytes::new(900)));
        assert_eq!(decode_bytes(&value, 8), None);
        assert_eq!(decode_bytes(&[], 7), None);
    }
}
