//! The fragments of the tutorial, word for word, in the program of its first step.

use std::error::Error;

use batch_core::batch::Batch;
use batch_core::{engine::Engine, memory::MemoryStorage, request::Input};
use batch_exec::{Dispatcher, Outcome, RunContext};

use super::repository::read;

#[tokio::test]
async fn the_fragments_of_the_tutorial_run_and_print_what_it_says() -> Result<(), Box<dyn Error>> {
    let engine = Engine::open(MemoryStorage::new()).await?;
    let dispatcher = Dispatcher::builder(&engine)
        .workflow("count-words", |run: RunContext| async move {
            Ok(Outcome::done(run.text()?.split_whitespace().count()))
        })
        .start()
        .await?;
    let batch = engine
        .submit("count-words", ["to be", "or not to be"].map(Input::text))
        .await?;
    let ended: Batch = batch.wait().await?;
    assert!(ended.to_string().starts_with("2 processed, 0 failed in"));
    {
        use batch_core::engine::RunFilter;

        let mut runs = batch.runs(RunFilter::default().with_outputs());
        while let Some(run) = runs.next().await? {
            println!("{}: {} {:?}", run.id, run.state, run.output);
        }
    }
    {
        let inputs = [
            Input::text("to be"),
            Input::default(),
            Input::file_url("ftp://host/a"),
        ];
        if let Err(refused) = engine.submit("count-words", inputs).await {
            eprintln!("{refused}");
        }
    }
    let inputs = [
        Input::text("to be"),
        Input::default(),
        Input::file_url("ftp://host/a"),
    ];
    let refused = engine.submit("count-words", inputs).await.unwrap_err();
    assert!(read("docs/tutorial.md").contains(&format!("```text\n{refused}\n```")));
    {
        use batch_core::engine::SubmissionRequest;

        let inputs = (1..=2_500).map(|n| Input::text(format!("invoice {n}")));
        let request = SubmissionRequest::new("count-words").idempotency_key("everything");
        let submission = engine.submit_all(request, inputs).await?;
        let progress = submission.wait().await?;
        println!("{} inputs in {} batches", progress.inputs, progress.batches);
    }
    dispatcher.shutdown().await?;
    Ok(())
}
