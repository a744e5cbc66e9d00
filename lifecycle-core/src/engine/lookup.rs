//! Looking things up by id, and sorting them by cluster, without comparing more text than must be.
use core::cmp::Ordering;

use serde::Serialize;

use crate::prelude::*;

/// Sorts; what is equal twice, by its JSON, so that the input's order never matters.
pub(crate) fn in_order<T: Serialize>(list: &mut [T], by: impl Fn(&T, &T) -> Ordering) {
    if list.is_sorted_by(|a, b| by(a, b).is_lt()) {
        return;
    }
    list.sort_by(|a, b| by(a, b));
    for run in list.chunk_by_mut(|a, b| by(a, b).is_eq()) {
        if run.len() > 1 {
            run.sort_by_cached_key(|x| serde_json::to_string(x).unwrap_or_default());
        }
    }
}

/// The first eight bytes, as a number of the same order.
pub(crate) fn beginning(id: &str) -> u64 {
    let mut head = [0; 8];
    let n = id.len().min(head.len());
    head[..n].copy_from_slice(&id.as_bytes()[..n]);
    u64::from_be_bytes(head)
}

/// Ids in ascending order, each once. MAAS's own fit into their beginnings in whole, so that looking one up stays within one list of numbers.
pub(crate) struct Ids<'a> {
    beginnings: Vec<u64>,
    ids: Vec<&'a str>,
}

impl<'a> Ids<'a> {
    pub(crate) fn new(ascending: impl Iterator<Item = &'a str>) -> Self {
        let ids: Vec<&str> = ascending.collect();
        Self {
            beginnings: ids.iter().map(|id| beginning(id)).collect(),
            ids,
        }
    }

    /// Which one it is.
    pub(crate) fn find(&self, id: &str) -> Option<usize> {
        let key = beginning(id);
        let from = self.beginnings.partition_point(|k| *k < key);
        if *self.ids.get(from)? == id {
            return Some(from);
        }
        let len = self.beginnings[from..].partition_point(|k| *k == key);
        let alike = &self.ids[from..from + len];
        Some(from + alike.binary_search(&id).ok()?)
    }

    /// For each of these ids what belongs to it, in the list's order; and what belongs to none of them.
    pub(crate) fn share_out<'t, T>(
        &self,
        list: impl Iterator<Item = &'t T>,
        of: impl Fn(&T) -> &str,
    ) -> (Vec<Vec<&'t T>>, Vec<&'t T>) {
        let mut shares = vec![Vec::new(); self.ids.len()];
        let mut strangers = Vec::new();
        // Neighbours mostly belong together.
        let mut last = 0;
        for x in list {
            let id = of(x);
            if self.ids.get(last).is_none_or(|known| *known != id) {
                let Some(at) = self.find(id) else {
                    strangers.push(x);
                    continue;
                };
                last = at;
            }
            shares[last].push(x);
        }
        (shares, strangers)
    }
}
