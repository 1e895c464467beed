//! Power cuts, rebuilt from what strace saw: what was not synced may be there, in part, or not.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use crate::backend::open;
use crate::child::{Place, Task, command};
use crate::script::{Choices, commits_in, content};
use crate::trace::{Call, Moment, Trace};

const SECTOR: usize = 512;

/// A write or truncation of a file that is not synced yet.
#[derive(Debug, Clone)]
struct Change {
    call: usize,
    ended: bool,
    what: What,
}

#[derive(Debug, Clone)]
enum What {
    Write(u64, Vec<u8>),
    Truncate(u64),
}

#[derive(Debug, Clone, Default)]
struct Content {
    synced: Vec<u8>,
    changes: Vec<Change>,
}

/// A change of names that is not synced yet.
#[derive(Debug, Clone)]
enum Naming {
    File(PathBuf, usize),
    Dir(PathBuf),
    Rename(PathBuf, PathBuf),
    Unlink(PathBuf),
}

#[derive(Debug, Clone, Copy)]
enum Entry {
    File(usize),
    Dir,
}

type Names = BTreeMap<PathBuf, Entry>;

/// How much of what was not synced the disk has after all.
#[derive(Debug, Clone, Copy)]
enum Luck {
    Nothing,
    Everything,
    Some,
    Torn,
}

#[derive(Debug, Default)]
struct Disk {
    contents: Vec<Content>,
    /// The names as processes see them.
    live: Names,
    synced: Names,
    namings: Vec<Naming>,
    positions: HashMap<i32, u64>,
    /// For each sync under way: what had ended when it began.
    syncing: HashMap<usize, Vec<usize>>,
    acknowledged: u64,
}

impl Disk {
    /// A disk on which all that is in a directory is synced.
    fn holding(dir: &Path) -> Self {
        let mut disk = Self::default();
        let mut todo = vec![dir.to_owned()];
        while let Some(path) = todo.pop() {
            let entry = if path.is_dir() {
                todo.extend(std::fs::read_dir(&path).unwrap().map(|e| e.unwrap().path()));
                Entry::Dir
            } else {
                disk.contents.push(Content {
                    synced: std::fs::read(&path).unwrap(),
                    changes: Vec::new(),
                });
                Entry::File(disk.contents.len() - 1)
            };
            disk.live.insert(path, entry);
        }
        disk.synced = disk.live.clone();
        disk
    }

    fn file(&mut self, path: &Path) -> Option<&mut Content> {
        match self.live.get(path) {
            Some(Entry::File(n)) => Some(&mut self.contents[*n]),
            _ => None,
        }
    }

    fn change(&mut self, path: &Path, call: usize, what: What) {
        if let Some(content) = self.file(path) {
            content.changes.push(Change {
                call,
                ended: false,
                what,
            });
        }
    }

    fn begin(&mut self, id: usize, call: &Call, place: &Place) {
        match call {
            Call::Open { path, flags, .. } if path.starts_with(&place.store) => {
                if flags.contains("O_CREAT") && !self.live.contains_key(path) {
                    self.contents.push(Content::default());
                    let number = self.contents.len() - 1;
                    self.live.insert(path.clone(), Entry::File(number));
                    self.namings.push(Naming::File(path.clone(), number));
                }
                if flags.contains("O_TRUNC") {
                    self.change(path, id, What::Truncate(0));
                }
            }
            Call::Write {
                path,
                fd,
                at,
                bytes,
            } => {
                let position = self.positions.entry(*fd).or_default();
                let at = at.unwrap_or_else(|| {
                    *position += bytes.len() as u64;
                    *position - bytes.len() as u64
                });
                self.change(path, id, What::Write(at, bytes.clone()));
            }
            Call::Truncate { path, len } => self.change(path, id, What::Truncate(*len)),
            Call::Sync { path, .. } => {
                let ended = self.file(path).map(|content| {
                    content
                        .changes
                        .iter()
                        .filter(|c| c.ended)
                        .map(|c| c.call)
                        .collect()
                });
                self.syncing.insert(id, ended.unwrap_or_default());
            }
            Call::Rename { from, to } => {
                let entry = self.live.remove(from).unwrap();
                self.live.insert(to.clone(), entry);
                self.namings.push(Naming::Rename(from.clone(), to.clone()));
            }
            Call::Unlink { path } if self.live.remove(path).is_some() => {
                self.namings.push(Naming::Unlink(path.clone()));
            }
            Call::MakeDir { path } => {
                self.live.insert(path.clone(), Entry::Dir);
                self.namings.push(Naming::Dir(path.clone()));
            }
            _ => {}
        }
    }

    fn end(&mut self, id: usize, call: &Call, place: &Place) {
        match call {
            Call::Open { fd, .. } => {
                self.positions.insert(*fd, 0);
            }
            Call::Seek { fd, to } => {
                self.positions.insert(*fd, *to);
            }
            Call::Write { path, bytes, .. } if *path == place.report => {
                let line = std::str::from_utf8(bytes).unwrap().trim_end();
                if let Some(n) = line.strip_prefix("ack ") {
                    self.acknowledged = n.parse().unwrap();
                }
            }
            Call::Sync { path, .. } => self.synced(id, path),
            _ => {}
        }
        for content in &mut self.contents {
            content
                .changes
                .iter_mut()
                .filter(|c| c.call == id)
                .for_each(|c| c.ended = true);
        }
    }

    fn synced(&mut self, id: usize, path: &Path) {
        let ended = self.syncing.remove(&id).unwrap_or_default();
        if let Some(content) = self.file(path) {
            let (now, later) = std::mem::take(&mut content.changes)
                .into_iter()
                .partition(|c| ended.contains(&c.call));
            content.changes = later;
            let now: Vec<Change> = now;
            now.iter()
                .for_each(|change| make(&mut content.synced, &change.what));
        } else {
            let (now, later): (Vec<_>, Vec<_>) = std::mem::take(&mut self.namings)
                .into_iter()
                .partition(|naming| naming.parent() == path);
            self.namings = later;
            now.iter().for_each(|naming| naming.make(&mut self.synced));
        }
    }

    /// Writes what a power cut at this moment leaves of a directory.
    fn cut(&self, store: &Path, into: &Path, luck: Luck, choices: &mut Choices) {
        let mut names = self.synced.clone();
        let kept = match luck {
            Luck::Nothing => 0,
            Luck::Everything => self.namings.len(),
            // Names reach the disk in their order: file systems keep a journal of them.
            Luck::Some | Luck::Torn => choices.below(self.namings.len() as u64 + 1) as usize,
        };
        self.namings[..kept]
            .iter()
            .for_each(|naming| naming.make(&mut names));
        if !names.contains_key(store) {
            return;
        }
        for (path, entry) in names.range(store.to_owned()..) {
            let target = into.join(path.strip_prefix(store).unwrap());
            match entry {
                Entry::Dir => std::fs::create_dir_all(target).unwrap(),
                Entry::File(n) => {
                    let _ = std::fs::write(target, self.contents[*n].after(luck, choices));
                }
            }
        }
    }
}

impl Naming {
    fn parent(&self) -> &Path {
        let (Self::File(path, _) | Self::Dir(path) | Self::Rename(path, _) | Self::Unlink(path)) =
            self;
        path.parent().unwrap()
    }

    fn make(&self, names: &mut Names) {
        match self {
            Self::File(path, n) => {
                names.insert(path.clone(), Entry::File(*n));
            }
            Self::Dir(path) => {
                names.insert(path.clone(), Entry::Dir);
            }
            Self::Rename(from, to) => {
                if let Some(entry) = names.remove(from) {
                    names.insert(to.clone(), entry);
                }
            }
            Self::Unlink(path) => {
                names.remove(path);
            }
        }
    }
}

impl Content {
    fn after(&self, luck: Luck, choices: &mut Choices) -> Vec<u8> {
        let mut bytes = self.synced.clone();
        for change in &self.changes {
            match luck {
                Luck::Nothing => {}
                Luck::Everything => make(&mut bytes, &change.what),
                Luck::Some if choices.below(2) == 0 => {}
                Luck::Some => make(&mut bytes, &change.what),
                Luck::Torn => match &change.what {
                    What::Write(at, data) => tear(&mut bytes, *at, data, choices),
                    truncate => make(&mut bytes, truncate),
                },
            }
        }
        bytes
    }
}

/// Some of the sectors of a write.
fn tear(bytes: &mut Vec<u8>, at: u64, data: &[u8], choices: &mut Choices) {
    let mut begin = 0;
    while begin < data.len() {
        let place = at as usize + begin;
        let end = data.len().min(begin + SECTOR - place % SECTOR);
        if choices.below(2) == 0 {
            make(bytes, &What::Write(place as u64, data[begin..end].to_vec()));
        }
        begin = end;
    }
}

fn make(bytes: &mut Vec<u8>, what: &What) {
    match what {
        What::Write(at, data) => {
            let at = *at as usize;
            if bytes.len() < at + data.len() {
                bytes.resize(at + data.len(), 0);
            }
            bytes[at..at + data.len()].copy_from_slice(data);
        }
        What::Truncate(len) => bytes.resize(*len as usize, 0),
    }
}

/// How many cuts each test makes.
fn cuts() -> u64 {
    let wanted = std::env::var("BATCHYARD_POWER_CUTS").ok();
    wanted.map_or(150, |n| n.parse().unwrap())
}

/// Cuts the power at moments all over a trace and opens what is left.
fn cut_all_over(mut disk: Disk, trace: &Trace, place: &Place) {
    let mut choices = Choices(4);
    let every = (trace.moments.len() as u64 / cuts()).max(1);
    let mut failures = Vec::new();
    let mut made = 0;
    for (number, moment) in trace.moments.iter().enumerate() {
        match moment {
            Moment::Begin(id) => disk.begin(*id, &trace.calls[*id], place),
            Moment::End(id) => disk.end(*id, &trace.calls[*id], place),
        }
        if choices.below(every) != 0 {
            continue;
        }
        let lucks = [Luck::Nothing, Luck::Everything, Luck::Some, Luck::Torn];
        let luck = lucks[choices.below(4) as usize];
        let left = tempfile::tempdir_in(place.store.parent().unwrap()).unwrap();
        disk.cut(&place.store, left.path(), luck, &mut choices);
        made += 1;
        if let Err(why) = opens_with(left.path(), disk.acknowledged) {
            failures.push(format!("moment {number}, {luck:?}: {why}"));
        }
    }
    println!("{made} power cuts, {} failures", failures.len());
    assert!(
        failures.is_empty(),
        "{} of {made}: {failures:#?}",
        failures.len()
    );
}

fn opens_with(dir: &Path, acknowledged: u64) -> Result<(), String> {
    let whole = |e: batch_core::kv::KvError| format!("{e:?}");
    let kv = open(dir).map_err(whole)?;
    let held = commits_in(&content(&kv).map_err(whole)?)?;
    if (acknowledged..=acknowledged + 1).contains(&held) {
        Ok(())
    } else {
        Err(format!(
            "{acknowledged} commits were acknowledged and {held} are there"
        ))
    }
}

#[test]
#[ignore = "needs strace"]
fn a_power_cut_while_a_store_is_made_and_filled_costs_no_acknowledged_commit() {
    let dir = tempfile::tempdir().unwrap();
    let place = Place::in_dir(dir.path());
    let disk = Disk::holding(dir.path());

    let trace = Trace::of(Task::Commit(40), &place, &[]);

    assert!(trace.status.success());
    cut_all_over(disk, &trace, &place);
}

#[test]
#[ignore = "needs strace"]
fn a_power_cut_while_a_killed_store_recovers_and_goes_on_costs_no_acknowledged_commit() {
    let dir = tempfile::tempdir().unwrap();
    let place = Place::in_dir(dir.path());
    let killed = command(&[], Task::CommitAndDie(60), &place)
        .status()
        .unwrap();
    assert!(!killed.success());
    let disk = Disk::holding(dir.path());
    std::fs::remove_file(&place.report).unwrap();

    let trace = Trace::of(Task::Commit(120), &place, &[]);

    assert!(trace.status.success());
    cut_all_over(
        Disk {
            acknowledged: 60,
            ..disk
        },
        &trace,
        &place,
    );
}
