//! The synthetic market is well formed, adds up, and depends on nothing but its seed.

use market::{Candle, InstrumentId, Kind};
use sim::{Error, Market, SymbolHistory, SynthConfig};

fn small() -> Market {
    Market::new(SynthConfig { symbols: 12, years: 2, ..SynthConfig::default() }).unwrap()
}

fn ids(market: &Market) -> impl Iterator<Item = InstrumentId> {
    (0..market.universe().len() as u32).map(InstrumentId)
}

#[test]
fn every_candle_is_a_bar_in_whole_cents_on_a_session() {
    let market = small();
    let days: Vec<_> = market.sessions().iter().map(|session| session.day).collect();
    for id in ids(&market) {
        let history = market.symbol_series(id).unwrap();
        assert!(history.candles.windows(2).all(|pair| pair[0].day < pair[1].day));
        for candle in &history.candles {
            candle.to_bar(1.0).unwrap();
            assert!(days.binary_search(&candle.day).is_ok());
            let in_cents = candle.close * 100.0;
            assert!((in_cents - in_cents.round()).abs() < 1e-6, "{}", candle.close);
        }
    }
}

fn add_up(bars: &[market::TimedCandle]) -> Candle {
    let candles = || bars.iter().map(|bar| bar.candle);
    Candle {
        day: bars[0].candle.day,
        open: bars[0].candle.open,
        high: candles().map(|candle| candle.high).fold(f64::MIN, f64::max),
        low: candles().map(|candle| candle.low).fold(f64::MAX, f64::min),
        close: bars[bars.len() - 1].candle.close,
        volume: candles().map(|candle| candle.volume).sum(),
    }
}

#[test]
fn bars_of_any_length_add_up_to_the_day() {
    let market = small();
    for id in [InstrumentId(0), InstrumentId(3), market.universe().find("SPY").unwrap()] {
        let history = market.symbol_series(id).unwrap();
        for candle in history.candles.iter().step_by(7) {
            for minutes in [1, 5, 60] {
                let bars = market.intraday(id, candle, minutes).unwrap();
                assert_eq!(add_up(&bars), *candle, "{minutes} minutes");
                assert!(bars.iter().all(|bar| bar.candle.to_bar(1.0).is_ok()));
            }
        }
    }
}

#[test]
fn longer_bars_are_made_of_the_shorter_ones() {
    let market = small();
    let candle = market.symbol_series(InstrumentId(1)).unwrap().candles[40];
    let fives = market.intraday(InstrumentId(1), &candle, 5).unwrap();
    let hours = market.intraday(InstrumentId(1), &candle, 60).unwrap();
    assert_eq!((fives.len(), hours.len()), (78, 7));
    for (hour, parts) in hours.iter().zip(fives.chunks(12)) {
        assert_eq!(hour.candle, add_up(parts));
        assert_eq!(hour.start, parts[0].start);
    }
}

#[test]
fn trading_is_busiest_at_the_open_and_the_close() {
    let market = small();
    let id = market.universe().find("SPY").unwrap();
    let mut volume = [0.0; 13];
    for candle in market.symbol_series(id).unwrap().candles.iter().take(100) {
        for (place, bar) in market.intraday(id, candle, 30).unwrap().iter().enumerate() {
            volume[place] += bar.candle.volume;
        }
    }
    assert!(volume[0] > 1.5 * volume[6] && volume[12] > 1.2 * volume[6], "{volume:?}");
}

#[test]
fn order_and_threads_change_nothing() {
    let market = small();
    let forward: Vec<SymbolHistory> =
        ids(&market).map(|id| market.symbol_series(id).unwrap()).collect();
    let mut backward: Vec<SymbolHistory> = std::thread::scope(|scope| {
        let market = &market;
        let made: Vec<_> = (0..market.universe().len() as u32)
            .rev()
            .map(|id| scope.spawn(move || market.symbol_series(InstrumentId(id)).unwrap()))
            .collect();
        made.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    backward.reverse();
    assert_eq!(forward, backward);
}

#[test]
fn a_larger_market_holds_the_same_stocks_and_another_seed_holds_others() {
    let first = |symbols, seed| {
        let config = SynthConfig { symbols, seed, years: 2, ..SynthConfig::default() };
        let market = Market::new(config).unwrap();
        let id = market.universe().find("SYN00001").unwrap();
        market.symbol_series(id).unwrap().candles
    };
    assert_eq!(first(5, 7), first(50, 7));
    assert_ne!(first(5, 7), first(5, 8));
}

#[test]
fn the_universe_has_its_funds_and_its_index() {
    let market = small();
    let universe = market.universe();
    let count = |kind| universe.iter().filter(|(_, instrument)| instrument.kind == kind).count();
    assert_eq!((count(Kind::Stock), count(Kind::Etf), count(Kind::Index)), (12, 13, 1));
    let vix = market.symbol_series(universe.find("VIX").unwrap()).unwrap();
    assert!(vix.candles.iter().all(|candle| candle.close > 4.0 && candle.close < 250.0));
    let stock = market.symbol_series(InstrumentId(0)).unwrap();
    assert!(stock.market_caps().all(|(_, value)| value > 0.0));
}

#[test]
fn impossible_markets_are_refused_with_the_setting_named() {
    let cases = [
        (SynthConfig { symbols: 0, ..SynthConfig::default() }, "synth.symbols"),
        (SynthConfig { years: 0, ..SynthConfig::default() }, "synth.years"),
        (SynthConfig { late_listings: 2.0, ..SynthConfig::default() }, "synth.late_listings"),
    ];
    for (config, setting) in cases {
        let error = Market::new(config).unwrap_err();
        assert!(error.to_string().contains(setting), "{error}");
    }
    let beyond = SynthConfig { years: 40, ..SynthConfig::default() };
    assert!(matches!(Market::new(beyond), Err(Error::LookUpCalendar(_))));
}
