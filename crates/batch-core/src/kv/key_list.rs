/// Keys one after another: two allocations however many they are, and none once it has grown.
#[derive(Debug, Clone, Default)]
pub(super) struct KeyList {
    bytes: Vec<u8>,
    /// Where each key ends in the bytes. It begins where the one before it ends.
    ends: Vec<usize>,
}

impl KeyList {
    /// Puts these keys in place of those it has.
    pub(super) fn refill<'a>(&mut self, keys: impl IntoIterator<Item = &'a [u8]>) {
        self.bytes.clear();
        self.ends.clear();
        for key in keys {
            self.bytes.extend_from_slice(key);
            self.ends.push(self.bytes.len());
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut start = 0;
        self.ends.iter().map(move |&end| {
            let key = &self.bytes[start..end];
            start = end;
            key
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_any_length_come_out_as_they_went_in() {
        let mut list = KeyList::default();
        list.refill([b"old keys, more of them".as_slice(); 9]);
        let keys = [b"a".as_slice(), b"", b"longer", b"a"];
        list.refill(keys);
        assert_eq!(list.iter().collect::<Vec<_>>(), keys);
    }
}
