use crate::storage::{Page, PageRequest, PageToken};

/// A page of `items`, cut by place.
pub(super) fn page<T>(items: impl Iterator<Item = T>, request: &PageRequest) -> Page<T> {
    let from = request
        .token
        .as_ref()
        .map_or(0, |t| t.as_str().parse().unwrap());
    let size = request.size.get();
    let mut items: Vec<T> = items.skip(from).take(size + 1).collect();
    let more = items.len() > size;
    items.truncate(size);
    let next = more.then(|| PageToken::new((from + size).to_string()));
    Page { items, next }
}
