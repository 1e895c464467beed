use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// How many items a page has at most: 1 to 1,000, by default 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PageSize(u16);

/// A number of items outside 1..=1,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("page size {0} is out of range: 1 to 1000")]
pub struct InvalidPageSize(pub u64);

impl PageSize {
    /// The largest page: 1,000.
    pub const MAX: Self = Self(1_000);

    /// A page of at most this many items.
    ///
    /// # Errors
    ///
    /// [`InvalidPageSize`] outside 1..=1,000.
    pub fn new(items: u64) -> Result<Self, InvalidPageSize> {
        match u16::try_from(items) {
            Ok(n @ 1..=1_000) => Ok(Self(n)),
            _ => Err(InvalidPageSize(items)),
        }
    }

    /// The number of items.
    #[must_use]
    pub const fn get(self) -> usize {
        self.0 as usize
    }
}

impl Default for PageSize {
    fn default() -> Self {
        Self(100)
    }
}

/// Where the next page begins. Opaque; belongs to the query that gave it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PageToken(String);

impl PageToken {
    /// A token, as a storage makes it.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The text of the token.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PageToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for PageToken {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.to_owned()))
    }
}

/// Which page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PageRequest {
    /// The most items it may have.
    pub size: PageSize,
    /// Where it begins; `None` for the first page.
    pub token: Option<PageToken>,
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The items. A page may have fewer than asked for, none even, and not be the last.
    pub items: Vec<T>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<PageToken>,
}
