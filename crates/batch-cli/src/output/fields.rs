use std::fmt;

use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The fields of a struct as text, in the order in which they are written.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fields(pub(crate) Vec<(String, String)>);

impl Fields {
    /// What a struct would be as JSON, field by field. What is `null` is left out.
    pub(crate) fn of(record: &impl Serialize) -> serde_json::Result<Self> {
        serde_json::from_str(&serde_json::to_string(record)?)
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(InOrder)
    }
}

/// Reads an object without sorting its keys.
struct InOrder;

impl<'de> Visitor<'de> for InOrder {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let mut fields = Vec::new();
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            if !value.is_null() {
                fields.push((name, text(&value)));
            }
        }
        Ok(Fields(fields))
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(fields) => {
            // Sorted by name, in which a failure's message comes before its reason.
            let texts: Vec<String> = fields.values().rev().map(text).collect();
            texts.join(": ")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Record {
        z: u32,
        nothing: Option<u32>,
        a: &'static str,
    }

    #[test]
    fn fields_keep_their_order_and_what_is_not_known_is_left_out() {
        let record = Record {
            z: 1,
            nothing: None,
            a: "x",
        };
        let fields = Fields::of(&record).unwrap();
        let expected = [("z", "1"), ("a", "x")].map(|(n, t)| (n.to_owned(), t.to_owned()));
        assert_eq!(fields.0, expected);
    }
}
