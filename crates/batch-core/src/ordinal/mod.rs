//! Places of inputs in a batch, one and many.

mod ordinal_number;
mod ordinal_set;

pub use ordinal_number::Ordinal;
pub use ordinal_set::OrdinalSet;
