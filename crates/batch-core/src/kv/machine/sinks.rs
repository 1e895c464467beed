use super::Machine;
use crate::id::SinkName;
use crate::journal::Sequence;
use crate::kv::OrderedKv;
use crate::kv::key;
use crate::storage::{SinkCursor, SinkStart, StorageError};

impl<K: OrderedKv> Machine<K> {
    /// Gives a sink's position, and makes one where the sink is new.
    pub(in crate::kv) fn open_sink(
        &mut self,
        sink: SinkName,
        start: SinkStart,
    ) -> Result<Sequence, StorageError> {
        if let Some(position) = self.sinks.get(&sink) {
            return Ok(*position);
        }
        self.check_writable("open a sink")?;
        let position = match start {
            SinkStart::Beginning => self.head.trimmed,
            SinkStart::Now => self.head.sequence,
        };
        self.put_sink(sink, position);
        Ok(position)
    }

    /// Moves a sink's position forward.
    pub(in crate::kv) fn advance_sink(
        &mut self,
        sink: SinkName,
        to: Sequence,
    ) -> Result<(), StorageError> {
        self.check_writable("move a sink")?;
        if self
            .sinks
            .get(&sink)
            .is_some_and(|position| *position >= to)
        {
            return Ok(());
        }
        // A sink that nobody has opened may name an entry that is trimmed already.
        let to = to.max(self.head.trimmed).min(self.head.sequence);
        self.put_sink(sink, to);
        Ok(())
    }

    /// Forgets a sink.
    pub(in crate::kv) fn remove_sink(&mut self, sink: &SinkName) -> Result<(), StorageError> {
        self.check_writable("remove a sink")?;
        if self.sinks.contains_key(sink) {
            self.change_sinks().remove(sink);
            self.stage.delete(&key::sink(sink), 1);
        }
        Ok(())
    }

    /// All sinks, by name.
    pub(in crate::kv) fn list_sinks(&self) -> Vec<SinkCursor> {
        let cursor = |(sink, position): (&SinkName, &Sequence)| SinkCursor {
            sink: sink.clone(),
            position: *position,
        };
        self.sinks.iter().map(cursor).collect()
    }

    fn put_sink(&mut self, sink: SinkName, position: Sequence) {
        self.stage
            .put_record(&key::sink(&sink), &(&sink, position), 1);
        self.change_sinks().insert(sink, position);
    }

    fn change_sinks(&mut self) -> &mut std::collections::BTreeMap<SinkName, Sequence> {
        if self.before.sinks.is_none() {
            self.before.sinks = Some(self.sinks.clone());
        }
        &mut self.sinks
    }
}
