use super::segment_number::SegmentNumber;

/// Magic, entries, number, oldest, bytes of the table and of the values, two checksums.
const BYTES: usize = 48;
const MAGIC: [u8; 4] = *b"\xb1yCm";

/// What a commit begins with: how long it is, and what it is the next of.
///
/// Behind it stand the table of its entries and then all values. The head vouches for the
/// table by a checksum, and the table so for each value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CommitHead {
    pub(super) entries: u32,
    pub(super) number: u64,
    /// The segments before this one are not needed any more once the commit is durable.
    pub(super) oldest: SegmentNumber,
    pub(super) table_bytes: u64,
    pub(super) value_bytes: u64,
    pub(super) table_sum: u32,
}

impl CommitHead {
    pub(super) const BYTES: usize = BYTES;
    /// What to look for where a head may be.
    pub(super) const MAGIC: [u8; 4] = MAGIC;

    /// The bytes of the whole commit; `None` where that is more than there can be.
    pub(super) fn commit_bytes(&self) -> Option<u64> {
        self.table_bytes
            .checked_add(self.value_bytes)?
            .checked_add(BYTES as u64)
    }

    pub(super) fn encode(&self, salt: u32) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        bytes[..4].copy_from_slice(&MAGIC);
        bytes[4..8].copy_from_slice(&self.entries.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.number.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.oldest.get().to_le_bytes());
        bytes[24..32].copy_from_slice(&self.table_bytes.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.value_bytes.to_le_bytes());
        bytes[40..44].copy_from_slice(&self.table_sum.to_le_bytes());
        let sum = salted(salt, &bytes[..44]);
        bytes[44..].copy_from_slice(&sum.to_le_bytes());
        bytes
    }

    /// `None` for bytes that are not a whole head of the segment with this salt.
    pub(super) fn decode(bytes: &[u8], salt: u32) -> Option<Self> {
        let (content, rest) = bytes.split_first_chunk::<44>()?;
        let sum = u32::from_le_bytes(*rest.first_chunk()?);
        if content[..4] != MAGIC || sum != salted(salt, content) {
            return None;
        }
        let number = |at: usize| Some(u64::from_le_bytes(*content[at..].first_chunk()?));
        Some(Self {
            entries: u32::from_le_bytes(*content[4..].first_chunk()?),
            number: number(8)?,
            oldest: SegmentNumber::new(number(16)?),
            table_bytes: number(24)?,
            value_bytes: number(32)?,
            table_sum: u32::from_le_bytes(*content[40..].first_chunk()?),
        })
    }
}

fn salted(salt: u32, bytes: &[u8]) -> u32 {
    let mut sum = crc32fast::Hasher::new_with_initial(salt);
    sum.update(bytes);
    sum.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: CommitHead = CommitHead {
        entries: 3,
        number: 1 << 33,
        oldest: SegmentNumber::new(5),
        table_bytes: 70,
        value_bytes: 9_000,
        table_sum: 0x1234_5678,
    };

    #[test]
    fn a_head_comes_back_and_no_flipped_bit_of_it_goes_unseen() {
        let bytes = HEAD.encode(9);
        assert_eq!(CommitHead::decode(&bytes, 9), Some(HEAD));
        for bit in 0..8 * BYTES {
            let mut bytes = bytes;
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(CommitHead::decode(&bytes, 9), None, "{bit}");
        }
    }

    #[test]
    fn a_head_of_another_segment_is_none_of_this_one() {
        assert_eq!(CommitHead::decode(&HEAD.encode(9), 10), None);
    }
}
