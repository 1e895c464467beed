use super::content_sum::ContentSum;

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
}
