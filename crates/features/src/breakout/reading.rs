//! A function of the moment as a [`Feature`].

use crate::catalog::Calculator;
use crate::moment::Moment;
use crate::spec::Spec;
use crate::{Entry, Feature};

/// The value of a function at the last bar.
pub(crate) struct Reading {
    entry: Entry,
    value: Option<f64>,
}

impl Reading {
    /// Before the first bar.
    pub(crate) fn of(entry: Entry) -> Reading {
        Reading { entry, value: None }
    }
}

impl Feature for Reading {
    fn spec(&self) -> &'static Spec {
        self.entry.spec
    }

    fn update(&mut self, moment: &Moment<'_>) {
        if moment.candle().is_some() {
            self.value = read(&self.entry.calculator, moment);
        }
    }

    fn value(&self) -> Option<f64> {
        self.value
    }
}

/// The function's value; `None` for a calculator that is no function of the moment.
#[inline]
pub(super) fn read(calculator: &Calculator, moment: &Moment<'_>) -> Option<f64> {
    let value = match calculator {
        Calculator::AtBar(of) => of(moment),
        Calculator::AtSetup(of) => moment.setup.and_then(|setup| of(moment, setup)),
        Calculator::Streaming(_) => None,
    };
    value.filter(|number| number.is_finite())
}
