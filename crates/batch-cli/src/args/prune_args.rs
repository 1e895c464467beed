use std::time::Duration;

use clap::Args;

use super::ViewArgs;
use crate::duration::parse_duration;

/// Delete batches that ended long ago, with their runs and outputs
///
/// What has not ended stays, however old it is. The store reuses
/// the space. The name of pruned work stays taken until work is pruned a day
/// or more after its end, so that nothing is run twice unnoticed.
#[derive(Debug, Args)]
pub(crate) struct PruneArgs {
    /// Only batches that ended longer ago than this, such as 30d or 12h
    #[arg(long, value_name = "D", value_parser = parse_duration)]
    pub(crate) older_than: Duration,

    #[command(flatten)]
    pub(crate) view: ViewArgs,
}
