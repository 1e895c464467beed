/// The bytes of all keys and values that a map holds, kept up as they come and go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct ContentBytes(u64);

impl ContentBytes {
    pub(crate) const fn new(bytes: u64) -> Self {
        Self(bytes)
    }

    pub(crate) const fn get(self) -> u64 {
        self.0
    }

    pub(crate) fn add(&mut self, key: &[u8], value: &[u8]) {
        self.0 = self.0.saturating_add(pair_bytes(key, value));
    }

    pub(crate) fn remove(&mut self, key: &[u8], value: &[u8]) {
        self.0 = self.0.saturating_sub(pair_bytes(key, value));
    }
}

const fn pair_bytes(key: &[u8], value: &[u8]) -> u64 {
    (key.len() + value.len()) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_and_went_leaves_no_bytes() {
        let mut bytes = ContentBytes::default();
        bytes.add(b"key", b"value");
        bytes.add(b"k", b"");
        assert_eq!(bytes.get(), 9);
        bytes.remove(b"key", b"value");
        bytes.remove(b"k", b"");
        assert_eq!(bytes, ContentBytes::default());
    }
}
