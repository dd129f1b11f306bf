//! All randomness comes from one seed through a named tree.
//!
//! A node is reached by names and indices, never by the order in which numbers were drawn, so a
//! result does not depend on how many threads did the work.
//!
//! ```
//! use base::Seed;
//! let root = Seed::root(7);
//! let a = root.child("trials").index(3);
//! assert_eq!(a, Seed::root(7).child("trials").index(3));
//! assert_ne!(a, root.child("trials").index(4));
//! ```

use rand::{RngExt as _, SeedableRng};
use serde::{Deserialize, Serialize};

/// The generator behind every seed: xoshiro256++ (Blackman and Vigna 2019).
pub type Rng = rand_xoshiro::Xoshiro256PlusPlus;

/// A node of the tree of randomness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seed(u64);

impl Seed {
    /// The root of a tree.
    pub const fn root(seed: u64) -> Seed {
        Seed(mix(seed ^ 0x7472_696d_7461_6221))
    }

    /// The child of that name.
    pub fn child(self, name: &str) -> Seed {
        let mut state = self.0;
        for byte in name.bytes() {
            state = mix(state ^ u64::from(byte));
        }
        Seed(mix(state ^ name.len() as u64 ^ 0xa5a5_a5a5_0000_0000))
    }

    /// The child of that number.
    pub const fn index(self, index: u64) -> Seed {
        Seed(mix(self.0 ^ mix(index.wrapping_add(0x9e37_79b9_7f4a_7c15))))
    }

    /// A generator that starts at this node.
    pub fn rng(self) -> Rng {
        Rng::seed_from_u64(self.0)
    }

    /// Puts items in a random order (Fisher and Yates), with the draws of this node.
    pub fn shuffle<T>(self, items: &mut [T]) {
        let mut rng = self.rng();
        for at in (1..items.len()).rev() {
            items.swap(at, rng.random_range(0..=at));
        }
    }

    /// The node that [`Seed::number`] named.
    pub const fn from_number(number: u64) -> Seed {
        Seed(number)
    }

    /// The node as a number, for records.
    pub const fn number(self) -> u64 {
        self.0
    }
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood 2014).
const fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng as _;
    use std::collections::BTreeSet;

    #[test]
    fn siblings_differ() {
        let root = Seed::root(1);
        let nodes: BTreeSet<u64> = (0..10_000).map(|i| root.index(i).number()).collect();
        assert_eq!(nodes.len(), 10_000);
        assert_ne!(root.child("ab").child("c"), root.child("a").child("bc"));
    }

    #[test]
    fn a_recorded_node_comes_back() {
        let node = Seed::root(3).child("trial").index(8);
        assert_eq!(Seed::from_number(node.number()), node);
    }

    #[test]
    fn a_shuffle_keeps_all_and_hangs_on_the_seed() {
        let order = |seed: u64| {
            let mut items: Vec<usize> = (0..100).collect();
            Seed::root(seed).shuffle(&mut items);
            items
        };
        assert_eq!(order(1), order(1));
        assert_ne!(order(1), order(2));
        assert_eq!(order(1).into_iter().collect::<BTreeSet<_>>().len(), 100);
    }

    #[test]
    fn one_seed_one_stream() {
        let draw = |seed: u64| Seed::root(seed).child("x").rng().next_u64();
        assert_eq!(draw(5), draw(5));
        assert_ne!(draw(5), draw(6));
    }
}
