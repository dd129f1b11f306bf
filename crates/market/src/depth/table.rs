//! From the name of an order to where it lies.

use super::OrderKey;

/// Marks an empty entry.
const NONE: u32 = u32::MAX;

/// Where a key is not, and an entry for it could be written.
#[derive(Debug, Clone, Copy)]
pub struct Vacant(usize);

#[derive(Debug, Clone, Copy)]
struct Entry {
    /// High half of the key's hash: tells nearly all keys apart, so that an order is only looked
    /// at where it is very likely the one.
    hash: u32,
    at: u32,
}

const EMPTY: Entry = Entry { hash: 0, at: NONE };

/// A hash table of order keys with open addressing: eight bytes an entry, at most half full.
///
/// It doesn't hold the keys; whoever asks says which key lies at a place. Removal moves later
/// entries up (Knuth, The Art of Computer Programming, vol. 3, 2nd ed., §6.4, algorithm R), so
/// the table does not age.
#[derive(Debug, Clone)]
pub struct KeyTable {
    entries: Vec<Entry>,
    len: usize,
}

impl Default for KeyTable {
    fn default() -> KeyTable {
        KeyTable { entries: vec![EMPTY; 16], len: 0 }
    }
}

impl KeyTable {
    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// True where there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.entries.fill(EMPTY);
        self.len = 0;
    }

    /// Where a key lies; `key_at` tells which key lies at a place.
    #[inline]
    pub fn find(&self, key: OrderKey, key_at: impl Fn(u32) -> OrderKey) -> Option<u32> {
        self.probe(key, key_at).ok().map(|entry| self.entries[entry].at)
    }

    /// Where a key lies, or where it may be written with [`KeyTable::insert`].
    #[inline]
    pub fn find_or_vacant(
        &mut self,
        key: OrderKey,
        key_at: impl Fn(u32) -> OrderKey,
    ) -> Result<u32, Vacant> {
        if (self.len + 1) * 2 > self.entries.len() {
            self.grow();
        }
        match self.probe(key, key_at) {
            Ok(entry) => Ok(self.entries[entry].at),
            Err(entry) => Err(Vacant(entry)),
        }
    }

    /// Writes a key that was just found to be absent.
    #[inline]
    pub fn insert(&mut self, vacant: Vacant, key: OrderKey, at: u32) {
        self.entries[vacant.0] = Entry { hash: hash(key), at };
        self.len += 1;
    }

    /// Forgets a key; where it lay.
    #[inline]
    pub fn remove(&mut self, key: OrderKey, key_at: impl Fn(u32) -> OrderKey) -> Option<u32> {
        let entry = self.probe(key, key_at).ok()?;
        let gone = self.entries[entry].at;
        self.close(entry);
        self.len -= 1;
        Some(gone)
    }

    #[inline]
    fn probe(&self, key: OrderKey, key_at: impl Fn(u32) -> OrderKey) -> Result<usize, usize> {
        let mask = self.entries.len() - 1;
        let hash = hash(key);
        let mut entry = hash as usize & mask;
        loop {
            let found = self.entries[entry];
            if found.at == NONE {
                return Err(entry);
            }
            if found.hash == hash && key_at(found.at) == key {
                return Ok(entry);
            }
            entry = (entry + 1) & mask;
        }
    }

    /// Moves up what stands behind a hole and would not be found across it.
    #[inline]
    fn close(&mut self, hole: usize) {
        let mask = self.entries.len() - 1;
        let mut hole = hole;
        let mut entry = hole;
        loop {
            entry = (entry + 1) & mask;
            let found = self.entries[entry];
            if found.at == NONE {
                break;
            }
            let home = found.hash as usize & mask;
            if entry.wrapping_sub(home) & mask >= entry.wrapping_sub(hole) & mask {
                self.entries[hole] = found;
                hole = entry;
            }
        }
        self.entries[hole] = EMPTY;
    }

    #[cold]
    fn grow(&mut self) {
        let mask = self.entries.len() * 2 - 1;
        let old = std::mem::replace(&mut self.entries, vec![EMPTY; mask + 1]);
        for found in old.into_iter().filter(|found| found.at != NONE) {
            let mut entry = found.hash as usize & mask;
            while self.entries[entry].at != NONE {
                entry = (entry + 1) & mask;
            }
            self.entries[entry] = found;
        }
    }
}

/// Fibonacci hashing (Knuth, vol. 3, 2nd ed., §6.4): venues number orders one after the other,
/// and such keys are spread evenly.
#[inline]
const fn hash(key: OrderKey) -> u32 {
    let folded = key.0 ^ (key.0 >> 32);
    (folded.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as u32
}
