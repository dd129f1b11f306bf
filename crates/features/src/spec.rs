//! What a feature is, in words a reader can check: name, formula, window, inputs, units, source.

use std::fmt;

/// Description of a feature; one static value beside each calculator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spec {
    /// Unique name in lower case, for example `rsi_14`.
    pub name: &'static str,
    /// How the value is made.
    pub formula: &'static str,
    /// Own bars that the formula speaks of; 0 when it is unbounded or set by the setup.
    pub window: usize,
    /// Own bars until the first value can exist: it is never available at an earlier bar.
    pub warmup: usize,
    /// What the formula reads. Where one of these is missing the value is not available.
    pub inputs: &'static [Input],
    /// What the number counts.
    pub units: Units,
    /// The paper and page, or the TA-Lib function it equals, or `Trimtab` for our own.
    pub source: &'static str,
}

/// Where a feature takes its numbers from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Input {
    /// Candles of the instrument itself.
    Own,
    /// Candles of its sector's fund.
    Sector,
    /// Candles of the Nasdaq 100 fund.
    Qqq,
    /// Candles of the S&P 500 fund.
    Spy,
    /// Candles of the volatility index.
    Vix,
    /// Market capitalisations.
    MarketCap,
    /// A breakout setup at this bar.
    Setup,
}

/// What a feature's number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Units {
    /// Adjusted dollars per share.
    Price,
    /// Adjusted dollars per share and bar.
    PricePerBar,
    /// Adjusted dollars squared.
    PriceSquared,
    /// Shares, possibly signed.
    Volume,
    /// A plain quotient; 1 means equal.
    Ratio,
    /// Hundredths.
    Percent,
    /// An oscillator between 0 and 100, or between −100 and 100.
    Oscillator,
    /// Multiples of the average true range.
    Atrs,
    /// Multiples of a standard deviation.
    StdDevs,
    /// Standard deviation of log returns per year of 252 bars; 0.2 means 20 %.
    AnnualVolatility,
    /// A number of bars.
    Bars,
    /// A number of things.
    Count,
    /// A month, 1 to 12.
    Month,
    /// A number without a unit that only orders.
    Score,
}

impl Spec {
    /// The whole description as labelled lines, for a reader.
    pub fn rows(&self) -> Vec<(&'static str, String)> {
        let inputs: Vec<String> = self.inputs.iter().map(Input::to_string).collect();
        let window = match self.window {
            0 => "unbounded, or set by the setup".to_owned(),
            bars => format!("{bars} bars"),
        };
        vec![
            ("name", self.name.to_owned()),
            ("formula", self.formula.to_owned()),
            ("window", window),
            ("first value", format!("at own bar {} or later", self.warmup)),
            ("inputs", inputs.join(", ")),
            ("units", self.units.to_string()),
            ("source", self.source.to_owned()),
        ]
    }
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Input::Own => "own",
            Input::Sector => "sector",
            Input::Qqq => "qqq",
            Input::Spy => "spy",
            Input::Vix => "vix",
            Input::MarketCap => "market cap",
            Input::Setup => "setup",
        })
    }
}

impl fmt::Display for Units {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Units::Price => "price",
            Units::PricePerBar => "price per bar",
            Units::PriceSquared => "price squared",
            Units::Volume => "volume",
            Units::Ratio => "ratio",
            Units::Percent => "percent",
            Units::Oscillator => "oscillator",
            Units::Atrs => "ATRs",
            Units::StdDevs => "standard deviations",
            Units::AnnualVolatility => "volatility per year",
            Units::Bars => "bars",
            Units::Count => "count",
            Units::Month => "month",
            Units::Score => "score",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rows_of_a_spec_name_its_inputs_in_words() {
        let spec = Spec {
            name: "x",
            formula: "y",
            window: 0,
            warmup: 3,
            inputs: &[Input::Own, Input::MarketCap],
            units: Units::Atrs,
            source: "z",
        };
        let rows = spec.rows();
        assert_eq!(rows[4], ("inputs", "own, market cap".to_owned()));
        assert_eq!(rows[2].1, "unbounded, or set by the setup");
    }
}
