//! What adapters to embedded databases share: the store's directory with its lock and its mark,
//! and how failures end there.

mod backend;
mod catch_panic;
mod fail_stop;
mod layout;
mod mark;
mod store_dir;
mod store_lock;

pub(crate) use backend::Backend;
pub(crate) use catch_panic::catch_panic;
pub(crate) use fail_stop::FailStop;
pub(crate) use layout::Layout;
pub(crate) use mark::Mark;
#[cfg(feature = "sled")]
pub(crate) use store_dir::sync_dir;
pub(crate) use store_dir::{Found, StoreDir};
pub(crate) use store_lock::StoreLock;
