use crate::storage::{ErrorKind, StorageError};

/// The version of the records this program writes.
const VERSION: u8 = 1;
/// Bytes that a frame adds: version, checksum, number of parts.
pub(in crate::kv) const FRAME_BYTES: usize = 1 + 4 + 2;

/// One value of the map, unwrapped.
#[derive(Debug)]
pub(in crate::kv) struct Part {
    /// How many values the record spans. The same in each of them.
    pub parts: u16,
    /// This value's share of the record.
    pub payload: Vec<u8>,
}

/// Wraps a share of a record: `version, crc32 of key and rest, parts, share`.
pub(in crate::kv) fn frame(key: &[u8], parts: u16, payload: &[u8]) -> Vec<u8> {
    let mut value = Vec::with_capacity(FRAME_BYTES + payload.len());
    value.extend_from_slice(&[0; FRAME_BYTES]);
    value.extend_from_slice(payload);
    seal(key, parts, &mut value);
    value
}

/// The same for a share that stands in its value already, behind room for the frame.
pub(super) fn seal(key: &[u8], parts: u16, value: &mut [u8]) {
    value[0] = VERSION;
    value[5..FRAME_BYTES].copy_from_slice(&parts.to_le_bytes());
    let checksum = checksum(key, &value[5..]);
    value[1..5].copy_from_slice(&checksum.to_le_bytes());
}

/// Unwraps a value. A value that stands under another key than it was written to is damage too.
pub(in crate::kv) fn unframe(key: &[u8], mut value: Vec<u8>) -> Result<Part, StorageError> {
    let damaged = |why: String| {
        let key = String::from_utf8_lossy(key);
        StorageError::new(ErrorKind::Damaged, format!("the value under {key:?} {why}"))
    };
    let Some((head, rest)) = value.split_at_checked(5) else {
        return Err(damaged(format!("has only {} bytes", value.len())));
    };
    if head[0] > VERSION {
        let text = format!(
            "a record has version {}, this program reads {VERSION}",
            head[0]
        );
        return Err(StorageError::new(ErrorKind::NewerFormat, text));
    }
    let stored = u32::from_le_bytes([head[1], head[2], head[3], head[4]]);
    if rest.len() < 2 || stored != checksum(key, rest) {
        return Err(damaged("does not match its checksum".into()));
    }
    let parts = u16::from_le_bytes([rest[0], rest[1]]);
    value.drain(..FRAME_BYTES);
    Ok(Part {
        parts,
        payload: value,
    })
}

fn checksum(key: &[u8], rest: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(key);
    hasher.update(rest);
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_framed_value_comes_back() {
        let part = unframe(b"k", frame(b"k", 3, b"payload")).unwrap();
        assert_eq!((part.parts, part.payload.as_slice()), (3, &b"payload"[..]));
    }

    #[test]
    fn every_flipped_bit_is_damage() {
        let value = frame(b"k", 1, b"payload");
        for bit in 8..value.len() * 8 {
            let mut flipped = value.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(
                unframe(b"k", flipped).unwrap_err().kind(),
                ErrorKind::Damaged
            );
        }
    }

    #[test]
    fn a_truncated_value_is_damage() {
        let value = frame(b"k", 1, b"payload");
        for length in 0..value.len() {
            assert!(unframe(b"k", value[..length].to_vec()).is_err());
        }
    }

    #[test]
    fn a_value_under_a_foreign_key_is_damage() {
        assert!(unframe(b"other", frame(b"k", 1, b"payload")).is_err());
    }

    #[test]
    fn a_record_of_a_newer_program_is_named_as_such() {
        let mut value = frame(b"k", 1, b"payload");
        value[0] = VERSION + 1;
        assert_eq!(
            unframe(b"k", value).unwrap_err().kind(),
            ErrorKind::NewerFormat
        );
    }
}
