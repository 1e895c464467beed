//! What stands in the repository.

use std::fs;
use std::path::{Path, PathBuf};

const LIBRARIES: [&str; 2] = ["batch-core", "batch-exec"];

/// A program that a page shows.
pub(crate) struct ProgramBlock {
    pub(crate) program: String,
    /// Whether a doctest leaves it out.
    pub(crate) is_ignored: bool,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

pub(crate) fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

fn names(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(folder)).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.collect()
}

/// The README and the pages of the book.
pub(crate) fn book() -> Vec<String> {
    let pages = names("docs")
        .into_iter()
        .filter(|name| name.ends_with(".md"));
    let mut pages: Vec<_> = pages.map(|name| format!("docs/{name}")).collect();
    assert!(pages.len() > 10);
    pages.push("README.md".to_owned());
    pages
}

/// The blocks of a page that are programs in Rust.
pub(crate) fn program_blocks(page: &str) -> Vec<ProgramBlock> {
    let blocks = page.split("\n```rust").skip(1).map(|rest| {
        let (marks, rest) = rest.split_once('\n').unwrap();
        let (program, _) = rest.split_once("```").unwrap();
        ProgramBlock {
            program: program.to_owned(),
            is_ignored: marks.contains("ignore"),
        }
    });
    blocks.collect()
}

/// The lines without their indents, and without those that are empty.
pub(crate) fn without_indents(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

/// The features of the libraries, each with the library.
pub(crate) fn features() -> Vec<(&'static str, String)> {
    let of = |library: &'static str| {
        let manifest = read(format!("crates/{library}/Cargo.toml"));
        let (_, features) = manifest.split_once("[features]\n").unwrap();
        let (features, _) = features.split_once("\n[").unwrap();
        let lines = features.lines().filter(|line| !line.starts_with('#'));
        let names = lines.filter_map(|line| line.split_once(" = ").map(|(name, _)| name));
        let names = names.filter(|name| *name != "default");
        names
            .map(|name| (library, name.to_owned()))
            .collect::<Vec<_>>()
    };
    let features: Vec<_> = LIBRARIES.into_iter().flat_map(of).collect();
    assert!(features.len() > 5);
    features
}

/// The names of the examples of the libraries.
pub(crate) fn examples() -> Vec<String> {
    let folders = LIBRARIES.map(|library| format!("crates/{library}/examples"));
    let names = folders.iter().flat_map(|folder| names(folder));
    let names: Vec<_> = names
        .map(|name| name.trim_end_matches(".rs").to_owned())
        .collect();
    assert!(names.len() > 5);
    names
}
