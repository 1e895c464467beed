use batch_core::id::BatchId;

use crate::{Broken, Load, Opened, Subject, work};

/// A thousand batches of a thousand runs, all waiting.
pub(super) struct LargeStore<'a> {
    subject: &'a Subject,
    filled: Option<Filled>,
}

pub(super) struct Filled {
    pub(super) opened: Opened,
    pub(super) batches: Vec<BatchId>,
}

impl<'a> LargeStore<'a> {
    const BATCHES: usize = 1_000;
    const LOAD: Load = Load {
        inputs: 1_000,
        bytes: 200,
        submitters: 4,
    };

    pub(super) const fn new(subject: &'a Subject) -> Self {
        let filled = None;
        Self { subject, filled }
    }

    /// Fills it when it is first asked for.
    pub(super) async fn get(&mut self) -> Result<&Filled, Broken> {
        let filled = self.take().await?;
        Ok(self.filled.insert(filled))
    }

    /// Takes it out, to be put back.
    pub(super) async fn take(&mut self) -> Result<Filled, Broken> {
        if let Some(filled) = self.filled.take() {
            return Ok(filled);
        }
        let opened = self.subject.open().await?;
        let (batches, _) = work::fill(&opened, Self::LOAD, Self::BATCHES).await?;
        Ok(Filled { opened, batches })
    }

    pub(super) fn put_back(&mut self, filled: Filled) {
        self.filled = Some(filled);
    }
}
