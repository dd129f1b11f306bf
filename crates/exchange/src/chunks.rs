//! A list that only grows, in pieces that copies of it share: a copy costs no more than its
//! pieces, however much they hold.

use std::ops::{Index, IndexMut};
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Values of one piece.
const PIECE: usize = 256;

/// The list. A piece that a copy still holds is copied before it is changed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Chunks<T> {
    /// Each full but the last.
    pieces: Vec<Arc<Vec<T>>>,
}

impl<T> Default for Chunks<T> {
    fn default() -> Chunks<T> {
        Chunks { pieces: Vec::new() }
    }
}

impl<T> Chunks<T> {
    pub(crate) fn len(&self) -> usize {
        let last = self.pieces.last().map_or(0, |piece| piece.len());
        self.pieces.len().saturating_sub(1) * PIECE + last
    }

    pub(crate) fn get(&self, place: usize) -> Option<&T> {
        self.pieces.get(place / PIECE)?.get(place % PIECE)
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.pieces.iter().flat_map(|piece| piece.iter())
    }

    /// The first place whose value does not meet a condition that all before it meet.
    pub(crate) fn partition_point(&self, condition: impl Fn(&T) -> bool) -> usize {
        let whole = |piece: &Arc<Vec<T>>| piece.last().is_some_and(&condition);
        let piece = self.pieces.partition_point(whole);
        let inside = self.pieces.get(piece).map_or(0, |piece| piece.partition_point(&condition));
        (piece * PIECE + inside).min(self.len())
    }
}

impl<T: Clone> Chunks<T> {
    pub(crate) fn push(&mut self, value: T) {
        match self.pieces.last_mut() {
            Some(last) if last.len() < PIECE => Arc::make_mut(last).push(value),
            _ => self.pieces.push(Arc::new(vec![value])),
        }
    }

    pub(crate) fn pop(&mut self) -> Option<T> {
        let last = self.pieces.last_mut()?;
        let value = Arc::make_mut(last).pop();
        if last.is_empty() {
            self.pieces.pop();
        }
        value
    }
}

impl<T> Index<usize> for Chunks<T> {
    type Output = T;

    fn index(&self, place: usize) -> &T {
        &self.pieces[place / PIECE][place % PIECE]
    }
}

impl<T: Clone> IndexMut<usize> for Chunks<T> {
    fn index_mut(&mut self, place: usize) -> &mut T {
        &mut Arc::make_mut(&mut self.pieces[place / PIECE])[place % PIECE]
    }
}

impl<T: Serialize> Serialize for Chunks<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Chunks<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Chunks<T>, D::Error> {
        let mut values = Vec::<T>::deserialize(deserializer)?.into_iter();
        let mut pieces = Vec::new();
        loop {
            let piece: Vec<T> = values.by_ref().take(PIECE).collect();
            if piece.is_empty() {
                return Ok(Chunks { pieces });
            }
            pieces.push(Arc::new(piece));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(count: usize) -> Chunks<usize> {
        let mut list = Chunks::default();
        (0..count).for_each(|value| list.push(value));
        list
    }

    #[test]
    fn a_copy_stays_as_it_was() {
        for count in [1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE] {
            let mut list = list(count);
            let copy = list.clone();
            list[count - 1] = 7_777;
            list.push(8_888);
            assert_eq!((list.len(), copy.len()), (count + 1, count));
            assert_eq!((list[count - 1], copy[count - 1]), (7_777, count - 1));
            assert_eq!((list.pop(), list.pop()), (Some(8_888), Some(7_777)));
            assert_eq!((list.len(), list.get(count - 1)), (count - 1, None));
        }
    }

    #[test]
    fn it_is_written_and_searched_as_a_plain_list_is() {
        for count in [0, 1, PIECE, 2 * PIECE + 3] {
            let (list, plain) = (list(count), (0..count).collect::<Vec<usize>>());
            let text = serde_json::to_string(&plain).unwrap();
            assert_eq!(serde_json::to_string(&list).unwrap(), text);
            assert_eq!(serde_json::from_str::<Chunks<usize>>(&text).unwrap(), list);
            assert!(list.iter().rev().eq(plain.iter().rev()));
            for wanted in [0, 1, PIECE, count] {
                let place = list.partition_point(|value| *value < wanted);
                assert_eq!(place, wanted.min(count));
            }
        }
    }
}
