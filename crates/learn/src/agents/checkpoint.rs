//! Checkpoints: named arrays behind a JSON header, with a digest over all of it.
//!
//! ```text
//! "trimtab agent 1\n" | header length, u64 | header, JSON | arrays | SHA-256, 64 digits
//! ```
//! All numbers are little-endian. The header names each array with its kind and length, so a
//! reader trusts no length that the bytes do not bear out. Nothing in it is code.

use std::collections::BTreeMap;

use base::Digest;
use serde::{Deserialize, Serialize};

use crate::Error;

const MAGIC: &[u8] = b"trimtab agent 1\n";
const DIGITS: usize = 64;

/// Named arrays and a card.
#[derive(Debug, Clone, PartialEq)]
pub struct Archive {
    card: serde_json::Value,
    arrays: BTreeMap<String, Array>,
}

#[derive(Debug, Clone, PartialEq)]
enum Array {
    F32(Vec<f32>),
    F64(Vec<f64>),
    U64(Vec<u64>),
    U8(Vec<u8>),
}

#[derive(Serialize, Deserialize)]
struct Header {
    card: serde_json::Value,
    arrays: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    name: String,
    kind: Kind,
    len: u64,
}

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    F32,
    F64,
    U64,
    U8,
}

fn refuse<T>(what: impl Into<String>) -> Result<T, Error> {
    Err(Error::ReadCheckpoint { what: what.into() })
}

impl Archive {
    /// A card without arrays.
    pub fn new(card: impl Serialize) -> Result<Archive, Error> {
        let card = serde_json::to_value(card)
            .map_err(|source| Error::WriteJson { what: "checkpoint", source })?;
        Ok(Archive { card, arrays: BTreeMap::new() })
    }

    /// The card.
    pub fn card<'a, T: Deserialize<'a>>(&'a self) -> Result<T, Error> {
        T::deserialize(&self.card)
            .map_err(|error| Error::ReadCheckpoint { what: format!("its card: {error}") })
    }

    /// Adds an array.
    pub fn put_f32(&mut self, name: &str, values: Vec<f32>) {
        self.arrays.insert(name.to_owned(), Array::F32(values));
    }

    /// Adds an array.
    pub fn put_f64(&mut self, name: &str, values: Vec<f64>) {
        self.arrays.insert(name.to_owned(), Array::F64(values));
    }

    /// Adds an array.
    pub fn put_u64(&mut self, name: &str, values: Vec<u64>) {
        self.arrays.insert(name.to_owned(), Array::U64(values));
    }

    /// Adds bytes, of another archive for example.
    pub fn put_bytes(&mut self, name: &str, bytes: Vec<u8>) {
        self.arrays.insert(name.to_owned(), Array::U8(bytes));
    }

    /// The bytes of that name.
    pub fn bytes(&self, name: &str) -> Result<&[u8], Error> {
        match self.arrays.get(name) {
            Some(Array::U8(bytes)) => Ok(bytes),
            _ => refuse(format!("it holds no bytes {name:?}")),
        }
    }

    /// The array of that name and length.
    pub fn f32(&self, name: &str, len: usize) -> Result<&[f32], Error> {
        match self.arrays.get(name) {
            Some(Array::F32(values)) => sized(name, values, len),
            _ => refuse(format!("it holds no array {name:?} of this kind of agent")),
        }
    }

    /// The array of that name and length.
    pub fn f64(&self, name: &str, len: usize) -> Result<&[f64], Error> {
        match self.arrays.get(name) {
            Some(Array::F64(values)) => sized(name, values, len),
            _ => refuse(format!("it holds no array {name:?} of this kind of agent")),
        }
    }

    /// The array of that name and length.
    pub fn u64(&self, name: &str, len: usize) -> Result<&[u64], Error> {
        match self.arrays.get(name) {
            Some(Array::U64(values)) => sized(name, values, len),
            _ => refuse(format!("it holds no array {name:?} of this kind of agent")),
        }
    }

    /// All of it as bytes.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        let entry = |(name, array): (&String, &Array)| {
            let (kind, len) = match array {
                Array::F32(values) => (Kind::F32, values.len()),
                Array::F64(values) => (Kind::F64, values.len()),
                Array::U64(values) => (Kind::U64, values.len()),
                Array::U8(values) => (Kind::U8, values.len()),
            };
            Entry { name: name.clone(), kind, len: len as u64 }
        };
        let arrays = self.arrays.iter().map(entry).collect();
        let header = serde_json::to_vec(&Header { card: self.card.clone(), arrays })
            .map_err(|source| Error::WriteJson { what: "checkpoint", source })?;
        let mut bytes = MAGIC.to_vec();
        bytes.extend((header.len() as u64).to_le_bytes());
        bytes.extend(header);
        for array in self.arrays.values() {
            match array {
                Array::F32(values) => values.iter().for_each(|v| bytes.extend(v.to_le_bytes())),
                Array::F64(values) => values.iter().for_each(|v| bytes.extend(v.to_le_bytes())),
                Array::U64(values) => values.iter().for_each(|v| bytes.extend(v.to_le_bytes())),
                Array::U8(values) => bytes.extend_from_slice(values),
            }
        }
        let digest = Digest::of(&bytes);
        bytes.extend(digest.as_str().as_bytes());
        Ok(bytes)
    }

    /// Reads what [`Archive::to_bytes`] wrote. Bytes cut short, changed or of something else are
    /// refused before anything in them is trusted.
    pub fn from_bytes(bytes: &[u8]) -> Result<Archive, Error> {
        let Some(rest) = bytes.strip_prefix(MAGIC) else {
            return refuse("it does not begin as a checkpoint of an agent; was the file mistaken?");
        };
        if rest.len() < 8 + DIGITS {
            return refuse(format!("{} bytes are too few; the file was cut short", bytes.len()));
        }
        let (body, wanted) = bytes.split_at(bytes.len() - DIGITS);
        let found = Digest::of(body);
        if found.as_str().as_bytes() != wanted {
            return refuse(format!(
                "its {} bytes do not have the digest at its end; the file was cut short or changed",
                bytes.len()
            ));
        }
        let rest = &rest[..rest.len() - DIGITS];
        let (len, rest) = rest.split_at(8);
        let len = len.iter().rev().fold(0u64, |len, byte| len << 8 | u64::from(*byte));
        let Some((header, mut rest)) =
            usize::try_from(len).ok().and_then(|at| rest.split_at_checked(at))
        else {
            return refuse("its header is longer than the file");
        };
        let header: Header = serde_json::from_slice(header)
            .map_err(|error| Error::ReadCheckpoint { what: format!("its header: {error}") })?;
        let mut arrays = BTreeMap::new();
        for entry in header.arrays {
            let (array, left) = take(&entry, rest)?;
            rest = left;
            arrays.insert(entry.name, array);
        }
        match rest.is_empty() {
            true => Ok(Archive { card: header.card, arrays }),
            false => refuse(format!("{} bytes follow the last array", rest.len())),
        }
    }
}

fn sized<'a, T>(name: &str, values: &'a [T], len: usize) -> Result<&'a [T], Error> {
    match values.len() == len {
        true => Ok(values),
        false => refuse(format!(
            "array {name:?} has {} values for {len}; it is of an agent of another shape",
            values.len()
        )),
    }
}

fn take<'a>(entry: &Entry, bytes: &'a [u8]) -> Result<(Array, &'a [u8]), Error> {
    let size = match entry.kind {
        Kind::U8 => 1,
        Kind::F32 => 4,
        Kind::F64 | Kind::U64 => 8,
    };
    let len = usize::try_from(entry.len).ok().and_then(|len| len.checked_mul(size));
    let Some((held, rest)) = len.and_then(|len| bytes.split_at_checked(len)) else {
        return refuse(format!("array {:?} is longer than the file", entry.name));
    };
    let (fours, eights) = (held.as_chunks::<4>().0, held.as_chunks::<8>().0);
    let array = match entry.kind {
        Kind::U8 => Array::U8(held.to_vec()),
        Kind::F32 => Array::F32(fours.iter().map(|b| f32::from_le_bytes(*b)).collect()),
        Kind::F64 => Array::F64(eights.iter().map(|b| f64::from_le_bytes(*b)).collect()),
        Kind::U64 => Array::U64(eights.iter().map(|b| u64::from_le_bytes(*b)).collect()),
    };
    Ok((array, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive() -> Archive {
        let mut archive = Archive::new("a card").unwrap();
        archive.put_f32("a", vec![1.5, f32::NAN, -0.0]);
        archive.put_f64("b", vec![0.1]);
        archive.put_u64("c", vec![u64::MAX, 0]);
        archive.put_bytes("d", vec![7, 0, 255]);
        archive
    }

    #[test]
    fn every_bit_comes_back() {
        let read = Archive::from_bytes(&archive().to_bytes().unwrap()).unwrap();
        let bits = |archive: &Archive| -> Vec<u32> {
            archive.f32("a", 3).unwrap().iter().map(|v| v.to_bits()).collect()
        };
        assert_eq!(bits(&read), bits(&archive()));
        assert_eq!(
            (read.f64("b", 1).unwrap(), read.u64("c", 2).unwrap()),
            (&[0.1][..], &[u64::MAX, 0][..])
        );
        assert_eq!(read.bytes("d").unwrap(), [7, 0, 255]);
        assert_eq!(read.card::<String>().unwrap(), "a card");
    }

    #[test]
    fn bytes_cut_short_at_any_place_are_refused() {
        let bytes = archive().to_bytes().unwrap();
        for len in 0..bytes.len() {
            assert!(matches!(
                Archive::from_bytes(&bytes[..len]),
                Err(Error::ReadCheckpoint { .. })
            ));
        }
    }

    #[test]
    fn a_changed_byte_is_refused() {
        let bytes = archive().to_bytes().unwrap();
        for at in (0..bytes.len()).step_by(7) {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(Archive::from_bytes(&changed).is_err(), "{at}");
        }
    }

    #[test]
    fn an_array_of_another_length_is_named() {
        let told = archive().f32("a", 4).unwrap_err().to_string();
        assert!(told.contains("\"a\" has 3 values for 4"), "{told}");
    }
}
