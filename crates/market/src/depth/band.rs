//! One side of a book by price: dense near the touch, sparse far away.
//!
//! Nearly all that happens in a market happens within a few hundred ticks of the best price. A
//! [`Band`] keeps a window of [`WINDOW`] ticks there as an array, with a bit for each tick, so
//! that a look-up is an index and the next best price two counts of zeros. All other prices lie
//! in an ordered map, so a price a million million ticks away costs one entry. The window moves
//! when the market has left it, and only after as many misses as pay for the move.

use std::collections::BTreeMap;

use super::{BookSide, Ticks};

/// Ticks that lie in the array: 256 words of 64 bits, so four more words say which are not empty.
pub const WINDOW: i64 = 16_384;
const WORDS: usize = WINDOW as usize / 64;
/// Where in the window its best price is put: what rests lies behind it, and it may improve.
const ANCHOR: i64 = WINDOW / 8 * 7;
/// The best price may stand between this and the end of the window before it is moved.
const COMFORT: i64 = WINDOW / 2;
/// Misses after which a window that the market has left is moved.
const PATIENCE: u32 = 512;
/// Stands for "no price"; no key of a price in range is as small.
const NOWHERE: i64 = i64::MIN;

/// What rests on one side of a book, by price, best first.
#[derive(Debug, Clone)]
pub struct Band<V> {
    side: BookSide,
    /// First key of the window.
    low: i64,
    cells: Vec<V>,
    used: Used,
    /// All outside the window.
    far: BTreeMap<i64, V>,
    far_best: i64,
    best: i64,
    misses: u32,
}

impl<V: Copy + Default> Band<V> {
    /// A side on which nothing rests. Takes no memory until something does.
    pub fn new(side: BookSide) -> Band<V> {
        Band {
            side,
            low: 0,
            cells: Vec::new(),
            used: Used::NONE,
            far: BTreeMap::new(),
            far_best: NOWHERE,
            best: NOWHERE,
            misses: 0,
        }
    }

    /// The best price at which something rests.
    #[inline]
    pub fn best(&self) -> Option<Ticks> {
        (self.best != NOWHERE).then(|| self.price(self.best))
    }

    /// True where nothing rests.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.best == NOWHERE
    }

    /// What rests at a price.
    #[inline]
    pub fn get(&self, price: Ticks) -> Option<&V> {
        let key = self.key(price);
        match self.offset(key) {
            Some(at) if self.used.has(at) => self.cells.get(at),
            Some(_) => None,
            None => self.far.get(&key),
        }
    }

    /// What rests at a price, to be changed.
    #[inline]
    pub fn get_mut(&mut self, price: Ticks) -> Option<&mut V> {
        let key = self.key(price);
        match self.offset(key) {
            Some(at) if self.used.has(at) => self.cells.get_mut(at),
            Some(_) => None,
            None => self.far.get_mut(&key),
        }
    }

    /// What rests at a price; where nothing did, the default does from now on.
    #[inline]
    pub fn open(&mut self, price: Ticks) -> &mut V {
        let key = self.key(price);
        if self.offset(key).is_none() || self.cells.is_empty() {
            self.miss(key);
        }
        self.best = self.best.max(key);
        let Some(at) = self.offset(key) else {
            self.far_best = self.far_best.max(key);
            return self.far.entry(key).or_default();
        };
        if !self.used.has(at) {
            self.used.mark(at);
            self.cells[at] = V::default();
        }
        &mut self.cells[at]
    }

    /// Takes away what rests at a price.
    #[inline]
    pub fn remove(&mut self, price: Ticks) -> Option<V> {
        let key = self.key(price);
        let Some(at) = self.offset(key) else { return self.remove_far(key) };
        if !self.used.has(at) {
            return None;
        }
        self.used.unmark(at);
        if key == self.best {
            self.best = self.best_near().max(self.far_best);
        }
        Some(self.cells[at])
    }

    /// Takes everything away.
    pub fn clear(&mut self) {
        self.used = Used::NONE;
        self.far.clear();
        self.far_best = NOWHERE;
        self.best = NOWHERE;
    }

    /// All that rests, best first.
    pub fn iter(&self) -> impl Iterator<Item = (Ticks, &V)> {
        let end = self.low + WINDOW;
        let better = self.far.range(end..).rev();
        let worse = self.far.range(..self.low).rev();
        let near = self.used.descending();
        let near = near.map(|at| (self.price(self.low + at as i64), &self.cells[at]));
        let far = |(key, value): (&i64, _)| (self.price(*key), value);
        better.map(far).chain(near).chain(worse.map(far))
    }

    /// Prices of both sides as numbers of which the greatest is the best.
    #[inline]
    const fn key(&self, price: Ticks) -> i64 {
        match self.side {
            BookSide::Bid => price.0,
            BookSide::Ask => price.0.wrapping_neg(),
        }
    }

    #[inline]
    const fn price(&self, key: i64) -> Ticks {
        match self.side {
            BookSide::Bid => Ticks(key),
            BookSide::Ask => Ticks(-key),
        }
    }

    #[inline]
    const fn offset(&self, key: i64) -> Option<usize> {
        let at = key.wrapping_sub(self.low);
        if at >= 0 && at < WINDOW { Some(at as usize) } else { None }
    }

    #[inline]
    fn best_near(&self) -> i64 {
        match self.used.highest() {
            Some(at) => self.low + at as i64,
            None => NOWHERE,
        }
    }

    #[cold]
    fn remove_far(&mut self, key: i64) -> Option<V> {
        let gone = self.far.remove(&key)?;
        self.misses = self.misses.saturating_add(1);
        if key == self.far_best {
            self.far_best = self.far.last_key_value().map_or(NOWHERE, |(last, _)| *last);
            self.best = self.best_near().max(self.far_best);
        }
        Some(gone)
    }

    /// Before something comes to rest outside the window: moves it where that pays.
    #[cold]
    fn miss(&mut self, key: i64) {
        self.misses = self.misses.saturating_add(1);
        let best = self.best.max(key);
        let is_lost = best.wrapping_sub(self.low) < COMFORT || best - self.low >= WINDOW;
        if self.used.highest().is_none() || (is_lost && self.misses >= PATIENCE) {
            self.move_to(best);
        }
    }

    /// Puts the window around a best price.
    fn move_to(&mut self, best: i64) {
        self.misses = 0;
        self.cells.resize(WINDOW as usize, V::default());
        let near = self.used.descending();
        let leaving: Vec<(i64, V)> =
            near.map(|at| (self.low + at as i64, self.cells[at])).collect();
        self.far.extend(leaving);
        self.used = Used::NONE;
        self.low = best - ANCHOR;
        let window = self.low..self.low + WINDOW;
        let entering: Vec<i64> = self.far.range(window).map(|(key, _)| *key).collect();
        for key in entering {
            let at = (key - self.low) as usize;
            if let Some(value) = self.far.remove(&key) {
                self.cells[at] = value;
                self.used.mark(at);
            }
        }
        self.far_best = self.far.last_key_value().map_or(NOWHERE, |(last, _)| *last);
    }
}

/// Which ticks of a window are not empty.
#[derive(Debug, Clone)]
struct Used {
    words: [u64; WORDS],
    /// Which words are not zero.
    summary: [u64; WORDS / 64],
}

impl Used {
    const NONE: Used = Used { words: [0; WORDS], summary: [0; WORDS / 64] };

    #[inline]
    const fn has(&self, at: usize) -> bool {
        self.words[at / 64] >> (at % 64) & 1 == 1
    }

    #[inline]
    const fn mark(&mut self, at: usize) {
        self.words[at / 64] |= 1 << (at % 64);
        self.summary[at / 4_096] |= 1 << (at / 64 % 64);
    }

    #[inline]
    const fn unmark(&mut self, at: usize) {
        self.words[at / 64] &= !(1 << (at % 64));
        if self.words[at / 64] == 0 {
            self.summary[at / 4_096] &= !(1 << (at / 64 % 64));
        }
    }

    #[inline]
    fn highest(&self) -> Option<usize> {
        let part = self.summary.iter().rposition(|part| *part != 0)?;
        let word = part * 64 + self.summary[part].checked_ilog2()? as usize;
        Some(word * 64 + self.words[word].checked_ilog2()? as usize)
    }

    /// Ticks that are not empty, from the highest.
    fn descending(&self) -> impl Iterator<Item = usize> {
        let parts = self.summary.iter().enumerate().rev();
        let words = parts.flat_map(|(part, bits)| Bits(*bits).map(move |bit| part * 64 + bit));
        words.flat_map(|word| Bits(self.words[word]).map(move |bit| word * 64 + bit))
    }
}

/// Bits of a word that are set, from the highest.
struct Bits(u64);

impl Iterator for Bits {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let bit = self.0.checked_ilog2()?;
        self.0 &= !(1 << bit);
        Some(bit as usize)
    }
}
