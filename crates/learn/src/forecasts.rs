//! What a model says of some rows.

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
