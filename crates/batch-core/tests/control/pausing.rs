use batch_core::batch::Flow;

use super::ground::{WORKFLOW, engine, settle_down, texts, workflow};

#[tokio::test]
async fn a_watch_tells_of_a_batch_that_is_paused_with_its_workflow_and_of_each_resume() {
    let engine = engine(10).await;
    let batch = engine.submit(WORKFLOW, texts(2)).await.unwrap();
    engine.pause_workflow(workflow()).await.unwrap();
    let mut watch = batch.watch();
    assert_eq!(watch.next().await.unwrap().unwrap().flow, Flow::Going);
    for flow in [Flow::Paused, Flow::Going] {
        let told = tokio::spawn(async move {
            let told = watch.next().await.unwrap().unwrap().flow;
            (told, watch)
        });
        settle_down().await;
        assert!(!told.is_finished());
        match flow {
            Flow::Paused => batch.pause().await.unwrap(),
            Flow::Going => batch.resume().await.unwrap(),
        };
        let told = told.await.unwrap();
        assert_eq!(told.0, flow);
        watch = told.1;
    }
}
