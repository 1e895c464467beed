/// A sum over all pairs of a map, whatever their order, kept up as they come and go.
///
/// It finds rows that damage made vanish, change or fall back to what they held
/// before. It is no defence against someone who wants to deceive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct ContentSum {
    pairs: u64,
    sum: u64,
}

impl ContentSum {
    const BYTES: usize = 16;

    pub(super) const fn pairs(self) -> u64 {
        self.pairs
    }

    pub(super) fn add(&mut self, key: &[u8], value: &[u8]) {
        self.pairs = self.pairs.wrapping_add(1);
        self.sum = self.sum.wrapping_add(pair_sum(key, value));
    }

    pub(super) fn remove(&mut self, key: &[u8], value: &[u8]) {
        self.pairs = self.pairs.wrapping_sub(1);
        self.sum = self.sum.wrapping_sub(pair_sum(key, value));
    }

    pub(super) fn encode(self) -> [u8; Self::BYTES] {
        (u128::from(self.pairs) << 64 | u128::from(self.sum)).to_be_bytes()
    }

    pub(super) fn decode(bytes: [u8; Self::BYTES]) -> Self {
        let both = u128::from_be_bytes(bytes);
        Self {
            pairs: (both >> 64) as u64,
            sum: both as u64,
        }
    }
}

/// A checksum of the pair, spread over 64 bits so that sums of many do not cancel out.
fn pair_sum(key: &[u8], value: &[u8]) -> u64 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&(key.len() as u64).to_le_bytes());
    hasher.update(key);
    hasher.update(value);
    let length = (value.len() as u64) << 32;
    spread(length | u64::from(hasher.finalize()))
}

/// The finalizer of splitmix64, which is a bijection.
const fn spread(mut n: u64) -> u64 {
    n = n.wrapping_add(0x9e37_79b9_7f4a_7c15);
    n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(pairs: &[(&[u8], &[u8])]) -> ContentSum {
        let mut sum = ContentSum::default();
        pairs.iter().for_each(|(key, value)| sum.add(key, value));
        sum
    }

    #[test]
    fn the_order_of_the_pairs_does_not_matter() {
        let pairs: [(&[u8], &[u8]); 2] = [(b"a", b"1"), (b"b", b"2")];
        assert_eq!(sum(&pairs), sum(&[pairs[1], pairs[0]]));
    }

    #[test]
    fn another_value_or_another_border_of_key_and_value_is_another_sum() {
        assert_ne!(sum(&[(b"a", b"1")]), sum(&[(b"a", b"2")]));
        assert_ne!(sum(&[(b"a", b"bc")]), sum(&[(b"ab", b"c")]));
    }

    #[test]
    fn what_came_and_went_leaves_no_trace() {
        let mut sum = sum(&[(b"a", b"1"), (b"b", b"2")]);
        sum.remove(b"b", b"2");
        assert_eq!(sum, self::sum(&[(b"a", b"1")]));
        assert_eq!(ContentSum::decode(sum.encode()), sum);
    }
}
