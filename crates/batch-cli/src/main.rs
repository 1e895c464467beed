//! The `batchyard` program.
fn main() {}
