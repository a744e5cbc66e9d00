//! A list that keeps what it could read and says what it could not.

use std::ops::Deref;

use crate::Error;

/// The elements of an answer, plus one error for each element that could not be read.
///
/// It dereferences to a slice of the readable elements. [`List::complete`] turns an unreadable element into an error
/// for callers who need all or nothing.
#[derive(Debug)]
pub struct List<T> {
    items: Vec<T>,
    unreadable: Vec<Error>,
}

impl<T> List<T> {
    /// A list of readable elements and the errors of the others.
    pub fn new(items: Vec<T>, unreadable: Vec<Error>) -> Self {
        Self { items, unreadable }
    }

    /// Adds an element, or the error of one that could not be read.
    pub(crate) fn push(&mut self, element: Result<T, Error>) {
        match element {
            Ok(item) => self.items.push(item),
            Err(error) => self.unreadable.push(error),
        }
    }

    /// One [`Decode`](crate::ErrorKind::Decode) error, with its JSON path, for each element that could not be read.
    pub fn unreadable(&self) -> &[Error] {
        &self.unreadable
    }

    /// All elements, or the error of the first one that could not be read.
    ///
    /// # Errors
    /// The first of [`List::unreadable`].
    pub fn complete(self) -> Result<Vec<T>, Error> {
        match self.unreadable.into_iter().next() {
            Some(error) => Err(error),
            None => Ok(self.items),
        }
    }

    /// The readable elements.
    pub fn into_items(self) -> Vec<T> {
        self.items
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self::new(Vec::new(), Vec::new())
    }
}

impl<T> Deref for List<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.items
    }
}

impl<T> IntoIterator for List<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a List<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.iter()
    }
}

impl<T> FromIterator<Result<T, Error>> for List<T> {
    fn from_iter<I: IntoIterator<Item = Result<T, Error>>>(results: I) -> Self {
        let mut list = Self::default();
        for result in results {
            list.push(result);
        }
        list
    }
}
