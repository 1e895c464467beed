use std::env;
use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::{Result, bail};
use batch_exec::command::CommandTemplate;

/// Refuses a command whose program cannot be executed.
///
/// So a slip of the pen costs nothing: without this, every run would fail of
/// it. A program whose name has the file in it is known only when it runs.
pub(crate) fn check_program(command: &CommandTemplate) -> Result<()> {
    let program = command.program();
    if program.contains("{}") {
        return Ok(());
    }
    if program.contains('/') {
        return check_path(Path::new(program));
    }
    let path = env::var_os("PATH").unwrap_or_else(|| OsStr::new("/usr/bin:/bin").to_owned());
    if env::split_paths(&path).any(|dir| check_path(&dir.join(program)).is_ok()) {
        return Ok(());
    }
    bail!("cannot execute {program:?}: there is no such program in the directories of PATH");
}

fn check_path(program: &Path) -> Result<()> {
    match program.metadata() {
        Err(error) => bail!("cannot execute {program:?}: {error}"),
        Ok(file) if !file.is_file() => bail!("cannot execute {program:?}: it is no file"),
        Ok(file) if file.permissions().mode() & 0o111 == 0 => {
            bail!("cannot execute {program:?}: it is not marked as executable")
        }
        Ok(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(command: &str) -> Result<(), String> {
        check_program(&command.parse().unwrap()).map_err(|e| e.to_string())
    }

    #[test]
    fn a_program_is_found_by_its_name_and_by_its_path() {
        assert_eq!(check("sh -c true"), Ok(()));
        assert_eq!(check("/bin/sh -c true"), Ok(()));
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let error = check("no-such-program -x").unwrap_err();
        assert!(error.contains("\"no-such-program\""), "{error}");
        let error = check("./no/such {}").unwrap_err();
        assert!(error.contains("\"./no/such\""), "{error}");
    }

    #[test]
    fn a_file_that_may_not_be_executed_is_no_program() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = check(file.path().to_str().unwrap()).unwrap_err();
        assert!(error.contains("not marked as executable"), "{error}");
        assert!(check("/tmp").unwrap_err().contains("no file"));
    }

    #[test]
    fn a_program_that_is_the_file_itself_is_not_looked_for() {
        assert_eq!(check("{} --version"), Ok(()));
    }
}
