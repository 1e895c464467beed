//! A wall around the host's code: what panics behind it comes out as a value.

mod guarded;
mod panic_message;

pub(crate) use guarded::Guarded;
