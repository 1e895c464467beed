use std::fs;

use crate::child::{Place, Task, command};
use crate::data_files::data_files;

/// Enough to show growth in a release build, and few enough for a debug build to end.
const COMMITS: u64 = if cfg!(debug_assertions) { 20 } else { 150 };

/// 3 MB live. Two things keep it level on sled, and one would do: the push to its garbage
/// collection, and that each row is read before it is written. Without both a release
/// build takes 12 MB more with each commit; a debug build is too slow to show it.
#[test]
#[cfg_attr(debug_assertions, ignore = "needs a release build")]
fn memory_and_file_stay_level_however_many_keys_come_and_go() {
    let dir = tempfile::tempdir().unwrap();
    let place = Place::in_dir(dir.path());

    command(&[], Task::Churn(COMMITS), &place).status().unwrap();

    let lines = place.lines();
    let resident = lines.last().unwrap().strip_prefix("resident ").unwrap();
    let resident: u64 = resident.parse().unwrap();
    let files = data_files(&place.store);
    let file: u64 = files
        .iter()
        .map(|path| fs::metadata(path).unwrap().len())
        .sum();
    println!("{} MB resident, {} MB on disk", resident >> 20, file >> 20);
    assert!(resident < 200 << 20, "{resident}");
    assert!(file < 100 << 20, "{file}");
}
