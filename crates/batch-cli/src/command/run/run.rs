use anyhow::{Result, bail};
use batch_core::engine::{Engine, Replay, SubmissionHandle};

use super::SubmissionName;
use super::file_list::FileList;
use super::intake::{Intake, Taken};
use super::submit::is_known;
use crate::args::RunArgs;
use crate::command::work::Work;
use crate::ending::Ending;
use crate::execution::{Execution, Interrupts, ResultsFile};
use crate::program::check_program;

/// Runs a command once per file, durably.
pub(crate) async fn run(args: RunArgs) -> Result<Ending> {
    let files = FileList::collect(args.files.clone(), args.files_from.as_deref())?;
    check_program(&args.exec)?;
    if let Some(results) = args.execute.results.as_deref() {
        files.check_results(results)?;
        ResultsFile::check(results)?;
    }
    let name = args.name.clone().unwrap_or_else(SubmissionName::fresh);
    let engine = open(&args, &name, &files).await?;
    let mut interrupts = Interrupts::take_over()?;
    let go_on = go_on(&args, &name);
    let execution = Execution::new(args.exec.clone(), &args.execute);
    let intake = Intake {
        engine: &engine,
        name: &name,
        files: &files,
        execution: &execution,
        go_on: &go_on,
    };
    let (submission, before) = match intake.perform(&mut interrupts).await? {
        Taken::Whole(submission, before) => (submission, before),
        Taken::Ended(ending) => return Ok(ending),
    };
    check_there(&engine, &name, &submission).await?;
    announce(&args, &name, &files, &submission).await?;
    let work = Work {
        engine: &engine,
        workflow: name.workflow(),
        submission: &submission,
        before,
        store: &args.store.store,
        go_on: &go_on,
    };
    work.perform(&execution, &args.execute, &mut interrupts)
        .await
}

/// Opens the store, if there is something to do in it.
///
/// The files of a list that was submitted before are not looked at: its command
/// may have moved those away that it is done with, and runs of files that are
/// gone fail by themselves.
async fn open(args: &RunArgs, name: &SubmissionName, files: &FileList) -> Result<Engine> {
    let store = &args.store.store;
    let may_be_known = args.name.is_some() && store.exists();
    let checked = files.check();
    if !may_be_known {
        checked?;
        return store.open().await;
    }
    let engine = store.open().await?;
    if checked.is_err() && !is_known(&engine, name).await? {
        checked?;
    }
    Ok(engine)
}

/// Refuses a name whose work has been pruned: the store forgets names only when it is
/// pruned a day or more after the work's end.
async fn check_there(
    engine: &Engine,
    name: &SubmissionName,
    submission: &SubmissionHandle,
) -> Result<()> {
    if engine.submission(submission.id()).await?.is_none() {
        bail!("the work under the name {name} has ended and was pruned: give it another name");
    }
    Ok(())
}

/// What to do after an interruption.
fn go_on(args: &RunArgs, name: &SubmissionName) -> String {
    if !args.store.store.is_durable() {
        "nothing is kept, for the store is in memory".to_owned()
    } else if args.name.is_some() {
        "the same command goes on".to_owned()
    } else {
        format!("the same command with --name {name} goes on")
    }
}

/// Says what is about to happen, where that is not plain from the command.
async fn announce(
    args: &RunArgs,
    name: &SubmissionName,
    files: &FileList,
    submission: &SubmissionHandle,
) -> Result<()> {
    if submission.replayed() == Replay::Replayed {
        let progress = submission.progress().await?;
        eprintln!("batchyard: going on with {name}: {progress}");
    } else if args.name.is_none() && args.store.store.is_durable() {
        let count = files.len();
        eprintln!("batchyard: submitted as {name} (files: {count})");
    }
    Ok(())
}
