/// Which events a sink receives, by their names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum EventFilter {
    /// All, those of later versions included.
    #[default]
    All,
    /// Those with these names, such as `run.failed`; `run.*` stands for all that begin with `run.`.
    Only(Vec<String>),
}

impl EventFilter {
    /// Those with these names.
    #[must_use]
    pub fn only<T: Into<String>>(names: impl IntoIterator<Item = T>) -> Self {
        Self::Only(names.into_iter().map(Into::into).collect())
    }

    /// Whether an event of this name is wanted.
    #[must_use]
    pub fn wants(&self, name: &str) -> bool {
        let Self::Only(patterns) = self else {
            return true;
        };
        patterns
            .iter()
            .any(|pattern| match pattern.strip_suffix('*') {
                Some(start) => name.starts_with(start),
                None => name == pattern,
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_the_rest_of_a_name_and_nothing_else_matches_in_part() {
        let filter = EventFilter::only(["batch.*", "run.failed"]);
        for name in ["batch.created", "batch.finished", "run.failed"] {
            assert!(filter.wants(name), "{name}");
        }
        for name in ["run.started", "run.failed.twice", "run", "batch"] {
            assert!(!filter.wants(name), "{name}");
        }
        assert!(EventFilter::All.wants("anything"));
        assert!(!EventFilter::Only(Vec::new()).wants("anything"));
    }
}
