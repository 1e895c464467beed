use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser};

use crate::output::Format;
use crate::store::StoreAddress;

/// Which store to use.
#[derive(Debug, Args)]
pub(crate) struct StoreArgs {
    /// The store: a directory, or memory, which ends with the process
    ///
    /// A store that is there is opened as what it is. Where there is none, one is
    /// made on redb, or on what is named before the directory: redb:DIR, sled:DIR or
    /// log:DIR.
    /// A directory with nothing before it needs a slash in it, such as ./jobs.
    #[arg(
        long,
        value_name = "DIR|redb:DIR|sled:DIR|log:DIR|memory",
        default_value_t
    )]
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
