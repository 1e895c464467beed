use super::metadata::{Scratch, check_metadata};
use super::{Problems, name};
use crate::ordinal::Ordinal;
use crate::request::{Limits, NameUpdate, RunUpdate};
use crate::valid::{InvalidUpdate, Metadata, ValidUpdate};

/// Checks what to change about the run at this place, and reports every problem at once.
///
/// The members to merge are held against the limits of metadata by themselves here. Whether
/// the run's metadata is too large with them shows when they are merged.
///
/// # Errors
///
/// [`InvalidUpdate`] with at least one problem.
pub fn validate_update(
    run: Ordinal,
    update: RunUpdate,
    limits: &Limits,
) -> Result<ValidUpdate, InvalidUpdate> {
    let mut problems = Problems::new(limits);
    problems.turn_to(Some(run));
    if let NameUpdate::Set(given) = &update.name {
        name::check(&mut problems, || "/name".into(), given, limits.name_bytes);
    }
    let merge = match update.metadata {
        None => Some(Metadata::default()),
        Some(raw) => check_metadata(&mut problems, &mut Scratch::default(), raw),
    };
    problems
        .refuse()
        .map_err(|invalid| InvalidUpdate::new(invalid.into_problems()))?;
    Ok(ValidUpdate {
        name: update.name,
        merge: merge.unwrap_or_default(),
        remove: update.remove,
        metadata_bytes: limits.metadata_bytes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_of_an_update_is_told_at_once_with_the_run() {
        let update = RunUpdate::new().name("a\nb").merge_json(r#"{"a":1,"a":2}"#);
        let error = validate_update(Ordinal::new(4), update, &Limits::default()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the update is refused: 2 problems\n\
             input 4 at /name: the control character U+000A at byte 1\n\
             input 4 at /metadata/a: the key stands there 2 times"
        );
    }
}
