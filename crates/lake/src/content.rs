//! Hash of values, whatever their encoding: what "reads back exactly" means.

use arrow::array::{Array, AsArray};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Float64Type, Int32Type, Int64Type,
    TimestampMicrosecondType,
};
use arrow::record_batch::RecordBatch;
use base::Digest;
use base::hash::Hasher;
use rayon::prelude::*;

/// Hashes the values of batches column by column, so that where batches end does not matter.
#[derive(Debug, Default)]
pub(crate) struct ContentHasher {
    columns: Vec<Hasher>,
    rows: u64,
}

impl ContentHasher {
    /// Takes the next rows; all batches have the same columns.
    pub(crate) fn update(&mut self, batches: &[RecordBatch]) {
        let Some(first) = batches.first() else { return };
        self.columns.resize_with(first.num_columns(), Hasher::default);
        self.rows += batches.iter().map(|batch| batch.num_rows() as u64).sum::<u64>();
        self.columns.par_iter_mut().enumerate().for_each(|(index, hasher)| {
            let mut scratch = Vec::new();
            for batch in batches {
                scratch.clear();
                encode(batch.column(index).as_ref(), &mut scratch);
                hasher.update(&scratch);
            }
        });
    }

    /// Rows taken and the hash over them.
    pub(crate) fn finish(self) -> (u64, Digest) {
        let mut all = Hasher::default();
        all.update(&self.rows.to_le_bytes());
        for column in self.columns {
            all.update(column.finish().as_str().as_bytes());
        }
        (self.rows, all.finish())
    }
}

macro_rules! numbers {
    ($array:expr, $kind:ty, $out:expr) => {{
        let array = $array.as_primitive::<$kind>();
        if array.null_count() == 0 {
            const WIDTH: usize = 1 + size_of::<<$kind as ArrowPrimitiveType>::Native>();
            let start = $out.len();
            $out.resize(start + array.len() * WIDTH, 1);
            for (place, value) in $out[start..].chunks_exact_mut(WIDTH).zip(array.values()) {
                place[1..].copy_from_slice(&value.to_le_bytes());
            }
            return;
        }
        for index in 0..array.len() {
            match array.is_null(index) {
                true => $out.push(0),
                false => {
                    $out.push(1);
                    $out.extend_from_slice(&array.value(index).to_le_bytes());
                }
            }
        }
    }};
}

fn encode(array: &dyn Array, out: &mut Vec<u8>) {
    match array.data_type() {
        DataType::Float64 => numbers!(array, Float64Type, out),
        DataType::Date32 => numbers!(array, Date32Type, out),
        DataType::Int32 => numbers!(array, Int32Type, out),
        DataType::Int64 => numbers!(array, Int64Type, out),
        DataType::Timestamp(..) => numbers!(array, TimestampMicrosecondType, out),
        _ => {
            let texts = array.as_string::<i32>();
            for text in texts.iter() {
                let bytes = text.unwrap_or_default().as_bytes();
                out.push(u8::from(text.is_some()));
                out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
                out.extend_from_slice(bytes);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{ArrayRef, Float64Array, StringArray};
    use std::sync::Arc;

    fn batch(values: &[Option<f64>]) -> RecordBatch {
        let names: Vec<String> = values.iter().map(|v| format!("{v:?}")).collect();
        let names: ArrayRef = Arc::new(StringArray::from(names));
        let numbers: ArrayRef = Arc::new(Float64Array::from(values.to_vec()));
        RecordBatch::try_from_iter([("name", names), ("value", numbers)]).unwrap()
    }

    fn hash(parts: &[&[Option<f64>]]) -> Digest {
        let mut hasher = ContentHasher::default();
        parts.iter().for_each(|part| hasher.update(&[batch(part)]));
        hasher.finish().1
    }

    #[test]
    fn where_batches_end_does_not_matter() {
        let (a, b, c) = (Some(1.0), None, Some(3.0));
        assert_eq!(hash(&[&[a, b, c]]), hash(&[&[a], &[b, c]]));
    }

    #[test]
    fn a_null_is_not_a_zero() {
        assert_ne!(hash(&[&[None]]), hash(&[&[Some(0.0)]]));
    }
}
