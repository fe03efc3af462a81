//! A set of few things: sorted, each once, in one block of just their size. A tree would take room for eleven where most packages have one.

use std::{
    fmt::{self, Debug},
    ops::Deref,
    vec,
};

/// A set that is read like a slice. Inserting takes as long as it is.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Few<T>(Vec<T>);

impl<T> Few<T> {
    /// Of nothing.
    pub const fn new() -> Self {
        Self(Vec::new())
    }
}

impl<T: Ord> Few<T> {
    /// Adds one that may be there already.
    pub fn insert(&mut self, one: T) {
        if let Err(place) = self.0.binary_search(&one) {
            self.0.reserve_exact(1);
            self.0.insert(place, one);
        }
    }
}

impl<T> Default for Few<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Debug> Debug for Few<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(&self.0).finish()
    }
}

impl<T> Deref for Few<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T: Ord> Extend<T> for Few<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, more: I) {
        for one in more {
            self.insert(one);
        }
    }
}

impl<T: Ord> FromIterator<T> for Few<T> {
    fn from_iter<I: IntoIterator<Item = T>>(all: I) -> Self {
        let mut few = Self::new();
        few.extend(all);
        few
    }
}

impl<T: Ord, const N: usize> From<[T; N]> for Few<T> {
    fn from(all: [T; N]) -> Self {
        all.into_iter().collect()
    }
}

impl<T> IntoIterator for Few<T> {
    type IntoIter = vec::IntoIter<T>;
    type Item = T;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_holds_what_a_tree_would(all: Vec<u8>) {
            let (few, tree): (Few<u8>, BTreeSet<u8>) = (all.iter().copied().collect(), all.into_iter().collect());
            prop_assert!(few.iter().eq(&tree));
            prop_assert!(few.into_iter().eq(tree));
        }
    }
}
