mod bench_limits;
mod bench_rules;
mod bench_storage;
mod large_store;
mod rows;

pub use bench_limits::bench_limits;
pub use bench_rules::bench_rules;
pub use bench_storage::bench_storage;
