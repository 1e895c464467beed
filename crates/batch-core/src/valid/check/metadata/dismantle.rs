use serde_json::Value;

/// Drops a value without recursion.
///
/// Dropping a value drops its children by recursion, so one that is nested deep enough would
/// overflow the stack.
pub(in crate::valid::check) fn dismantle(value: Value) {
    let mut waiting = vec![value];
    while let Some(value) = waiting.pop() {
        match value {
            Value::Array(values) => waiting.extend(values.into_iter().filter(is_container)),
            Value::Object(map) => {
                waiting.extend(map.into_iter().map(|(_, v)| v).filter(is_container))
            }
            _ => {}
        }
    }
}

fn is_container(value: &Value) -> bool {
    matches!(value, Value::Array(_) | Value::Object(_))
}
