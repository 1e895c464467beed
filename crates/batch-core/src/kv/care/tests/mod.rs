#![allow(clippy::unwrap_used)]

mod copies;
mod damage;
mod ground;
mod recut;
mod salvaged;
mod sound;
