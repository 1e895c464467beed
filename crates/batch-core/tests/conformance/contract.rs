//! Contract and suite say the same: no sentence without a case, no case without a sentence.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use batch_core::conformance::Case;

/// Sentences that the trait alone cannot show, and who shows them instead.
const ELSEWHERE: &[(&str, &str)] = &[
    (
        "A batch of any size costs the same few writes.",
        "tests/storage counts the writes of KvStorage",
    ),
    (
        "Where there is no room beside what the runs in the store need, a batch is refused with \
         ErrorKind::Full before anything is written.",
        "tests/storage/full.rs on a map that says it is full, tests/embedded on a full disk",
    ),
    (
        "Every other call goes on, but for an update that makes the store larger.",
        "tests/storage/full.rs on a map that says it is full, tests/embedded on a full disk",
    ),
    (
        "Where there is no room beside what the runs in the store need, an update that makes the \
         store larger is refused with ErrorKind::Full, and nothing is changed.",
        "tests/storage/full.rs on a map that says it is full",
    ),
    (
        "A batch of any size expires in the same few writes.",
        "tests/storage counts the writes of KvStorage",
    ),
];

fn source(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(path)
}

/// Prose as it reads: without the marks of Markdown and without the targets of links.
fn plain(text: &str) -> String {
    let mut words = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("](") {
        words.push_str(&rest[..at]);
        let end = rest[at..].find(')').map_or(rest.len(), |end| at + end + 1);
        rest = &rest[end..];
    }
    words.push_str(rest);
    words.retain(|c| !['[', ']', '`', '*'].contains(&c));
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The sentences of the contract: of the trait from its first heading on, and of each method.
fn contract() -> Vec<String> {
    let text = std::fs::read_to_string(source("storage/storage_trait.rs")).unwrap();
    let docs = &text[text.find("/// # Contract of every method").unwrap()..];
    let mut paragraphs = vec![String::new()];
    for line in docs.lines().map(str::trim) {
        let words = line.strip_prefix("///").map(str::trim);
        match words {
            Some(words) if !words.is_empty() && !words.starts_with('#') => {
                let (begins, words) = match words.strip_prefix("- ") {
                    Some(words) => (true, words),
                    None => (false, words),
                };
                if begins {
                    paragraphs.push(String::new());
                }
                let paragraph = paragraphs.last_mut().unwrap();
                paragraph.push_str(words);
                paragraph.push(' ');
            }
            _ => paragraphs.push(String::new()),
        }
    }
    paragraphs
        .iter()
        .flat_map(|p| sentences(&plain(p)))
        .collect()
}

fn sentences(paragraph: &str) -> Vec<String> {
    let marked = paragraph.replace(". ", ".\n");
    let lines = marked.lines().map(|line| line.trim().to_owned());
    lines.filter(|line| !line.is_empty()).collect()
}

/// The quotes above each case, by the case's name.
fn quotes() -> BTreeMap<String, Vec<String>> {
    let mut quotes = BTreeMap::new();
    for file in std::fs::read_dir(source("conformance/cases")).unwrap() {
        let path = file.unwrap().path();
        let verb = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let mut open = Vec::new();
        for line in std::fs::read_to_string(&path).unwrap().lines() {
            if let Some(quote) = line.strip_prefix("/// Shows: \"") {
                open.push(quote.strip_suffix('"').unwrap().to_owned());
            } else if line.starts_with("pub(crate) ") {
                let name = line.split("fn ").nth(1).unwrap();
                let name = name.split('(').next().unwrap();
                quotes.insert(format!("{verb}::{name}"), std::mem::take(&mut open));
            }
        }
    }
    quotes
}

#[test]
fn every_sentence_of_the_contract_has_a_case() {
    let quoted: BTreeSet<String> = quotes().into_values().flatten().collect();
    let elsewhere: BTreeSet<&str> = ELSEWHERE.iter().map(|(sentence, _)| *sentence).collect();
    let missing: Vec<_> = contract()
        .into_iter()
        .filter(|sentence| !quoted.contains(sentence) && !elsewhere.contains(sentence.as_str()))
        .collect();
    assert!(missing.is_empty(), "no case shows: {missing:#?}");
}

#[test]
fn every_case_quotes_sentences_of_the_contract() {
    let contract: BTreeSet<String> = contract().into_iter().collect();
    for (case, quotes) in quotes() {
        assert!(!quotes.is_empty(), "{case} quotes nothing");
        for quote in quotes {
            assert!(contract.contains(&quote), "{case} quotes {quote:?}");
        }
    }
}

#[test]
fn the_list_has_every_case_that_is_written() {
    let written: BTreeSet<String> = quotes().into_keys().collect();
    let listed = Case::all().iter().map(|case| case.name.to_owned());
    assert_eq!(listed.collect::<BTreeSet<_>>(), written);
}

#[test]
fn what_is_shown_elsewhere_is_still_in_the_contract() {
    let contract = contract();
    for (sentence, _) in ELSEWHERE {
        assert!(contract.iter().any(|known| known == sentence), "{sentence}");
    }
}
