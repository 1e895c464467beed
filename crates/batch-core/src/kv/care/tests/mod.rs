#![allow(clippy::unwrap_used)]

mod copies;
mod damage;
mod ground;
mod salvaged;
mod sound;
