use super::RawMetadata;

/// What to change about a run, unchecked: its name, and members of its metadata.
///
/// ```
/// use batch_core::request::RunUpdate;
/// use serde_json::json;
///
/// let update = RunUpdate::new()
///     .name("invoice 7, corrected")
///     .merge(json!({"customer": 7}))
///     .remove("draft");
/// # drop(update);
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct RunUpdate {
    /// What becomes of the label.
    pub name: NameUpdate,
    /// An object whose members take the place of those of the same key, whole, whatever they
    /// are: `null` is a value like any other.
    pub metadata: Option<RawMetadata>,
    /// Keys whose members go. A key that is merged and removed is there afterwards.
    pub remove: Vec<String>,
}

/// What becomes of a run's label.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum NameUpdate {
    /// It stays.
    #[default]
    Keep,
    /// It is replaced.
    Set(String),
    /// It goes.
    Remove,
}

impl RunUpdate {
    /// Changes nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the label.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = NameUpdate::Set(name.into());
        self
    }

    /// Takes the label away.
    #[must_use]
    pub fn without_name(mut self) -> Self {
        self.name = NameUpdate::Remove;
        self
    }

    /// Sets members of the metadata, in place of an earlier `merge`.
    #[must_use]
    pub fn merge(mut self, members: impl Into<RawMetadata>) -> Self {
        self.metadata = Some(members.into());
        self
    }

    /// Sets members of the metadata, given as JSON text.
    #[must_use]
    pub fn merge_json(self, members: impl Into<String>) -> Self {
        self.merge(RawMetadata::Json(members.into()))
    }

    /// Takes a member of the metadata away; nothing happens where there is none.
    #[must_use]
    pub fn remove(mut self, key: impl Into<String>) -> Self {
        self.remove.push(key.into());
        self
    }
}
