//! Signals with their features and outcomes: the same streaming scanner and calculators as live,
//! walked over history.

use features::Setup;
use features::breakout::Frame;
use features::label::{self, Label};
use features::pattern::Scanner;
use market::{Candle, InstrumentId, Side, TimedCandle};

use super::config::BreakoutConfig;
use super::context::{Context, StockFacts, Walk};
use crate::Error;

/// One stock's history, adjusted forward.
#[derive(Debug, Clone, Default)]
pub struct Stock {
    /// Its number.
    pub instrument: InstrumentId,
    /// Daily candles, ascending.
    pub candles: Vec<Candle>,
    /// Finer bars where there are any, ascending.
    pub finer: Vec<TimedCandle>,
    /// What else is known of it.
    pub facts: StockFacts,
}

/// A signal.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// Which stock.
    pub instrument: InstrumentId,
    /// Place of the breakout bar in the stock's candles.
    pub bar: usize,
    /// The pattern.
    pub setup: Setup,
    /// Values of the side's features, in their order; NaN where not available.
    pub row: Vec<f64>,
    /// Its outcome; `None` while open.
    pub label: Option<Label>,
}

/// All signals of one stock, in order.
pub fn find(
    stock: &Stock,
    context: &Context,
    config: &BreakoutConfig,
) -> Result<Vec<Candidate>, Error> {
    let mut scanner = Scanner::new(config.scan.clone());
    let mut long = Frame::new(&features::breakout::LONG)?;
    let mut short = Frame::new(&features::breakout::SHORT)?;
    let mut walk = Walk::new(context, &stock.facts);
    let mut found = Vec::new();
    for (bar, candle) in stock.candles.iter().enumerate() {
        long.update(candle);
        short.update(candle);
        let Some(setup) = scanner.update(&stock.candles[..=bar]) else { continue };
        let frame = match setup.side {
            Side::Long => &long,
            Side::Short => &short,
        };
        let row = frame.row(&walk.moment(&stock.candles[..=bar]).at(&setup));
        let label = label::decide(&setup, &stock.candles[bar + 1..], &stock.finer, config.label);
        found.push(Candidate { instrument: stock.instrument, bar, setup, row, label });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::{Day, Seed};
    use rand::RngExt as _;

    fn stock(seed: u64) -> Stock {
        let mut rng = Seed::root(seed).rng();
        let mut close: f64 = 50.0;
        let bar = |n: i32| {
            let open = close;
            close *= 1.0 + 0.03 * (rng.random::<f64>() - 0.497);
            let (high, low) = (open.max(close) * 1.004, open.min(close) / 1.004);
            Candle { day: Day::from_number(n), open, high, low, close, volume: 1e5 }
        };
        Stock { candles: (0..1_500).map(bar).collect(), ..Stock::default() }
    }

    #[test]
    fn brk_7_a_prefix_of_history_gives_the_same_signals_and_rows() {
        let (context, config) = (Context::default(), BreakoutConfig::default());
        let facts = |found: &[Candidate], before: usize| -> Vec<String> {
            let early = found.iter().filter(|c| c.bar < before);
            early.map(|c| format!("{} {:?} {:?}", c.bar, c.setup, c.row)).collect()
        };
        let mut count = 0;
        for seed in 0..8 {
            let whole = stock(seed);
            let mut part = whole.clone();
            part.candles.truncate(800);
            let (whole, part) =
                (find(&whole, &context, &config).unwrap(), find(&part, &context, &config).unwrap());
            assert_eq!(facts(&whole, 800), facts(&part, 800), "seed {seed}");
            count += part.len();
        }
        assert!(count > 5, "{count} signals");
    }

    #[test]
    fn a_signal_near_the_end_is_open() {
        let config = BreakoutConfig::default();
        let found: Vec<Candidate> = (0..8)
            .flat_map(|seed| find(&stock(seed), &Context::default(), &config).unwrap())
            .collect();
        for candidate in found.iter().filter(|c| c.label.is_some()) {
            let label = candidate.label.unwrap();
            assert!(candidate.bar + label.bars_held < 1_500);
        }
        assert!(found.iter().any(|c| c.label.is_some()));
    }
}
