//! The last values of a series, in a fixed block of memory.

/// The last `len` values. Until it is full, the places not yet written read as zero.
#[derive(Debug, Clone)]
pub(crate) struct Ring {
    values: Box<[f64]>,
    next: usize,
}

impl Ring {
    /// An empty ring for that many values, at least one.
    pub(crate) fn new(len: usize) -> Ring {
        Ring { values: vec![0.0; len.max(1)].into_boxed_slice(), next: 0 }
    }

    /// Puts a value in and gives back the oldest of the ring, the new value counted: the one
    /// `len` − 1 pushes ago.
    #[inline]
    pub(crate) fn push(&mut self, value: f64) -> f64 {
        self.values[self.next] = value;
        self.next += 1;
        if self.next >= self.values.len() {
            self.next = 0;
        }
        self.values[self.next]
    }

    /// All places in the order of memory, for sums that don't mind it.
    pub(crate) fn places(&self) -> &[f64] {
        &self.values
    }

    /// The older and the newer values, each part from the oldest to the newest. Slices, so that
    /// a cold call can take them and the ring itself stay in registers.
    #[inline]
    pub(crate) fn halves(&self) -> [&[f64]; 2] {
        let (newer, older) = self.values.split_at(self.next);
        [older, newer]
    }

    /// All places from the oldest to the newest.
    #[inline]
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = f64> + '_ {
        let [older, newer] = self.halves();
        older.iter().chain(newer).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn push_gives_the_oldest_with_the_new_one_counted() {
        let mut ring = Ring::new(3);
        let given: Vec<f64> = (1..=6).map(|i| ring.push(f64::from(i))).collect();
        assert_eq!(given, [0.0, 0.0, 1.0, 2.0, 3.0, 4.0]);
        assert_eq!(ring.iter().collect::<Vec<_>>(), [4.0, 5.0, 6.0]);
    }

    #[test]
    fn a_ring_of_one_gives_back_what_it_took() {
        let mut ring = Ring::new(1);
        assert_eq!([ring.push(4.0), ring.push(5.0)], [4.0, 5.0]);
    }
}
