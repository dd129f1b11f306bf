//! The synthetic market looks like a market: stylised facts against stated bands (Cont 2001).

use std::sync::OnceLock;

use base::stats::{autocorrelation, correlation, excess_kurtosis, mean, median, std_dev};
use market::{Corporate, InstrumentId, Kind, Side, corporate::adjust_series};
use sim::synth::DRIFT_SESSIONS;
use sim::{Edge, Market, SymbolHistory, SynthConfig};

const STOCKS: usize = 150;

/// One stock's history with adjusted closes and volumes.
struct Stock {
    history: SymbolHistory,
    closes: Vec<f64>,
    volumes: Vec<f64>,
    sector: String,
}

impl Stock {
    fn returns(&self) -> Vec<f64> {
        self.closes.windows(2).map(|pair| pair[1] / pair[0] - 1.0).collect()
    }

    fn sizes(&self) -> Vec<f64> {
        self.returns().iter().map(|value| value.abs()).collect()
    }

    /// Simple return over the sessions after a place, in the direction of a side.
    fn later(&self, place: usize, side: Side) -> Option<f64> {
        let last = self.closes.get(place + DRIFT_SESSIONS as usize)?;
        Some(side.sign() * (last / self.closes[place] - 1.0))
    }
}

fn make(edge: Edge) -> Vec<Stock> {
    let config = SynthConfig { symbols: STOCKS, edge, ..SynthConfig::default() };
    let market = Market::new(config).unwrap();
    let stock = |instrument: InstrumentId| {
        let history = market.symbol_series(instrument).unwrap();
        let known: Vec<_> = history.candles.iter().map(|c| c.day.plus(1).start()).collect();
        let series = adjust_series(&history.candles, &known, history.actions.clone());
        Stock {
            closes: series.candles.iter().map(|candle| candle.close).collect(),
            volumes: series.candles.iter().map(|candle| candle.volume).collect(),
            sector: market.universe().get(instrument).sector_etf.clone().unwrap(),
            history,
        }
    };
    let stocks = market.universe().iter().filter(|(_, traded)| traded.kind == Kind::Stock);
    stocks.map(|(instrument, _)| stock(instrument)).collect()
}

fn null() -> &'static [Stock] {
    static STOCKS: OnceLock<Vec<Stock>> = OnceLock::new();
    STOCKS.get_or_init(|| make(Edge::None))
}

fn typical(measure: impl Fn(&Stock) -> f64) -> f64 {
    let long = null().iter().filter(|stock| stock.closes.len() > 750);
    median(&long.map(measure).collect::<Vec<_>>())
}

fn assert_within(what: &str, value: f64, low: f64, high: f64) {
    assert!(value >= low && value <= high, "{what} is {value}, outside {low} to {high}");
}

#[test]
fn daily_returns_have_fat_tails_that_thin_out_over_a_month() {
    let daily = typical(|stock| excess_kurtosis(&stock.returns()) + 3.0);
    let monthly = typical(|stock| {
        let closes: Vec<f64> = stock.closes.iter().step_by(21).copied().collect();
        let returns: Vec<f64> = closes.windows(2).map(|pair| (pair[1] / pair[0]).ln()).collect();
        excess_kurtosis(&returns) + 3.0
    });
    assert_within("daily kurtosis", daily, 4.0, 30.0);
    assert_within("monthly kurtosis", monthly, 2.2, daily / 1.5);
}

#[test]
fn returns_do_not_remember_but_their_size_does() {
    let lag = |lag| typical(|stock| autocorrelation(&stock.sizes(), lag));
    let returns = typical(|stock| autocorrelation(&stock.returns(), 1));
    assert_within("autocorrelation of returns", returns, -0.04, 0.04);
    assert_within("autocorrelation of sizes, lag 1", lag(1), 0.1, 0.4);
    assert_within("autocorrelation of sizes, lag 20", lag(20), 0.003, 0.3);
}

#[test]
fn volume_goes_with_the_size_of_the_move() {
    let link = typical(|stock| correlation(&stock.sizes(), &stock.volumes[1..]));
    assert_within("correlation of volume and size", link, 0.2, 0.7);
}

#[test]
fn stocks_move_together_and_more_so_within_a_sector() {
    let most = null().iter().map(|stock| stock.closes.len()).max().unwrap();
    let whole: Vec<&Stock> = null().iter().filter(|stock| stock.closes.len() == most).collect();
    let (mut within, mut across) = (Vec::new(), Vec::new());
    for (place, one) in whole.iter().enumerate() {
        for other in &whole[..place] {
            let together = correlation(&one.returns(), &other.returns());
            let same = one.sector == other.sector;
            if same { within.push(together) } else { across.push(together) }
        }
    }
    assert_within("correlation across sectors", mean(&across), 0.15, 0.45);
    assert_within("correlation within a sector", mean(&within), mean(&across) + 0.02, 0.6);
}

#[test]
fn without_an_edge_neither_the_mean_nor_the_past_tells_the_next_return() {
    let all: Vec<f64> = null().iter().flat_map(Stock::returns).collect();
    // Days are shared by all stocks, so the error of the mean is that of the days, not the rows:
    // about 0.012 ÷ √2000 for the market alone. The band is three of those.
    assert_within("mean daily return", mean(&all), -0.0008, 0.0008);
    for span in [5, 20] {
        let tell = typical(|stock| {
            let closes = &stock.closes;
            let past: Vec<f64> =
                (span..closes.len() - 1).map(|k| closes[k] / closes[k - span]).collect();
            let next: Vec<f64> =
                (span..closes.len() - 1).map(|k| closes[k + 1] / closes[k]).collect();
            correlation(&past, &next)
        });
        assert_within("correlation of past and next return", tell, -0.04, 0.04);
    }
}

/// Returns after breakouts of a score, over the fifteen sessions in which an edge would act, less
/// the average over all of them, in usual deviations a session.
fn drifts(stocks: &[Stock], score: i8) -> Vec<f64> {
    let mut drifts = Vec::new();
    for stock in stocks {
        for breakout in stock.history.breakouts.iter().filter(|found| found.score == score) {
            let days = &stock.history.candles;
            let place = days.partition_point(|candle| candle.day < breakout.day);
            let later = stock.later(place, breakout.side);
            drifts.extend(later.map(|r| r / breakout.usual_sd / f64::from(DRIFT_SESSIONS)));
        }
    }
    drifts
}

#[test]
fn the_planted_edge_has_the_size_that_was_asked_for_and_the_null_has_none() {
    let planted = make(Edge::Planted { strength: 0.15 });
    for (score, wanted) in [(-1, -0.15), (0, 0.0), (1, 0.15)] {
        for (name, stocks, wanted) in [("null", null(), 0.0), ("planted", &planted, wanted)] {
            let found = drifts(stocks, score);
            assert!(found.len() > 80, "{name}, score {score}: {} breakouts", found.len());
            // Four standard errors: breakouts of one month share the market's path.
            let band = 4.0 * std_dev(&found) / (found.len() as f64).sqrt();
            let what = format!("{name}, score {score}: drift a session");
            assert_within(&what, mean(&found), wanted - band, wanted + band);
            assert!(band < 0.15, "{what}: the band {band} is wider than the effect");
        }
    }
}

#[test]
fn not_only_survivors_are_listed() {
    let has = |wanted: fn(&Corporate) -> bool| {
        let count = |stock: &&Stock| stock.history.actions.iter().any(|a| wanted(&a.action));
        null().iter().filter(count).count()
    };
    assert!(has(|action| matches!(action, Corporate::Delisted { .. })) > STOCKS / 20);
    assert!(has(|action| matches!(action, Corporate::Split { .. })) > 0);
    assert!(has(|action| matches!(action, Corporate::Dividend { .. })) > STOCKS / 5);
    let first = null().iter().map(|stock| stock.history.candles[0].day).min().unwrap();
    let late = null().iter().filter(|stock| stock.history.candles[0].day > first).count();
    assert!(late > STOCKS / 10);
}
