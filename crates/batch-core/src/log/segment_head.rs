use std::io;

use super::layout::FORMAT;
use super::segment_number::SegmentNumber;

/// Magic, format, salt, number, first commit, checksum. The same in every format to come.
const BYTES: usize = 36;
const MAGIC: [u8; 8] = *b"BATCHLOG";

/// What a segment begins with. Durable before a commit is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SegmentHead {
    pub(super) format: u32,
    /// Goes into the checksums of its commits: the bytes of another segment, or of a copy of
    /// one in a value, are not taken for commits of this one.
    pub(super) salt: u32,
    pub(super) number: SegmentNumber,
    /// The number of the first commit that is in it, or will be.
    pub(super) first: u64,
}

impl SegmentHead {
    pub(super) const BYTES: usize = BYTES;

    /// Of the first segment of a store, with a salt that no other store has.
    pub(super) fn of_new_log() -> io::Result<Self> {
        Ok(Self {
            format: FORMAT,
            salt: getrandom::u32().map_err(io::Error::other)?,
            number: SegmentNumber::FIRST,
            first: 1,
        })
    }

    /// Of the segment after it, with another salt.
    pub(super) fn following(&self, first: u64) -> Self {
        Self {
            format: FORMAT,
            salt: crc32fast::hash(&self.encode()),
            number: self.number.next(),
            first,
        }
    }

    pub(super) fn encode(&self) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&self.format.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.salt.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.number.get().to_le_bytes());
        bytes[24..32].copy_from_slice(&self.first.to_le_bytes());
        let sum = crc32fast::hash(&bytes[..32]);
        bytes[32..].copy_from_slice(&sum.to_le_bytes());
        bytes
    }

    /// `None` for bytes that are not a whole head.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let (content, rest) = bytes.split_first_chunk::<32>()?;
        let sum = u32::from_le_bytes(*rest.first_chunk()?);
        if content[..8] != MAGIC || sum != crc32fast::hash(content) {
            return None;
        }
        Some(Self {
            format: u32::from_le_bytes(*content[8..].first_chunk()?),
            salt: u32::from_le_bytes(*content[12..].first_chunk()?),
            number: SegmentNumber::new(u64::from_le_bytes(*content[16..].first_chunk()?)),
            first: u64::from_le_bytes(*content[24..].first_chunk()?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_comes_back_and_no_flipped_bit_of_it_goes_unseen() {
        let head = SegmentHead {
            format: 3,
            salt: 0xdead_beef,
            number: SegmentNumber::new(7),
            first: 1 << 40,
        };
        let bytes = head.encode();
        assert_eq!(SegmentHead::decode(&bytes), Some(head));
        assert_eq!(SegmentHead::decode(&bytes[..BYTES - 1]), None);
        for bit in 0..8 * BYTES {
            let mut bytes = bytes;
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(SegmentHead::decode(&bytes), None, "{bit}");
        }
    }
}
