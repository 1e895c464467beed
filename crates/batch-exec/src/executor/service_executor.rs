use std::fmt;
use std::future::poll_fn;

use async_trait::async_trait;
use tokio::sync::Mutex;
use tower_service::Service;

use super::{Executor, ExecutorError, Outcome, RunContext};

/// An executor made of a `tower` service. See [`from_service`].
pub struct ServiceExecutor<S>(Mutex<S>);

/// Makes an executor of a `tower` service from [`RunContext`] to [`Outcome`], with all
/// its layers.
///
/// The service is called when it says that it is ready, and by one run at a time; what
/// it then returns goes on beside the others. So a layer that limits concurrency or rate
/// needs to be no clone of itself. A run that waits for the service has begun:
/// its time limit counts.
///
/// An error is a failed attempt, of `call` and of `poll_ready` alike. A service that
/// is broken for good fails every attempt.
///
/// ```
/// use std::convert::Infallible;
/// use batch_exec::executor::{Outcome, RunContext, from_service};
/// use tower::{ServiceBuilder, service_fn};
///
/// let count = service_fn(|run: RunContext| async move {
///     Ok::<_, Infallible>(Outcome::done(run.text().map_or(0, str::len)))
/// });
/// let executor = from_service(ServiceBuilder::new().concurrency_limit(4).service(count));
/// # let _: &dyn batch_exec::executor::Executor = &executor;
/// ```
pub fn from_service<S>(service: S) -> ServiceExecutor<S>
where
    S: Service<RunContext, Response = Outcome> + Send + 'static,
    S::Error: Into<ExecutorError>,
    S::Future: Send,
{
    ServiceExecutor(Mutex::new(service))
}

impl<S> ServiceExecutor<S>
where
    S: Service<RunContext, Response = Outcome> + Send + 'static,
    S::Error: Into<ExecutorError>,
    S::Future: Send,
{
    /// Calls the service as soon as it is ready.
    async fn call(&self, run: RunContext) -> Result<S::Future, ExecutorError> {
        let mut service = self.0.lock().await;
        let ready = poll_fn(|cx| service.poll_ready(cx)).await;
        ready.map_err(Into::into)?;
        Ok(service.call(run))
    }
}

#[async_trait]
impl<S> Executor for ServiceExecutor<S>
where
    S: Service<RunContext, Response = Outcome> + Send + 'static,
    S::Error: Into<ExecutorError>,
    S::Future: Send,
{
    async fn execute(&self, run: RunContext) -> Result<Outcome, ExecutorError> {
        let stop = run.cancellation().clone();
        let Some(called) = stop.run_until_cancelled(self.call(run)).await else {
            return Err("told to stop before the service was ready".into());
        };
        called?.await.map_err(Into::into)
    }
}

impl<S> fmt::Debug for ServiceExecutor<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServiceExecutor")
    }
}
