//! Storages that are broken on purpose, each caught by a case that says what is wrong.

mod animal;
mod cage;
mod caught;
mod flaw;
