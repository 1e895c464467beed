use super::Failpoint;

/// Nothing happens at a failpoint.
#[inline(always)]
pub(crate) const fn reach(_: Failpoint) {}
