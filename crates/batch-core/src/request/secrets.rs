use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

/// Values an executor needs and nobody else may see, by name.
///
/// `Debug` shows the names alone; there is no `Display`. Values are dropped
/// from the store with the commit that ends the run.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "BTreeMap<String, String>")]
pub struct Secrets {
    /// Nothing where there are none: most inputs have none, and are moved and dropped by the
    /// thousand.
    #[expect(clippy::box_collection, reason = "one word to move and to drop")]
    named: Option<Box<BTreeMap<String, String>>>,
}

static NONE: BTreeMap<String, String> = BTreeMap::new();

impl Secrets {
    /// No secrets.
    #[must_use]
    pub const fn new() -> Self {
        Self { named: None }
    }

    /// Adds a secret; one of the same name is replaced.
    pub fn insert(&mut self, name: impl Into<String>, value: impl Into<String>) {
        let named = self.named.get_or_insert_default();
        named.insert(name.into(), value.into());
    }

    /// The secret of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.named().get(name).map(String::as_str)
    }

    /// Names and values, ordered by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.named().iter().map(|(k, v)| (k.as_str(), v.as_str()))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.named().len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.named.is_none()
    }

    fn named(&self) -> &BTreeMap<String, String> {
        self.named.as_deref().unwrap_or(&NONE)
    }
}

impl From<BTreeMap<String, String>> for Secrets {
    fn from(named: BTreeMap<String, String>) -> Self {
        let named = (!named.is_empty()).then(|| Box::new(named));
        Self { named }
    }
}

impl Serialize for Secrets {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.named().serialize(serializer)
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let redacted = self.named().keys().map(|name| (name, "[redacted]"));
        f.debug_map().entries(redacted).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_equal_by_what_they_hold_however_they_were_made() {
        assert_eq!(Secrets::from(BTreeMap::new()), Secrets::new());
        assert_eq!(
            serde_json::from_str::<Secrets>("{}").unwrap(),
            Secrets::new()
        );
        let mut secrets = Secrets::new();
        secrets.insert("token", "hunter2");
        let json = serde_json::to_string(&secrets).unwrap();
        assert_eq!(json, r#"{"token":"hunter2"}"#);
        assert_eq!(serde_json::from_str::<Secrets>(&json).unwrap(), secrets);
    }

    #[test]
    fn debug_shows_names_and_no_values() {
        let mut secrets = Secrets::new();
        secrets.insert("token", "hunter2");
        let text = format!("{secrets:?}");
        assert!(
            text.contains("token") && !text.contains("hunter2"),
            "{text}"
        );
    }
}
