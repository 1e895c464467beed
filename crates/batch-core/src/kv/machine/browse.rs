//! Page tokens: the place where the next page begins, and the kind of list it is of.

use std::fmt::Write as _;

use uuid::Uuid;

use crate::id::{BatchId, RunId};
use crate::storage::{ErrorKind, PageToken, StorageError};

fn foreign(token: &PageToken) -> StorageError {
    let text = format!(
        "read the page {:?}: it belongs to another list",
        token.as_str()
    );
    StorageError::new(ErrorKind::Invalid, text)
}

/// A token that names a key, for a list of this kind.
pub(super) fn token_of_text(kind: char, key: &[u8]) -> PageToken {
    let mut text = String::from(kind);
    for byte in key {
        let _ = write!(text, "{byte:02x}");
    }
    PageToken::new(text)
}

/// The first key after the one a token names.
pub(super) fn text_after(token: &PageToken, kind: char) -> Result<Vec<u8>, StorageError> {
    let digits = token
        .as_str()
        .strip_prefix(kind)
        .ok_or_else(|| foreign(token))?;
    let mut key = Vec::with_capacity(digits.len() / 2 + 2);
    let mut rest = digits;
    while let Some((pair, tail)) = rest.split_at_checked(2) {
        key.push(u8::from_str_radix(pair, 16).map_err(|_| foreign(token))?);
        rest = tail;
    }
    if !rest.is_empty() || key.is_empty() {
        return Err(foreign(token));
    }
    // Past every part of that record.
    key.extend_from_slice(&[u8::MAX; 2]);
    Ok(key)
}

/// A token that names the last batch of a page.
pub(super) fn token_of_batch(kind: char, last: BatchId) -> PageToken {
    PageToken::new(format!("{kind}{}", last.as_uuid().simple()))
}

/// The batch a token names.
pub(super) fn batch_of(token: &PageToken, kind: char) -> Result<BatchId, StorageError> {
    token
        .as_str()
        .strip_prefix(kind)
        .and_then(|digits| Uuid::try_parse(digits).ok())
        .map(BatchId::from_uuid)
        .ok_or_else(|| foreign(token))
}

/// A token that names the first run of the next page.
pub(super) fn token_of_run(next: RunId) -> PageToken {
    PageToken::new(next.to_string())
}

/// The run a token names.
pub(super) fn run_of(token: &PageToken) -> Result<RunId, StorageError> {
    token.as_str().parse().map_err(|_| foreign(token))
}

/// A token that names the first part of the next page.
pub(super) fn token_of_part(next: u32) -> PageToken {
    PageToken::new(format!("s{next}"))
}

/// The part a token names.
pub(super) fn part_of(token: &PageToken) -> Result<u32, StorageError> {
    token
        .as_str()
        .strip_prefix('s')
        .and_then(|number| number.parse().ok())
        .ok_or_else(|| foreign(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_of_another_list_is_refused() {
        let token = token_of_part(3);
        assert_eq!(part_of(&token).unwrap(), 3);
        assert_eq!(run_of(&token).unwrap_err().kind(), ErrorKind::Invalid);
        assert!(batch_of(&token, 'b').is_err() && text_after(&token, 'w').is_err());
    }

    #[test]
    fn the_key_after_a_token_is_past_every_part_of_its_record() {
        let token = token_of_text('w', b"key");
        let after = text_after(&token, 'w').unwrap();
        assert!(after > b"key\xfe\xff".to_vec() && after < b"kez".to_vec());
    }
}
