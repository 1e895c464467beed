//! Executes the runs of batches.
