//! From a typed indicator to a [`Feature`] of the catalog.

use super::{OverCandles, OverPrices};
use crate::spec::{Input, Spec};
use crate::{Feature, Moment};

/// Inputs of an indicator: the instrument's own candles and nothing else.
pub(crate) const OWN: &[Input] = &[Input::Own];

/// Declares a constant [`crate::Entry`]: a calculator, the line of it to pick, its description.
macro_rules! enrol {
    ($entry:ident = $wrap:ident($indicator:expr, $pick:expr); $($field:ident: $value:expr,)*) => {
        pub(crate) const $entry: crate::Entry = {
            static SPEC: crate::Spec =
                crate::Spec { inputs: crate::indicator::feature::OWN, $($field: $value,)* };
            crate::Entry {
                spec: &SPEC,
                calculator: crate::catalog::Calculator::Streaming(|| {
                    $wrap(&SPEC, $indicator, $pick)
                }),
            }
        };
    };
}
pub(crate) use enrol;

/// A feature out of a price indicator fed with closes; `pick` chooses one of its lines.
pub(crate) fn on_close<I>(
    spec: &'static Spec,
    indicator: I,
    pick: fn(I::Output) -> f64,
) -> Box<dyn Feature>
where
    I: OverPrices + Send + 'static,
    I::Output: 'static,
{
    Box::new(OnClose { spec, indicator, pick, value: None })
}

/// A feature out of a candle indicator; `pick` chooses one of its lines.
pub(crate) fn on_candle<I>(
    spec: &'static Spec,
    indicator: I,
    pick: fn(I::Output) -> f64,
) -> Box<dyn Feature>
where
    I: OverCandles + Send + 'static,
    I::Output: 'static,
{
    Box::new(OnCandle { spec, indicator, pick, value: None })
}

struct OnClose<I: OverPrices> {
    spec: &'static Spec,
    indicator: I,
    pick: fn(I::Output) -> f64,
    value: Option<f64>,
}

impl<I: OverPrices + Send> Feature for OnClose<I> {
    fn spec(&self) -> &'static Spec {
        self.spec
    }

    fn update(&mut self, moment: &Moment<'_>) {
        if let Some(candle) = moment.candle() {
            self.value = finite(self.indicator.next(candle.close).map(self.pick));
        }
    }

    fn value(&self) -> Option<f64> {
        self.value
    }
}

struct OnCandle<I: OverCandles> {
    spec: &'static Spec,
    indicator: I,
    pick: fn(I::Output) -> f64,
    value: Option<f64>,
}

impl<I: OverCandles + Send> Feature for OnCandle<I> {
    fn spec(&self) -> &'static Spec {
        self.spec
    }

    fn update(&mut self, moment: &Moment<'_>) {
        if let Some(candle) = moment.candle() {
            self.value = finite(self.indicator.next(candle).map(self.pick));
        }
    }

    fn value(&self) -> Option<f64> {
        self.value
    }
}

/// A value that overflowed is not available.
fn finite(value: Option<f64>) -> Option<f64> {
    value.filter(|number| number.is_finite())
}
