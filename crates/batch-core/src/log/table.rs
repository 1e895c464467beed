//! The table of a commit: for each entry the lengths of key and value, the checksum of the
//! value, and the key.

use super::entry::Entry;
use super::place::ValueSpan;

/// What an entry takes beside its key and its value.
pub(super) const ENTRY_BYTES: usize = 12;
/// Stands for the length of a value where a key is deleted.
const DELETED: u32 = u32::MAX;

/// Adds an entry to a table. Keys and values are shorter than 4 GiB.
pub(super) fn push_entry(table: &mut Vec<u8>, key: &[u8], value: Option<ValueSpan>) {
    let (bytes, sum) = value.map_or((DELETED, 0), |value| (value.bytes, value.sum));
    table.extend_from_slice(&(key.len() as u32).to_le_bytes());
    table.extend_from_slice(&bytes.to_le_bytes());
    table.extend_from_slice(&sum.to_le_bytes());
    table.extend_from_slice(key);
}

/// Reads a table whose values stand from `values_at` on and are so many bytes together.
///
/// `None` for one that is not so: its writer was not this program, for its checksum was right.
pub(super) fn read_table(
    mut table: &[u8],
    entries: u32,
    values_at: u64,
    value_bytes: u64,
) -> Option<Vec<Entry>> {
    let mut read = Vec::with_capacity((entries as usize).min(table.len() / ENTRY_BYTES));
    let mut offset = values_at;
    for _ in 0..entries {
        let key_bytes = take_u32(&mut table)? as usize;
        let (bytes, sum) = (take_u32(&mut table)?, take_u32(&mut table)?);
        let (key, rest) = table.split_at_checked(key_bytes)?;
        table = rest;
        let value = (bytes != DELETED).then_some(ValueSpan { offset, bytes, sum });
        offset += value.map_or(0, |value| u64::from(value.bytes));
        read.push(Entry {
            key: key.into(),
            value,
        });
    }
    (table.is_empty() && offset == values_at.checked_add(value_bytes)?).then_some(read)
}

fn take_u32(bytes: &mut &[u8]) -> Option<u32> {
    let (number, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(u32::from_le_bytes(*number))
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// A key, and the length and checksum of its value.
    type Said = (Vec<u8>, Option<(u32, u32)>);

    fn entries() -> impl Strategy<Value = Vec<Said>> {
        let value = proptest::option::of((0_u32..100, any::<u32>()));
        vec((vec(any::<u8>(), 0..9), value), 0..20)
    }

    proptest! {
        #[test]
        fn a_table_comes_back_as_it_was(entries in entries(), values_at in 0_u64..1 << 40) {
            let (mut table, mut wanted, mut offset) = (Vec::new(), Vec::new(), values_at);
            for (key, value) in entries {
                let value = value.map(|(bytes, sum)| ValueSpan { offset, bytes, sum });
                offset += value.map_or(0, |value| u64::from(value.bytes));
                push_entry(&mut table, &key, value);
                wanted.push(Entry { key: key.into(), value });
            }
            let count = wanted.len() as u32;
            let read = read_table(&table, count, values_at, offset - values_at);
            prop_assert_eq!(read, Some(wanted));
            prop_assert_eq!(read_table(&table, count, values_at, offset - values_at + 1), None);
            prop_assert_eq!(read_table(&table, count + 1, values_at, offset - values_at), None);
        }

        #[test]
        fn bytes_that_are_no_table_are_refused_without_a_panic(
            bytes in vec(any::<u8>(), 0..200), entries in any::<u32>(), value_bytes in any::<u64>(),
        ) {
            let _ = read_table(&bytes, entries, 7, value_bytes);
        }
    }
}
