//! Address ranges as exact intervals of integers.

use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use crate::prelude::*;

/// All addresses from `first` to `last`, both included. IPv4 and IPv6 never meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Interval {
    v6: bool,
    first: u128,
    last: u128,
}

impl From<IpNet> for Interval {
    fn from(net: IpNet) -> Self {
        match net {
            IpNet::V4(net) => Self {
                v6: false,
                first: u32::from(net.network()).into(),
                last: u32::from(net.broadcast()).into(),
            },
            IpNet::V6(net) => Self {
                v6: true,
                first: net.network().into(),
                last: net.broadcast().into(),
            },
        }
    }
}

impl Interval {
    pub(super) fn intersection(self, other: Self) -> Option<Self> {
        let (first, last) = (self.first.max(other.first), self.last.min(other.last));
        (self.v6 == other.v6 && first <= last).then_some(Self {
            v6: self.v6,
            first,
            last,
        })
    }

    /// Whether it ends no earlier, within the same address family.
    pub(super) fn reaches_as_far_as(self, other: Self) -> bool {
        self.v6 == other.v6 && self.last >= other.last
    }

    fn address(self, n: u128) -> IpAddr {
        match u32::try_from(n) {
            Ok(n) if !self.v6 => IpAddr::V4(Ipv4Addr::from(n)),
            _ => IpAddr::V6(Ipv6Addr::from(n)),
        }
    }
}

/// `192.168.10.0–192.168.10.255`.
impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}–{}",
            self.address(self.first),
            self.address(self.last)
        )
    }
}

/// Intervals that can be asked, in logarithmic time, for one that meets another.
pub(super) struct Index<T> {
    sorted: Vec<(Interval, T)>,
    /// For each position, where the interval that ends last among those up to here stands (of the same address family).
    reach: Vec<usize>,
}

impl<T> Index<T> {
    pub(super) fn new(items: impl IntoIterator<Item = (Interval, T)>) -> Self {
        let mut sorted: Vec<(Interval, T)> = items.into_iter().collect();
        sorted.sort_by_key(|(interval, _)| *interval);
        let mut reach: Vec<usize> = Vec::with_capacity(sorted.len());
        for (here, (interval, _)) in sorted.iter().enumerate() {
            let best = match reach.last() {
                Some(&best) if sorted[best].0.reaches_as_far_as(*interval) => best,
                _ => here,
            };
            reach.push(best);
        }
        Self { sorted, reach }
    }

    /// One interval that meets `wanted`: the one that reaches furthest.
    pub(super) fn meeting(&self, wanted: Interval) -> Option<(Interval, &T)> {
        let behind = self
            .sorted
            .partition_point(|(i, _)| (i.v6, i.first) <= (wanted.v6, wanted.last));
        let (interval, item) = &self.sorted[*self.reach.get(behind.checked_sub(1)?)?];
        interval.intersection(wanted).map(|common| (common, item))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn interval(text: &str) -> Interval {
        text.parse::<IpNet>().unwrap().into()
    }

    #[test]
    fn the_whole_of_both_families_fits() {
        assert_eq!(interval("0.0.0.0/0").to_string(), "0.0.0.0–255.255.255.255");
        assert_eq!(
            interval("::/0").to_string(),
            "::–ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
        );
        assert_eq!(interval("::/0").intersection(interval("0.0.0.0/0")), None);
        assert_eq!(
            interval("10.1.2.3/8").to_string(),
            "10.0.0.0–10.255.255.255"
        );
    }

    fn net() -> impl Strategy<Value = IpNet> {
        let v4 = (any::<u8>(), 0_u8..=32)
            .prop_map(|(a, p)| IpNet::new(Ipv4Addr::new(10, a & 7, a, 0).into(), p).unwrap());
        let v6 = (any::<u8>(), 0_u8..=128).prop_map(|(a, p)| {
            IpNet::new(
                Ipv6Addr::new(a.into(), 0, 0, 0, 0, 0, 0, a.into()).into(),
                p,
            )
            .unwrap()
        });
        prop_oneof![v4, v6]
    }

    proptest! {
        #[test]
        fn the_index_agrees_with_trying_every_pair(nets in prop::collection::vec(net(), 0..12), wanted in net()) {
            let index = Index::new(nets.iter().map(|n| (Interval::from(*n), *n)));
            let overlaps = |a: &IpNet, b: &IpNet| a.contains(b) || b.contains(a);
            match index.meeting(wanted.into()) {
                Some((_, found)) => prop_assert!(overlaps(found, &wanted)),
                None => prop_assert!(nets.iter().all(|n| !overlaps(n, &wanted))),
            }
        }
    }
}
