//! How much the stock has moved in a month.

use super::at_bar;
use crate::spec::Input::Own;
use crate::spec::Units;

at_bar! {
    VOLATILITY_20D = |m| {
        let closes = m.recent(21)?;
        let mut returns = [0.0; 20];
        for (value, pair) in returns.iter_mut().zip(closes.windows(2)) {
            *value = (pair[1].close / pair[0].close).ln();
        }
        Some(base::stats::std_dev(&returns) * 252f64.sqrt())
    };
    name: "volatility_20d",
    formula: "sample standard deviation of 20 log returns × √252",
    window: 21,
    warmup: 21,
    inputs: &[Own],
    units: Units::AnnualVolatility,
}
