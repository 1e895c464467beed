use super::segment_number::SegmentNumber;

/// Where in a segment a value is, and its checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ValueSpan {
    pub(super) offset: u64,
    pub(super) bytes: u32,
    pub(super) sum: u32,
}

/// Where the value of a key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) segment: SegmentNumber,
    pub(super) value: ValueSpan,
}
