use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What a panic said. The payload is dropped here, and may itself panic doing so.
pub(super) fn panic_message(payload: Box<dyn Any + Send>) -> String {
    let text = payload
        .downcast_ref::<&'static str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "the panic carried no text".to_owned());
    if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        // A payload whose drop panics may panic again; leaking it ends the matter.
        std::mem::forget(second);
    }
    text
}
