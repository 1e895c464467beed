//! Damage to a store with real contents, seen through `Storage`: what was stored comes back as
//! it was, or a typed error says what is damaged. Never another answer, a panic, a call that hangs.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

use batch_core::storage::ErrorKind;

use crate::child::{Place, command_of};
use crate::damage::copy;
use crate::full_store::{block_on, live_a_day, next_day, open_store};
use crate::harm::Harm;
use crate::reading::{Reading, sentence};
use crate::script::Choices;

const FIRST: &str = "BATCHYARD_TEST_FIRST_TRIAL";
const COUNT: &str = "BATCHYARD_TEST_TRIALS";
const SEED: &str = "BATCHYARD_DAMAGE_SEED";
const GROUND: &str = "BATCHYARD_TEST_GROUND";
const MARKED: &str = "trial ";

/// A trial that says nothing for so long hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a trial came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Intact,
    Typed,
    /// An error of a kind that does not fit, or that names nothing.
    Vague,
    Silent,
    /// A panic reached the caller, or ended the process.
    Panic,
    Hang,
}

impl Outcome {
    const ALL: [Self; 6] = [
        Self::Intact,
        Self::Typed,
        Self::Vague,
        Self::Silent,
        Self::Panic,
        Self::Hang,
    ];

    fn parse(word: &str) -> Self {
        let mut all = Self::ALL.into_iter();
        all.find(|outcome| format!("{outcome:?}") == word).unwrap()
    }
}

/// How the process that filled the store ended.
const ENDS: [&str; 2] = ["closed", "killed"];

/// Where stores that are whole lie, one for each end, and the place of the trials.
struct Ground(PathBuf);

impl Ground {
    fn whole(&self, trial: u64) -> PathBuf {
        self.0.join(ENDS[(trial / 4 % 2) as usize])
    }

    fn trial(&self) -> PathBuf {
        self.0.join("trial")
    }

    fn report(&self) -> PathBuf {
        Place::in_dir(&self.0).report
    }

    /// Fills a store; leaves it as a process that closes it does, and as one that is killed.
    fn prepare(&self) {
        let store = self.trial();
        let clock = batch_core::time::ManualClock::default();
        let open = open_store(&store, &clock).unwrap();
        block_on(live_a_day(&open, &clock));
        copy(&store, &self.0.join("killed"));
        drop(open);
        copy(&store, &self.0.join("closed"));
    }
}

/// Opens a store and asks it everything.
fn read_store(store: &Path) -> Result<Reading, batch_core::storage::StorageError> {
    let clock = next_day();
    let store = open_store(store, &clock)?;
    Ok(block_on(Reading::of(&store, &clock)))
}

/// What a trial came to, and what is worth reading about it.
fn judge(store: &Path, whole: &Reading) -> (Outcome, String) {
    let caught = std::panic::catch_unwind(|| read_store(store));
    let reading = match caught {
        Err(_) => return (Outcome::Panic, "a panic reached the caller".to_owned()),
        Ok(Err(error)) => return judge_error(error.kind(), &sentence(&error), store),
        Ok(Ok(reading)) => reading,
    };
    if let Some(difference) = reading.first_difference(whole) {
        return (Outcome::Silent, difference);
    }
    match reading.first_error() {
        None => (Outcome::Intact, String::new()),
        Some((question, kind, text)) => {
            let (outcome, text) = judge_error(kind, text, store);
            (outcome, format!("{question}: {text}"))
        }
    }
}

fn judge_error(kind: ErrorKind, text: &str, store: &Path) -> (Outcome, String) {
    let names = [
        store.to_str().unwrap(),
        "batch_",
        "journal",
        "record",
        "head",
    ];
    let fits = matches!(kind, ErrorKind::Damaged | ErrorKind::NewerFormat);
    let outcome = match fits && names.iter().any(|name| text.contains(name)) {
        true => Outcome::Typed,
        false => Outcome::Vague,
    };
    (outcome, format!("{kind:?}: {text}"))
}

fn variable(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|n| n.parse().unwrap())
}

/// Does nothing by itself: the trials start it. It goes on until it has had a panic, for what
/// is left of the database in the process is then not to be trusted.
#[test]
fn trials_that_a_parent_asks_for_are_done() {
    let Some(first) = variable(FIRST) else {
        return;
    };
    let ground = Ground(std::env::var_os(GROUND).unwrap().into());
    let mut report = OpenOptions::new()
        .append(true)
        .create(true)
        .open(ground.report())
        .unwrap();
    let mut say = |line: String| {
        let line = line.replace('\n', " ");
        report.write_all(format!("{line}\n").as_bytes()).unwrap();
    };
    let panics = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let seen = std::sync::Arc::clone(&panics);
    std::panic::set_hook(Box::new(move |_| {
        seen.store(true, std::sync::atomic::Ordering::SeqCst);
    }));
    let wholes = ENDS.map(|end| {
        let store = ground.trial();
        let _ = fs::remove_dir_all(&store);
        copy(&ground.0.join(end), &store);
        read_store(&store).unwrap()
    });
    for trial in first..first + variable(COUNT).unwrap() {
        let harm = Harm::ALL[(trial % 4) as usize];
        let mut choices = Choices(trial.wrapping_mul(7_919) ^ variable(SEED).unwrap());
        let store = ground.trial();
        fs::remove_dir_all(&store).unwrap();
        copy(&ground.whole(trial), &store);
        let what = harm.strike(&store, &mut choices);
        say(format!("{MARKED}{trial} {what}"));
        let (outcome, text) = judge(&store, &wholes[(trial / 4 % 2) as usize]);
        say(format!("{outcome:?} {text}"));
        if panics.load(std::sync::atomic::Ordering::SeqCst) {
            return;
        }
    }
}

/// The trials of one process: from this number on.
fn start(ground: &Ground, seed: u64, first: u64, count: u64) -> Child {
    let name = "damaged_store::trials_that_a_parent_asks_for_are_done";
    command_of(&[], name)
        .env(GROUND, &ground.0)
        .env(SEED, seed.to_string())
        .env(FIRST, first.to_string())
        .env(COUNT, count.to_string())
        .spawn()
        .unwrap()
}

/// Waits for a process for as long as it goes on reporting; `None` where it had to be ended.
fn wait(child: &mut Child, report: &Path) -> Option<ExitStatus> {
    let (mut told, mut since) = (0, Instant::now());
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status);
        }
        let len = fs::metadata(report).map_or(0, |there| there.len());
        if len != told {
            (told, since) = (len, Instant::now());
        } else if since.elapsed() > PATIENCE {
            child.kill().unwrap();
            child.wait().unwrap();
            return None;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

type Tally = BTreeMap<(Harm, Outcome), u64>;

/// Does so many trials; gives what they came to, and the stories of those that went wrong.
fn try_all(trials: u64, seed: u64) -> (Tally, Vec<String>) {
    let dir = tempfile::tempdir().unwrap();
    let ground = Ground(dir.path().to_owned());
    ground.prepare();
    let (mut tally, mut wrong, mut next) = (Tally::new(), Vec::new(), 0);
    while next < trials {
        let _ = fs::remove_file(ground.report());
        let status = wait(
            &mut start(&ground, seed, next, trials - next),
            &ground.report(),
        );
        let lines = Place::in_dir(&ground.0).lines();
        let before = next;
        for told in lines.chunks(2) {
            let harm = Harm::ALL[(next % 4) as usize];
            let (outcome, text) = match told.get(1) {
                Some(line) => line.split_once(' ').unwrap(),
                None if status.is_none() => ("Hang", ""),
                None => ("Panic", "the process ended"),
            };
            let outcome = Outcome::parse(outcome);
            *tally.entry((harm, outcome)).or_default() += 1;
            let story = format!("{} {outcome:?} {text}", told[0]);
            if std::env::var_os("BATCHYARD_DAMAGE_STORIES").is_some() {
                println!("{story}");
            }
            if outcome > Outcome::Typed {
                wrong.push(story);
            }
            next += 1;
        }
        assert!(next > before, "the trials do not begin: {status:?}");
    }
    (tally, wrong)
}

fn print(tally: &Tally) {
    println!("{:9} {:?}", "", Outcome::ALL);
    for harm in Harm::ALL {
        let of = |outcome| tally.get(&(harm, outcome)).copied().unwrap_or(0);
        println!("{harm:9} {:?}", Outcome::ALL.map(of));
    }
}

fn check(trials: u64) {
    let seed = variable(SEED).unwrap_or(1);
    let (tally, wrong) = try_all(trials, seed);
    println!("{trials} trials, {SEED}={seed}");
    print(&tally);
    assert!(wrong.is_empty(), "{wrong:#?}");
    let of = |outcome| Harm::ALL.map(|harm| tally.get(&(harm, outcome)).copied().unwrap_or(0));
    let (intact, typed) = (of(Outcome::Intact), of(Outcome::Typed));
    assert!(intact.iter().sum::<u64>() > 0, "all is damaged");
    assert!(typed.iter().sum::<u64>() > 0, "nothing struck");
    // Of a few trials of one kind, all may strike what nobody needs.
    if trials >= 400 {
        assert!(typed[..3].iter().all(|n| *n > 0), "a kind never struck");
    }
}

#[test]
fn a_damaged_store_is_as_it_was_or_says_what_is_damaged() {
    check(16);
}

/// `BATCHYARD_STORE_TRIALS` says how many other than 2,000, and `BATCHYARD_DAMAGE_STORIES`
/// prints what became of each.
#[test]
#[cfg_attr(debug_assertions, ignore = "needs a release build")]
fn of_thousands_of_damaged_stores_each_is_as_it_was_or_says_what_is_damaged() {
    check(variable("BATCHYARD_STORE_TRIALS").unwrap_or(2_000));
}
