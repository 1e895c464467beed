/// Whether a check has come to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::kv) enum Progress {
    More,
    Done,
}
