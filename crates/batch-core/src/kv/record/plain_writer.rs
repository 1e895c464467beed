//! Pieces of records as MessagePack, byte for byte what serde makes of them, without a call for
//! each field: for records that most commits write.

use super::input_writer::{FIELD, LIST, LIST_16, LIST_32, TEXT};
use crate::ordinal::OrdinalSet;

/// A number of one byte, of two, of four and of eight. Below 128 a number is its own byte.
const NUMBER_8: u8 = 0xcc;
const NUMBER_16: u8 = 0xcd;
const NUMBER_32: u8 = 0xce;
const NUMBER_64: u8 = 0xcf;

/// The name of a field, which has one letter.
pub(super) fn write_name(bytes: &mut Vec<u8>, name: u8) {
    bytes.extend_from_slice(&[FIELD, name]);
}

/// A text of fewer than 32 bytes.
pub(super) fn write_word(bytes: &mut Vec<u8>, word: &str) {
    debug_assert!(word.len() < 32);
    bytes.push(TEXT | word.len() as u8);
    bytes.extend_from_slice(word.as_bytes());
}

/// The beginning of a list of so many items.
pub(super) fn write_list_of(bytes: &mut Vec<u8>, count: usize) {
    let count = u32::try_from(count).expect("memory does not hold that many items");
    match count {
        0..=0xf => bytes.push(LIST | count as u8),
        0x10..=0xffff => write_wide(bytes, LIST_16, (count as u16).to_be_bytes()),
        _ => write_wide(bytes, LIST_32, count.to_be_bytes()),
    }
}

pub(super) fn write_number(bytes: &mut Vec<u8>, number: u64) {
    match number {
        0..=0x7f => bytes.push(number as u8),
        0x80..=0xff => bytes.extend_from_slice(&[NUMBER_8, number as u8]),
        0x100..=0xffff => write_wide(bytes, NUMBER_16, (number as u16).to_be_bytes()),
        0x1_0000..=0xffff_ffff => write_wide(bytes, NUMBER_32, (number as u32).to_be_bytes()),
        _ => write_wide(bytes, NUMBER_64, number.to_be_bytes()),
    }
}

/// A time in milliseconds. Those before 1970 are left to serde.
pub(super) fn write_millis(bytes: &mut Vec<u8>, millis: i64) {
    match u64::try_from(millis) {
        Ok(millis) => write_number(bytes, millis),
        Err(_) => rmp_serde::encode::write(bytes, &millis).expect("memory takes any write"),
    }
}

/// A set, as the list of its intervals.
pub(super) fn write_set(bytes: &mut Vec<u8>, set: &OrdinalSet) {
    write_list_of(bytes, set.intervals().count());
    for interval in set.intervals() {
        bytes.push(LIST | 2);
        write_number(bytes, interval.start.into());
        write_number(bytes, interval.end.into());
    }
}

fn write_wide<const N: usize>(bytes: &mut Vec<u8>, mark: u8, number: [u8; N]) {
    bytes.push(mark);
    bytes.extend_from_slice(&number);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kv::record::encode;
    use crate::ordinal::Ordinal;

    fn written(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let mut bytes = Vec::new();
        write(&mut bytes);
        bytes
    }

    #[test]
    fn numbers_around_each_size_are_written_as_serde_writes_them() {
        for bits in 0..64 {
            for number in [(1u64 << bits) - 1, 1 << bits, (1 << bits) + 1] {
                assert_eq!(written(|to| write_number(to, number)), encode(&number));
                let Ok(millis) = i64::try_from(number) else {
                    continue;
                };
                for millis in [millis, -millis] {
                    assert_eq!(written(|to| write_millis(to, millis)), encode(&millis));
                }
            }
        }
    }

    #[test]
    fn sets_of_any_number_of_intervals_are_written_as_serde_writes_them() {
        for count in [0u32, 1, 15, 16, 300, 70_000] {
            let set: OrdinalSet = (0..count).map(|n| Ordinal::new(2 * n)).collect();
            assert_eq!(written(|to| write_set(to, &set)), encode(&set), "{count}");
        }
    }
}
