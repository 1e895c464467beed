//! Runs a command once per file, without a shell.

mod capture;
mod captured;
mod command_executor;
mod command_template;
mod file_id;
mod process_group;

pub use captured::Captured;
pub use command_executor::CommandExecutor;
pub use command_template::{CommandTemplate, InvalidTemplate};
pub use file_id::{FileId, InvalidFileId};
