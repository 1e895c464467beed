use batch_core::valid::Metadata;

/// What an update leaves in the metadata of a run: a number of its own.
pub(super) type Tag = u64;

/// The member of the metadata that updates set.
pub(super) const MEMBER: &str = "tag";

/// What the last update left in the metadata of a run.
pub(super) fn tag_of(metadata: &Metadata) -> Option<Tag> {
    metadata.to_map().get(MEMBER).and_then(|tag| tag.as_u64())
}

/// The name that an update gives together with its tag.
pub(super) fn name_of(tag: Tag) -> String {
    format!("updated to {tag}")
}
