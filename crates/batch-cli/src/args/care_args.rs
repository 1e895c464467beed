use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser};

use crate::output::Format;
use crate::store::StoreAddress;

/// Check a whole store: every value, and that all of it agrees
///
/// Prints a line for each thing that is wrong and one about what was looked
/// at, and changes nothing. The exit status is 0 for a store that is sound, 1
/// for one that is damaged, and 2 for one that cannot be opened.
#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// The store: a directory, redb:DIR, sled:DIR or log:DIR
    #[arg(value_name = "STORE")]
    #[arg(value_parser = OsStringValueParser::new().try_map(|text| StoreAddress::parse(&text)))]
    pub(crate) store: StoreAddress,

    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Copy a store, to the same or to another backend
///
/// There is nothing in TO until the copy is whole. Both stores then have the
/// same work in them: go on with one of them only.
#[derive(Debug, Args)]
pub(crate) struct SnapshotArgs {
    #[command(flatten)]
    pub(crate) way: WayArgs,

    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Make a new store of what is whole in a damaged one
///
/// Keeps every batch that is whole and names all that is lost. The damaged
/// store is not changed; its files are copied beside TO while this works. The
/// exit status is 0 if nothing is lost and 1 if something is.
#[derive(Debug, Args)]
pub(crate) struct SalvageArgs {
    #[command(flatten)]
    pub(crate) way: WayArgs,

    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// From which store to which.
#[derive(Debug, Args)]
pub(crate) struct WayArgs {
    /// The store: a directory, redb:DIR, sled:DIR or log:DIR
    #[arg(value_name = "STORE")]
    #[arg(value_parser = OsStringValueParser::new().try_map(|text| StoreAddress::parse(&text)))]
    pub(crate) store: StoreAddress,

    /// Where the new store goes: an empty or new directory, on the same backend, or redb:DIR,
    /// sled:DIR or log:DIR
    #[arg(value_name = "TO")]
    #[arg(value_parser = OsStringValueParser::new().try_map(|text| StoreAddress::parse(&text)))]
    pub(crate) to: StoreAddress,
}

/// How to print.
#[derive(Debug, Args)]
pub(crate) struct OutputArgs {
    /// How to print
    #[arg(
        short = 'o',
        long = "output",
        value_name = "FORMAT",
        default_value = "table"
    )]
    pub(crate) format: Format,
}
