//! A row of features of one instrument, fed bar by bar, read at a setup.

use market::Candle;

use super::reading::read;
use crate::catalog::{Calculator, find};
use crate::moment::Moment;
use crate::{Error, Feature};

/// The calculators of one instrument.
pub struct Frame {
    columns: Vec<Column>,
}

enum Column {
    /// Read when a row is asked for; nothing is done at other bars.
    Function(Calculator),
    /// An indicator of the own candles, fed at every bar.
    Streaming(Box<dyn Feature>),
}

impl Frame {
    /// Calculators of these features, in this order; an unknown name is refused.
    pub fn new(names: &[&str]) -> Result<Frame, Error> {
        let column = |name: &&str| {
            find(name).map(|entry| match entry.calculator {
                Calculator::Streaming(make) => Column::Streaming(make()),
                function => Column::Function(function),
            })
        };
        Ok(Frame { columns: names.iter().map(column).collect::<Result<_, _>>()? })
    }

    /// Takes the next own bar. Called once a bar, in order.
    #[inline]
    pub fn update(&mut self, candle: &Candle) {
        let own = std::slice::from_ref(candle);
        for column in &mut self.columns {
            if let Column::Streaming(feature) = column {
                feature.update(&Moment::of(own));
            }
        }
    }

    /// One value a feature at the moment's setup; NaN where it is not available.
    pub fn row(&self, moment: &Moment<'_>) -> Vec<f64> {
        let mut row = Vec::with_capacity(self.columns.len());
        self.read_into(moment, &mut row);
        row
    }

    /// [`Frame::row`] at the end of a buffer, for loops that allocate nothing.
    pub fn read_into(&self, moment: &Moment<'_>, row: &mut Vec<f64>) {
        row.extend(self.columns.iter().map(|column| {
            let value = match column {
                Column::Function(function) => read(function, moment),
                Column::Streaming(feature) => feature.value(),
            };
            value.unwrap_or(f64::NAN)
        }));
    }
}
