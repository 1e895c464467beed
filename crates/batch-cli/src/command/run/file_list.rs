use std::fs::File;
use std::path::{Path, PathBuf, absolute};

use anyhow::{Context, Result, bail};
use batch_core::request::Input;
use batch_exec::command::FileId;

use super::file_problems::FileProblems;
use super::list_file::read_list;

/// The files to run the command on, by absolute path, in the order given.
///
/// A file that stands in it twice is run twice. Symbolic links are not
/// resolved: the command gets the name it was given for.
#[derive(Debug)]
pub(crate) struct FileList {
    paths: Vec<PathBuf>,
}

impl FileList {
    /// The files of the command line, then those of a list.
    pub(crate) fn collect(mut files: Vec<PathBuf>, list: Option<&Path>) -> Result<Self> {
        if let Some(list) = list {
            files.extend(read_list(list)?);
        }
        if files.is_empty() {
            bail!("there is no file to run the command on: the list is empty");
        }
        let absolute = |path: PathBuf| {
            let failed = || format!("cannot tell the absolute path of {path:?}");
            absolute(&path).with_context(failed)
        };
        let paths = files.into_iter().map(absolute).collect::<Result<_>>()?;
        Ok(Self { paths })
    }

    /// Refuses a list with files that cannot be read, directories included.
    pub(crate) fn check(&self) -> Result<(), FileProblems> {
        let mut problems = FileProblems::default();
        for path in &self.paths {
            if let Err(problem) = check_file(path) {
                problems.add(&problem);
            }
        }
        problems.none_or_refused()
    }

    /// Refuses a path for the results that is one of the files, by whatever name.
    pub(crate) fn check_results(&self, results: &Path) -> Result<()> {
        let place = resolved(results);
        match self.paths.iter().find(|path| resolved(path) == place) {
            None => Ok(()),
            Some(file) => bail!(
                "cannot write the results to {}: it is one of the files, {}",
                results.display(),
                file.display()
            ),
        }
    }

    /// How many files there are.
    pub(crate) const fn len(&self) -> usize {
        self.paths.len()
    }

    /// The files as inputs of runs: each by its [`FileId`], and nothing else,
    /// so that the same list is the same submission from wherever it is given.
    pub(crate) fn inputs(&self) -> impl Iterator<Item = Input> {
        self.paths
            .iter()
            .map(|path| Input::file_id(FileId::of(path)))
    }
}

/// Where a path leads, through symbolic links; its file need not be there.
fn resolved(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| {
        let path = absolute(path).unwrap_or_else(|_| path.to_owned());
        let directory = path.parent().and_then(|dir| dir.canonicalize().ok());
        match (directory, path.file_name()) {
            (Some(directory), Some(name)) => directory.join(name),
            _ => path,
        }
    })
}

fn check_file(path: &Path) -> Result<()> {
    let metadata = path.metadata();
    let metadata = metadata.with_context(|| format!("cannot read {}", path.display()))?;
    if metadata.is_dir() {
        bail!(
            "cannot take {} as a file: it is a directory",
            path.display()
        );
    }
    // To open a pipe would wait for its writer, and a second attempt would find it empty.
    if !metadata.is_file() {
        bail!(
            "cannot take {} as a file: it is a pipe or a device",
            path.display()
        );
    }
    File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(files: &[&str]) -> Result<FileList> {
        FileList::collect(files.iter().map(PathBuf::from).collect(), None)
    }

    fn refusal(path: &Path) -> String {
        format!("{:#}", check_file(path).unwrap_err())
    }

    #[test]
    fn relative_paths_become_absolute_and_a_file_given_twice_stays_twice() {
        let here = std::env::current_dir().unwrap();
        let files = list(&["./b", "a", "a"]).unwrap();
        assert_eq!(files.paths, ["b", "a", "a"].map(|name| here.join(name)));
    }

    #[test]
    fn symbolic_links_are_not_resolved() {
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join("file"), dir.path().join("link"));
        std::fs::write(&file, "x").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let files = list(&[link.to_str().unwrap()]).unwrap();
        files.check().unwrap();
        assert_eq!(files.paths, [link]);
    }

    #[test]
    fn results_that_would_replace_a_file_are_refused_by_whatever_name() {
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join("file"), dir.path().join("link"));
        std::fs::write(&file, "x").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let gone = dir.path().join("gone");
        let files = list(&[file.to_str().unwrap(), gone.to_str().unwrap()]).unwrap();
        for results in [&file, &link, &gone, &dir.path().join("./gone")] {
            assert!(files.check_results(results).is_err(), "{results:?}");
        }
        files.check_results(&dir.path().join("results")).unwrap();
    }

    #[test]
    fn what_is_no_readable_file_is_refused_by_its_name() {
        let missing = refusal(Path::new("/no/such file"));
        assert!(
            missing.starts_with("cannot read /no/such file: "),
            "{missing}"
        );
        assert!(refusal(Path::new("/tmp")).ends_with("it is a directory"));
        assert!(refusal(Path::new("/dev/null")).ends_with("it is a pipe or a device"));
    }

    #[test]
    fn an_empty_list_is_refused() {
        assert!(list(&[]).is_err());
    }
}
