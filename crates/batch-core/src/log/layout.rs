use super::segment_number::SegmentNumber;
use crate::embedded::{Backend, Layout};

/// The format of segments and their commits.
pub(super) const FORMAT: u32 = 1;

/// The directory of a store on a log of our own.
pub(crate) static LAYOUT: Layout = Layout {
    backend: Backend::Log,
    format: FORMAT,
    data_file: "0000000001.log",
    is_part: |name| SegmentNumber::of_name(name).is_some(),
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_segment_is_what_a_new_store_has() {
        assert_eq!(LAYOUT.data_file, SegmentNumber::FIRST.file_name());
    }
}
