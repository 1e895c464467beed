use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser};

use crate::output::Format;
use crate::store::StoreAddress;

/// Which store to use.
#[derive(Debug, Args)]
pub(crate) struct StoreArgs {
    /// The store: sled:DIR, or memory, which ends with the process
    #[arg(long, value_name = "sled:DIR|memory", default_value_t)]
    #[arg(value_parser = OsStringValueParser::new().try_map(|text| StoreAddress::parse(&text)))]
    pub(crate) store: StoreAddress,
}

/// Which store to look at, and how to show what is there.
#[derive(Debug, Args)]
pub(crate) struct ViewArgs {
    #[command(flatten)]
    pub(crate) store: StoreArgs,

    /// How to print
    #[arg(
        short = 'o',
        long = "output",
        value_name = "FORMAT",
        default_value = "table"
    )]
    pub(crate) format: Format,
}
