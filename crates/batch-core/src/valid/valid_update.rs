use super::members::members;
use super::{Metadata, ValidInput};
use crate::request::NameUpdate;

/// What to change about a run, checked by [`validate_update`](super::validate_update).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValidUpdate {
    pub(super) name: NameUpdate,
    pub(super) merge: Metadata,
    pub(super) remove: Vec<String>,
    /// The most bytes that the metadata may have after the merge.
    pub(super) metadata_bytes: usize,
}

/// Metadata that would be too large once an update was merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MergeTooLarge {
    /// How many bytes it would have.
    pub bytes: usize,
    /// How many it may have.
    pub limit: usize,
}

impl ValidUpdate {
    /// The label of a run after the update.
    #[must_use]
    pub fn name(&self, before: Option<&str>) -> Option<String> {
        match &self.name {
            NameUpdate::Keep => before.map(str::to_owned),
            NameUpdate::Set(name) => Some(name.clone()),
            NameUpdate::Remove => None,
        }
    }

    /// The metadata of a run after the update: shallow, so that a member of the update takes
    /// the place of the whole member of that key. What is not named stays as it was given.
    ///
    /// # Errors
    ///
    /// [`MergeTooLarge`] where it would have more bytes than the limits allowed when the update
    /// was checked. An update that only removes is never too large.
    pub fn metadata(&self, before: &Metadata) -> Result<Metadata, MergeTooLarge> {
        let merged = merged(before, &self.merge, &self.remove);
        let (bytes, limit) = (merged.as_json().len(), self.metadata_bytes);
        match bytes > limit && !self.merge.is_empty() {
            true => Err(MergeTooLarge { bytes, limit }),
            false => Ok(merged),
        }
    }

    pub(crate) fn apply(&self, input: &ValidInput) -> Result<ValidInput, MergeTooLarge> {
        let metadata = self.metadata(input.metadata())?;
        let mut updated = input.clone();
        updated.relabel(self.name(input.name()), metadata);
        Ok(updated)
    }
}

/// The rule: members stay in their order, new ones come after them.
fn merged(before: &Metadata, merge: &Metadata, remove: &[String]) -> Metadata {
    let news: Vec<_> = members(merge.as_json());
    let news: Vec<_> = news.into_iter().map(|(k, v)| (key(k), k, v)).collect();
    let mut all: Vec<(&str, &str)> = Vec::new();
    let mut replaced = vec![false; news.len()];
    for (raw, value) in members(before.as_json()) {
        let name = key(raw);
        if let Some(at) = news.iter().position(|(new, ..)| *new == name) {
            replaced[at] = true;
            all.push((raw, news[at].2));
        } else if !remove.contains(&name) {
            all.push((raw, value));
        }
    }
    let added = news
        .iter()
        .zip(&replaced)
        .filter(|(_, replaced)| !**replaced);
    all.extend(added.map(|((_, raw, value), _)| (*raw, *value)));
    let all: Vec<_> = all.iter().map(|(k, v)| format!("{k}:{v}")).collect();
    Metadata::from_checked(format!("{{{}}}", all.join(",")))
}

/// The key that is written like this.
fn key(raw: &str) -> String {
    // Validation wrote it, so it parses; one that does not is a key of its own.
    serde_json::from_str(raw).unwrap_or_else(|_| raw.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ordinal::Ordinal;
    use crate::request::{Limits, RunUpdate};
    use crate::valid::validate_update;

    fn merge(before: &str, update: RunUpdate) -> Result<String, MergeTooLarge> {
        let valid = validate_update(Ordinal::new(0), update, &Limits::default()).unwrap();
        let before = Metadata::from_checked(before);
        let after = valid.metadata(&before)?;
        Ok(after.as_json().to_owned())
    }

    #[test]
    fn members_are_replaced_in_place_whole_and_new_ones_come_last() {
        let update = RunUpdate::new().merge_json(r#"{"n": 2.50, "b": {"y": 1}, "a": null}"#);
        let merged = merge(r#"{"a":{"x":1},"b":{"x":1},"z":1.50}"#, update).unwrap();
        assert_eq!(merged, r#"{"a":null,"b":{"y":1},"z":1.50,"n":2.50}"#);
    }

    #[test]
    fn keys_are_told_apart_by_what_they_say_and_not_by_how_they_are_written() {
        let update = RunUpdate::new()
            .merge_json(r#"{"\u00e9": 2}"#)
            .remove("q\"");
        let merged = merge(r#"{"é":1,"q\"":1}"#, update).unwrap();
        assert_eq!(merged, r#"{"é":2}"#);
    }

    #[test]
    fn a_removed_key_goes_and_an_unknown_one_is_no_matter() {
        let update = RunUpdate::new().remove("a").remove("nowhere");
        assert_eq!(merge(r#"{"a":1,"b":2}"#, update).unwrap(), r#"{"b":2}"#);
        let update = RunUpdate::new().remove("a").merge_json(r#"{"a":3}"#);
        assert_eq!(merge(r#"{"a":1}"#, update).unwrap(), r#"{"a":3}"#);
    }

    #[test]
    fn the_limit_is_held_against_what_the_merge_makes() {
        let half = "x".repeat(6_000);
        let before = format!(r#"{{"a":"{half}"}}"#);
        let more = RunUpdate::new().merge_json(format!(r#"{{"b":"{half}"}}"#));
        let error = merge(&before, more).unwrap_err();
        assert_eq!((error.bytes, error.limit), (12_015, 10_240));
        let instead = RunUpdate::new().merge_json(format!(r#"{{"a":"{half}"}}"#));
        assert_eq!(merge(&before, instead).unwrap(), before);
    }

    #[test]
    fn a_name_stays_unless_the_update_says_otherwise() {
        let name = |update| {
            let valid = validate_update(Ordinal::new(0), update, &Limits::default()).unwrap();
            valid.name(Some("old"))
        };
        assert_eq!(name(RunUpdate::new()).as_deref(), Some("old"));
        assert_eq!(name(RunUpdate::new().name("new")).as_deref(), Some("new"));
        assert_eq!(name(RunUpdate::new().without_name()), None);
    }
}
