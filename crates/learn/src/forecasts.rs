//! What a model says of some rows.

use crate::Error;

/// Numbers for some rows: one each, or one for each class.
#[derive(Debug, Clone, PartialEq)]
pub struct Forecasts {
    outputs: usize,
    values: Vec<f32>,
}

impl Forecasts {
    /// Numbers of rows, `outputs` each.
    pub fn new(outputs: usize, values: Vec<f32>) -> Forecasts {
        Forecasts { outputs, values }
    }

    /// Refuses forecasts of which one is no number.
    pub fn check(&self) -> Result<(), Error> {
        match self.values.iter().position(|value| !value.is_finite()) {
            None => Ok(()),
            Some(at) => {
                let (row, output) = (at / self.outputs.max(1), at % self.outputs.max(1));
                Err(Error::Forecast { row, output, value: self.values[at] })
            }
        }
    }

    /// Numbers a row.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// All numbers, row after row.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Those of each row.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.values.chunks_exact(self.outputs)
    }

    /// The class of the largest number of each row; the first among equals.
    pub fn classes(&self) -> Vec<u32> {
        let best = |row: &[f32]| {
            let largest = |best: usize, at: usize| if row[at] > row[best] { at } else { best };
            (0..row.len()).fold(0, largest) as u32
        };
        self.rows().map(best).collect()
    }
}
