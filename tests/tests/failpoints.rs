//! A process dies at each failpoint, each time that a day of work comes to it.
#![allow(missing_docs, clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Instant;

use batch_core::failpoint::Failpoint;
use batch_tests::crash::failpoints::VARIABLE;
use batch_tests::crash::{
    Acknowledged, Backend, Child, GoOn, Task, check_after_death, copy, directory, in_parallel,
};

/// What is struck: a task, on the store that it finds.
struct Scene<'a> {
    child: &'a Child,
    task: Task,
    found: &'a Path,
    heard: &'a Acknowledged,
}

/// How a process that was to die has ended.
#[derive(Debug, PartialEq, Eq)]
enum Ended {
    Struck,
    Unharmed,
}

impl Scene<'_> {
    fn run(&self, store: &Path, failpoint: &str) -> (bool, String) {
        copy(self.found, store);
        let mut command = self.child.command(store, self.task);
        let done = command.env(VARIABLE, failpoint).output().unwrap();
        (
            done.status.success(),
            String::from_utf8(done.stdout).unwrap(),
        )
    }

    /// How often the task comes to each failpoint.
    fn hits(&self) -> BTreeMap<Failpoint, u32> {
        let directory = directory();
        let (ended_well, report) = self.run(&directory.path().join("store"), "count");
        assert!(ended_well, "{report}");
        let hits = report.lines().filter_map(|line| line.strip_prefix("hit "));
        let parse = |line: &str| {
            let (name, times) = line.split_once(' ').unwrap();
            let point = Failpoint::ALL.into_iter().find(|p| p.to_string() == name);
            (point.unwrap(), times.parse().unwrap())
        };
        hits.map(parse).collect()
    }

    /// Strikes until it hits: how much is tidied before the store is closed is not the same each time.
    fn strike(&self, point: Failpoint, n: u32) -> Ended {
        let mut tries = std::iter::repeat_with(|| self.strike_once(point, n)).take(5);
        match tries.any(|ended| ended == Ended::Struck) {
            true => Ended::Struck,
            false => Ended::Unharmed,
        }
    }

    /// Dies at the nth time that a failpoint is reached, and looks at what that left.
    fn strike_once(&self, point: Failpoint, n: u32) -> Ended {
        let directory = directory();
        let store = directory.path().join("store");
        let (ended_well, report) = self.run(&store, &format!("{point}:{n}"));
        let mut heard = self.heard.clone();
        heard.take_all(&report);
        check_after_death(self.child.backend, &store, &mut heard, GoOn::Everything);
        match ended_well {
            true => Ended::Unharmed,
            false => Ended::Struck,
        }
    }

    /// Strikes at everything that the task comes to; gives what it came to.
    fn sweep(&self) -> BTreeMap<Failpoint, u32> {
        let hits = self.hits();
        let points = hits.iter();
        let points: Vec<_> = points
            .flat_map(|(p, times)| (1..=*times).map(|n| (*p, n)))
            .collect();
        let ended = in_parallel(&points, |(point, n)| self.strike(*point, *n));
        let unharmed = ended
            .iter()
            .filter(|ended| **ended == Ended::Unharmed)
            .count();
        assert_eq!(
            unharmed, 0,
            "the {:?} comes to the same each time",
            self.task
        );
        hits
    }
}

fn child(backend: Backend) -> Child {
    Child {
        program: env!("CARGO_BIN_EXE_crash-child").into(),
        backend,
    }
}

/// Sweeps a day of work and an opening after a death; every failpoint must come up.
fn sweep(backend: Backend) {
    let began = Instant::now();
    let child = child(backend);
    let directory = directory();
    let (nothing, mess) = (
        directory.path().join("nothing"),
        directory.path().join("mess"),
    );
    let mut heard = Acknowledged::default();
    assert!(!child.run(&mess, Task::LeaveAMess, &mut heard).success());
    let nobody = Acknowledged::default();
    let scenes = [(Task::Day, &nothing, &nobody), (Task::Open, &mess, &heard)];
    let mut reached = BTreeSet::new();
    for (task, found, heard) in scenes {
        let scene = Scene {
            child: &child,
            task,
            found,
            heard,
        };
        let hits = scene.sweep();
        let times: u32 = hits.values().sum();
        println!(
            "{backend}, {task}: {} failpoints, {times} times; every death survived",
            hits.len()
        );
        reached.extend(hits.into_keys());
    }
    let others = Backend::ALL.into_iter().filter(|other| *other != backend);
    let others: Vec<String> = others.map(|other| format!("{other:?}")).collect();
    let is_of_another = |point: &Failpoint| {
        let name = point.to_string();
        others.iter().any(|other| name.starts_with(other))
    };
    let expected = Failpoint::ALL.into_iter().filter(|p| !is_of_another(p));
    assert_eq!(
        reached,
        expected.collect(),
        "each failpoint is in the sweep"
    );
    println!("{backend}: {} s", began.elapsed().as_secs());
}

#[test]
fn on_sled_whatever_was_acknowledged_outlives_a_death_at_every_failpoint() {
    sweep(Backend::Sled);
}

#[test]
fn on_a_log_whatever_was_acknowledged_outlives_a_death_at_every_failpoint() {
    sweep(Backend::Log);
}

#[test]
fn on_redb_whatever_was_acknowledged_outlives_a_death_at_every_failpoint() {
    sweep(Backend::Redb);
}

fn sources(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let (dirs, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    files
        .into_iter()
        .chain(dirs.iter().flat_map(|dir| sources(dir)))
        .collect()
}

#[test]
fn every_failpoint_in_the_source_is_in_the_list_that_is_swept_and_the_other_way_round() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/batch-core/src");
    let mut placed = BTreeSet::new();
    for path in sources(&root) {
        let text = std::fs::read_to_string(path).unwrap();
        for rest in text.split("reach(Failpoint::").skip(1) {
            placed.insert(rest.split(')').next().unwrap().to_owned());
        }
    }
    let listed: BTreeSet<String> = Failpoint::ALL.iter().map(Failpoint::to_string).collect();
    assert_eq!(placed, listed);
}
