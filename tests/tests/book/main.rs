//! The README and the book keep up with the code: what they show is compiled, and what they
//! list is whole.
#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod repository;
mod tutorial;

use repository::{book, examples, features, program_blocks, read, without_indents};

/// What has pages for doctests.
const DOCTESTS: [&str; 2] = ["tests/src/lib.rs", "crates/batch-exec/src/lib.rs"];
/// What is compiled and has programs of pages word for word.
const WORD_FOR_WORD: [&str; 3] = [
    "tests/tests/book/tutorial.rs",
    "crates/batch-core/tests/conformance/custom.rs",
    "crates/batch-core/examples/custom_storage/btree_kv.rs",
];

#[test]
fn every_program_that_a_page_shows_is_compiled() {
    let doctests = DOCTESTS.map(read).concat();
    let compiled = without_indents(&WORD_FOR_WORD.map(read).join("\n"));
    for page in book() {
        let is_doctest = doctests.contains(&format!("{page}\")]"));
        for block in program_blocks(&read(&page)) {
            let is_compiled = is_doctest && !block.is_ignored
                || compiled.contains(&without_indents(&block.program));
            assert!(
                is_compiled,
                "nothing compiles this of {page}:\n{}",
                block.program
            );
        }
    }
}

#[test]
fn the_readme_names_every_feature_of_the_libraries() {
    let readme = read("README.md");
    for (library, feature) in features() {
        let row = format!("| `{library}` | `{feature}`");
        assert!(readme.contains(&row), "no row that begins with {row}");
    }
}

#[test]
fn the_index_of_the_book_names_every_example() {
    let index = read("docs/README.md");
    for example in examples() {
        assert!(index.contains(&format!("| `{example}` |")), "no {example}");
    }
}

#[test]
fn the_index_and_the_summary_of_the_book_name_every_page() {
    let lists = ["docs/README.md", "docs/SUMMARY.md"];
    let pages = book();
    let pages = pages.iter().filter_map(|page| page.strip_prefix("docs/"));
    for page in pages.filter(|page| !["README.md", "SUMMARY.md"].contains(page)) {
        for list in lists {
            assert!(
                read(list).contains(&format!("]({page})")),
                "{list} has no {page}"
            );
        }
    }
}
