use std::io::{self, Read, Seek, SeekFrom};

use memchr::memmem;

use super::commit_head::CommitHead;

/// So much is looked through at a time.
const PIECE: u64 = 1 << 20;

/// Where the first head of a commit above a number begins, at `from` or behind it.
///
/// A commit is made durable before the next is begun. So where there is a head behind a place
/// that is no whole commit, what stood at that place was durable once.
pub(super) fn next_head(
    input: &mut (impl Read + Seek),
    salt: u32,
    from: u64,
    above: u64,
) -> io::Result<Option<u64>> {
    let mut at = from;
    loop {
        input.seek(SeekFrom::Start(at))?;
        let mut piece = Vec::new();
        input.by_ref().take(PIECE).read_to_end(&mut piece)?;
        let found = memmem::find_iter(&piece, &CommitHead::MAGIC)
            .find(|begin| is_above(piece.get(*begin..), salt, above));
        if let Some(begin) = found {
            return Ok(Some(at + begin as u64));
        }
        if (piece.len() as u64) < PIECE {
            return Ok(None);
        }
        // A head may lie across the border.
        at += PIECE - CommitHead::BYTES as u64;
    }
}

fn is_above(bytes: Option<&[u8]>, salt: u32, above: u64) -> bool {
    let head = bytes.and_then(|bytes| CommitHead::decode(bytes, salt));
    head.is_some_and(|head| head.number > above)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::log::segment_number::SegmentNumber;

    fn head(number: u64) -> [u8; CommitHead::BYTES] {
        let head = CommitHead {
            entries: 0,
            number,
            oldest: SegmentNumber::FIRST,
            table_bytes: 0,
            value_bytes: 0,
            table_sum: 0,
        };
        head.encode(3)
    }

    #[test]
    fn a_head_is_found_wherever_it_lies_even_across_pieces() {
        for at in [0, 1, 700, PIECE - 47, PIECE - 1, PIECE, 2 * PIECE - 60] {
            let mut bytes = vec![0; 3 << 20];
            for near in 0..50 {
                let lure = (at + PIECE / 2 + 4 * near) as usize % (2 << 20);
                bytes[lure..lure + 4].copy_from_slice(&CommitHead::MAGIC);
            }
            bytes[at as usize..][..CommitHead::BYTES].copy_from_slice(&head(8));
            let found = |above, from| next_head(&mut Cursor::new(&bytes), 3, from, above).unwrap();
            assert_eq!(found(7, 0), Some(at));
            assert_eq!(found(7, at), Some(at));
            assert_eq!(found(8, 0), None);
            assert_eq!(found(7, at + 1), None);
        }
    }
}
