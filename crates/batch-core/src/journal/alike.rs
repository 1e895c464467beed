//! How lists of runs are stored: those that differ in nothing but their place stand as one set.
//!
//! An element of a stored list is a map, which is one run, or a pair of what several runs have in
//! common and their places. Lists that were written before there were such pairs read the same.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{RunEnd, RunStart};
use crate::ordinal::{Ordinal, OrdinalSet};
use crate::run::{Attempt, RunState};

/// What a fact says of one run, most of which other runs may share.
pub(super) trait OneOfMany: Sized {
    /// All that it says but for the place of the run.
    type Shared: PartialEq;

    fn ordinal(&self) -> Ordinal;
    /// `None` where it says what hardly any other does.
    fn shared(&self) -> Option<Self::Shared>;
    fn at(ordinal: Ordinal, shared: &Self::Shared) -> Self;
}

impl OneOfMany for RunStart {
    type Shared = Attempt;

    fn ordinal(&self) -> Ordinal {
        self.ordinal
    }

    fn shared(&self) -> Option<Attempt> {
        Some(self.attempt)
    }

    fn at(ordinal: Ordinal, attempt: &Attempt) -> Self {
        let attempt = *attempt;
        Self { ordinal, attempt }
    }
}

impl OneOfMany for RunEnd {
    type Shared = (Option<Attempt>, RunState);

    fn ordinal(&self) -> Ordinal {
        self.ordinal
    }

    fn shared(&self) -> Option<Self::Shared> {
        let alone = self.failure.is_some();
        (!alone).then_some((self.attempt, self.state))
    }

    fn at(ordinal: Ordinal, (attempt, state): &Self::Shared) -> Self {
        Self {
            ordinal,
            attempt: *attempt,
            state: *state,
            failure: None,
        }
    }
}

pub(super) fn serialize<T, S>(runs: &[T], serializer: S) -> Result<S::Ok, S::Error>
where
    T: OneOfMany<Shared: Serialize> + Serialize,
    S: Serializer,
{
    let mut groups: Vec<(T::Shared, OrdinalSet)> = Vec::new();
    let mut alone = Vec::new();
    for run in runs {
        let Some(shared) = run.shared() else {
            alone.push(run);
            continue;
        };
        match groups.iter_mut().find(|(of_group, _)| *of_group == shared) {
            Some((_, places)) => drop(places.insert(run.ordinal())),
            None => groups.push((shared, std::iter::once(run.ordinal()).collect())),
        }
    }
    let mut list = serializer.serialize_seq(Some(groups.len() + alone.len()))?;
    for group in &groups {
        list.serialize_element(group)?;
    }
    for run in alone {
        list.serialize_element(run)?;
    }
    list.end()
}

/// Gives runs that stand in groups by their place, and all others as they were written.
pub(super) fn deserialize<'de, T, D>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    T: OneOfMany<Shared: Deserialize<'de>> + Deserialize<'de>,
    D: Deserializer<'de>,
{
    let elements: Vec<Element<T, T::Shared>> = Vec::deserialize(deserializer)?;
    let in_groups = elements.iter().any(|e| matches!(e, Element::Group(..)));
    let mut runs = Vec::new();
    for element in elements {
        match element {
            Element::Run(run) => runs.push(run),
            Element::Group(shared, places) => {
                runs.extend(places.iter().map(|ordinal| T::at(ordinal, &shared)));
            }
        }
    }
    if in_groups {
        runs.sort_by_key(T::ordinal);
    }
    Ok(runs)
}

/// An element of a stored list.
enum Element<T, G> {
    Run(T),
    Group(G, OrdinalSet),
}

impl<'de, T: Deserialize<'de>, G: Deserialize<'de>> Deserialize<'de> for Element<T, G> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ElementVisitor(PhantomData))
    }
}

struct ElementVisitor<T, G>(PhantomData<(T, G)>);

impl<'de, T: Deserialize<'de>, G: Deserialize<'de>> Visitor<'de> for ElementVisitor<T, G> {
    type Value = Element<T, G>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a run, or what several have in common and their places")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Element::Run)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, pair: A) -> Result<Self::Value, A::Error> {
        let (shared, places) = <_>::deserialize(SeqAccessDeserializer::new(pair))?;
        Ok(Element::Group(shared, places))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::Fact;
    use crate::run::Failure;

    fn end(ordinal: u32, state: RunState, failure: Option<Failure>) -> RunEnd {
        RunEnd {
            ordinal: Ordinal::new(ordinal),
            attempt: Some(Attempt::FIRST),
            state,
            failure,
        }
    }

    fn start(ordinal: u32, ended: u32) -> RunStart {
        RunStart {
            ordinal: Ordinal::new(ordinal),
            attempt: Attempt::after(ended),
        }
    }

    fn stored(fact: &Fact) -> Vec<u8> {
        rmp_serde::to_vec_named(fact).unwrap()
    }

    fn read(bytes: &[u8]) -> Fact {
        rmp_serde::from_slice(bytes).unwrap()
    }

    #[test]
    fn runs_that_start_alike_take_a_few_bytes_whatever_their_number() {
        let starts = |count| Fact::Started((0..count).map(|n| start(n, 0)).collect());
        let (few, many) = (stored(&starts(2)), stored(&starts(100)));
        assert_eq!(few.len(), many.len());
        assert!(many.len() < 16, "{} bytes", many.len());
        assert_eq!(read(&many), starts(100));
    }

    #[test]
    fn facts_about_runs_come_back_by_place_with_all_that_sets_them_apart() {
        let failure = Failure::new("WHY", "a sentence");
        let ends = vec![
            end(0, RunState::Processed, None),
            end(1, RunState::Failed, Some(failure)),
            end(2, RunState::Cancelled, None),
            end(3, RunState::Processed, None),
        ];
        let mut mixed = ends.clone();
        mixed.rotate_left(2);
        assert_eq!(read(&stored(&Fact::Ended(mixed))), Fact::Ended(ends));
        let starts = Fact::Started(vec![start(1, 4), start(5, 0), start(9, 4)]);
        assert_eq!(read(&stored(&starts)), starts);
    }

    #[test]
    fn a_list_of_the_first_format_comes_back_as_it_was_written() {
        let ends = [
            end(7, RunState::Processed, None),
            end(2, RunState::Processed, None),
        ];
        let written = rmp_serde::to_vec_named(&("e", &ends)).unwrap();
        // A fact is a map of one entry.
        let fact = [&[0x81], &written[1..]].concat();
        assert_eq!(read(&fact), Fact::Ended(ends.to_vec()));
    }
}
