//! Indicators against the official Rust port of TA-Lib, on kind and nasty series.

use features::indicator::*;
use market::Candle;
use ta_lib::{Core, MAType, OutRange, RetCode};

use crate::series;

pub(crate) type Values = Vec<Option<f64>>;

/// How near a value must come.
#[derive(Clone, Copy)]
pub(crate) enum Near {
    /// The same bits.
    Exact,
    /// Within 1e-10 of the value, or of this magnitude where the value has cancelled.
    Within(f64),
}

/// The columns of a series, as TA-Lib takes them.
pub(crate) struct Columns {
    open: Vec<f64>,
    pub(crate) high: Vec<f64>,
    pub(crate) low: Vec<f64>,
    pub(crate) close: Vec<f64>,
    volume: Vec<f64>,
    /// Highest price there is.
    top: f64,
    pub(crate) last: usize,
}

impl Columns {
    pub(crate) fn of(candles: &[Candle]) -> Columns {
        let column = |pick: fn(&Candle) -> f64| candles.iter().map(pick).collect::<Vec<f64>>();
        let high = column(|candle| candle.high);
        Columns {
            open: column(|candle| candle.open),
            low: column(|candle| candle.low),
            close: column(|candle| candle.close),
            volume: column(|candle| candle.volume),
            top: high.iter().copied().fold(0.0, f64::max),
            high,
            last: candles.len() - 1,
        }
    }

    /// TA-Lib's answer, one entry a bar.
    pub(crate) fn peer<const LINES: usize>(
        &self,
        run: impl Fn(&mut [Vec<f64>; LINES]) -> Result<OutRange, RetCode>,
    ) -> [Values; LINES] {
        let mut lines = [(); LINES].map(|()| vec![0.0; self.last + 1]);
        let range = run(&mut lines).unwrap();
        lines.map(|line| {
            let mut values = vec![None; self.last + 1];
            for at in 0..range.count {
                values[range.beg_idx + at] = Some(line[at]);
            }
            values
        })
    }
}

pub(crate) fn check(what: &str, near: Near, ours: &[Option<f64>], theirs: &[Option<f64>]) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    for (at, (our, their)) in ours.iter().zip(theirs).enumerate() {
        let same = match (our, their, near) {
            (None, None, _) => true,
            (Some(our), Some(their), Near::Exact) => our == their,
            (Some(our), Some(their), Near::Within(scale)) => {
                (our - their).abs() <= 1e-10 * their.abs().max(scale)
            }
            _ => false,
        };
        assert!(same, "{what}, bar {at}: ours {our:?}, TA-Lib {their:?}");
    }
}

fn pick<T>(lines: &[Option<T>], line: fn(&T) -> f64) -> Values {
    lines.iter().map(|entry| entry.as_ref().map(line)).collect()
}

const PERIODS: [usize; 4] = [2, 5, 14, 50];

/// One price indicator with a period and one line, over every series and several periods.
macro_rules! price_golden {
    ($test:ident, $ours:expr, $theirs:ident $(, $extra:expr)*; $near:expr) => {
        #[test]
        fn $test() {
            for (name, candles) in series::all() {
                let data = Columns::of(&candles);
                for period in PERIODS {
                    let [theirs] = data.peer(|[line]| {
                        Core::new().$theirs(0, data.last, &data.close, period as i32, $($extra,)* line)
                    });
                    let ours = over_prices($ours(period), &data.close);
                    let near: fn(&Columns) -> Near = $near;
                    check(&format!("{name}, {period}"), near(&data), &ours, &theirs);
                }
            }
        }
    };
}

/// The same of a candle indicator that reads high, low and close.
macro_rules! candle_golden {
    ($test:ident, $ours:expr, $line:expr, $theirs:ident; $near:expr) => {
        #[test]
        fn $test() {
            for (name, candles) in series::all() {
                let data = Columns::of(&candles);
                for period in PERIODS {
                    let [theirs] = data.peer(|[line]| {
                        let Columns { high, low, close, last, .. } = &data;
                        Core::new().$theirs(0, *last, high, low, close, period as i32, line)
                    });
                    let ours = pick(&over_candles($ours(period), &candles), $line);
                    let near: fn(&Columns) -> Near = $near;
                    check(&format!("{name}, {period}"), near(&data), &ours, &theirs);
                }
            }
        }
    };
}

/// A candle indicator without a period, over every series.
macro_rules! plain_golden {
    ($test:ident, $ours:expr, $theirs:ident($($column:ident),*); $near:expr) => {
        #[test]
        fn $test() {
            for (name, candles) in series::all() {
                let data = Columns::of(&candles);
                let [theirs] = data.peer(|[line]| {
                    Core::new().$theirs(0, data.last, $(&data.$column,)* line)
                });
                let near: fn(&Columns) -> Near = $near;
                check(name, near(&data), &over_candles($ours, &candles), &theirs);
            }
        }
    };
}

price_golden!(sma_is_ta_libs, Sma::new, sma; |_| Near::Exact);
price_golden!(ema_is_ta_libs, Ema::new, ema; |_| Near::Within(0.0));
price_golden!(wma_is_ta_libs, Wma::new, wma; |_| Near::Exact);
price_golden!(dema_is_ta_libs, Dema::new, dema; |_| Near::Within(0.0));
price_golden!(tema_is_ta_libs, Tema::new, tema; |_| Near::Within(0.0));
price_golden!(trix_is_ta_libs, Trix::new, trix; |_| Near::Within(1.0));
price_golden!(rsi_is_ta_libs, Rsi::new, rsi; |_| Near::Exact);
price_golden!(cmo_is_ta_libs, Cmo::new, cmo; |_| Near::Exact);
price_golden!(momentum_is_ta_libs, Momentum::new, mom; |_| Near::Exact);
price_golden!(rate_of_change_is_ta_libs, RateOfChange::new, roc; |_| Near::Exact);
price_golden!(variance_is_ta_libs, Variance::new, var, 1.0; |_| Near::Exact);
price_golden!(std_dev_is_ta_libs, StdDev::new, stddev, 1.0; |_| Near::Exact);
price_golden!(highest_is_ta_libs, Highest::new, max; |_| Near::Exact);
price_golden!(lowest_is_ta_libs, Lowest::new, min; |_| Near::Exact);

candle_golden!(atr_is_ta_libs, Atr::new, |v| *v, atr; |_| Near::Within(0.0));
candle_golden!(natr_is_ta_libs, Natr::new, |v| *v, natr; |_| Near::Within(0.0));
candle_golden!(dx_is_ta_libs, Directional::new, |v| v.dx, dx; |_| Near::Exact);
candle_golden!(plus_di_is_ta_libs, Directional::new, |v| v.plus_di, plus_di; |_| Near::Within(0.0));
candle_golden!(minus_di_is_ta_libs, Directional::new, |v| v.minus_di, minus_di; |_| Near::Within(0.0));
candle_golden!(adx_is_ta_libs, Adx::new, |v| *v, adx; |_| Near::Exact);
candle_golden!(cci_is_ta_libs, Cci::new, |v| *v, cci; |_| Near::Exact);
candle_golden!(williams_is_ta_libs, WilliamsR::new, |v| *v, willr; |_| Near::Exact);

plain_golden!(true_range_is_ta_libs, TrueRange::new(), trange(high, low, close); |_| Near::Exact);
plain_golden!(obv_is_ta_libs, Obv::default(), obv(close, volume); |_| Near::Exact);
plain_golden!(
    accumulation_is_ta_libs, AccumulationDistribution::default(), ad(high, low, close, volume);
    |_| Near::Exact
);
plain_golden!(
    balance_of_power_is_ta_libs, BalanceOfPower, bop(open, high, low, close); |_| Near::Exact
);
plain_golden!(median_price_is_ta_libs, MedianPrice, medprice(high, low); |_| Near::Exact);
plain_golden!(typical_price_is_ta_libs, TypicalPrice, typprice(high, low, close); |_| Near::Exact);
plain_golden!(weighted_close_is_ta_libs, WeightedClose, wclprice(high, low, close); |_| Near::Exact);

#[test]
fn macd_is_ta_libs() {
    for (name, candles) in series::all() {
        let data = Columns::of(&candles);
        for (fast, slow, signal) in [(12, 26, 9), (3, 10, 16)] {
            let theirs = data.peer(|[a, b, c]| {
                let periods = (fast as i32, slow as i32, signal as i32);
                let close = &data.close;
                Core::new().macd(0, data.last, close, periods.0, periods.1, periods.2, a, b, c)
            });
            let ours = over_prices(Macd::new(fast, slow, signal), &data.close);
            let near = Near::Within(data.top);
            check(name, near, &pick(&ours, |v| v.macd), &theirs[0]);
            check(name, near, &pick(&ours, |v| v.signal), &theirs[1]);
            check(name, near, &pick(&ours, |v| v.histogram), &theirs[2]);
        }
    }
}

#[test]
fn bollinger_is_ta_libs() {
    for (name, candles) in series::all() {
        let data = Columns::of(&candles);
        for period in PERIODS {
            let theirs = data.peer(|[upper, middle, lower]| {
                let (last, count) = (data.last, period as i32);
                let kind = MAType::SMA;
                Core::new().bbands(
                    0,
                    last,
                    &data.close,
                    count,
                    2.0,
                    2.0,
                    kind,
                    upper,
                    middle,
                    lower,
                )
            });
            let ours = over_prices(Bollinger::new(period, 2.0), &data.close);
            check(name, Near::Exact, &pick(&ours, |v| v.upper), &theirs[0]);
            check(name, Near::Exact, &pick(&ours, |v| v.middle), &theirs[1]);
            check(name, Near::Exact, &pick(&ours, |v| v.lower), &theirs[2]);
        }
    }
}

#[test]
fn stochastics_are_ta_libs() {
    for (name, candles) in series::all() {
        let data = Columns::of(&candles);
        let Columns { high, low, close, last, .. } = &data;
        let (core, sma) = (Core::new(), MAType::SMA);
        for period in [5, 14] {
            let n = period as i32;
            let slow =
                data.peer(|[k, d]| core.stoch(0, *last, high, low, close, n, 3, sma, 3, sma, k, d));
            let ours = over_candles(Stoch::new(period, 3, 3), &candles);
            check(name, Near::Exact, &pick(&ours, |v| v.k), &slow[0]);
            check(name, Near::Exact, &pick(&ours, |v| v.d), &slow[1]);
            let fast = data.peer(|[k, d]| core.stochf(0, *last, high, low, close, n, 3, sma, k, d));
            let ours = over_candles(FastStoch::new(period, 3), &candles);
            check(name, Near::Exact, &pick(&ours, |v| v.k), &fast[0]);
            check(name, Near::Exact, &pick(&ours, |v| v.d), &fast[1]);
            let of_rsi = data.peer(|[k, d]| core.stochrsi(0, *last, close, 14, n, 3, sma, k, d));
            let ours = over_prices(StochRsi::new(14, period, 3), close);
            check(name, Near::Exact, &pick(&ours, |v| v.k), &of_rsi[0]);
            check(name, Near::Exact, &pick(&ours, |v| v.d), &of_rsi[1]);
        }
    }
}

#[test]
fn money_flow_is_ta_libs() {
    for (name, candles) in series::all() {
        let data = Columns::of(&candles);
        let Columns { high, low, close, volume, last, .. } = &data;
        for period in PERIODS {
            let n = period as i32;
            let [theirs] =
                data.peer(|[line]| Core::new().mfi(0, *last, high, low, close, volume, n, line));
            check(name, Near::Exact, &over_candles(Mfi::new(period), &candles), &theirs);
        }
        let [theirs] =
            data.peer(|[line]| Core::new().adosc(0, *last, high, low, close, volume, 3, 10, line));
        let top = theirs.iter().flatten().fold(1e6_f64, |top, value| top.max(value.abs()));
        check(name, Near::Within(top), &over_candles(AdOsc::new(3, 10), &candles), &theirs);
    }
}

#[test]
fn aroon_is_ta_libs() {
    for (name, candles) in series::all() {
        let data = Columns::of(&candles);
        for period in PERIODS {
            let n = period as i32;
            let [down, up] =
                data.peer(|[a, b]| Core::new().aroon(0, data.last, &data.high, &data.low, n, a, b));
            let [swing] =
                data.peer(|[a]| Core::new().aroonosc(0, data.last, &data.high, &data.low, n, a));
            let ours = over_candles(Aroon::new(period), &candles);
            check(name, Near::Exact, &pick(&ours, |v| v.down), &down);
            check(name, Near::Exact, &pick(&ours, |v| v.up), &up);
            check(name, Near::Within(100.0), &pick(&ours, |v| v.up - v.down), &swing);
        }
    }
}

#[test]
fn ultimate_oscillator_is_ta_libs() {
    for (name, candles) in series::all() {
        let data = Columns::of(&candles);
        let Columns { high, low, close, last, .. } = &data;
        let [theirs] =
            data.peer(|[a]| Core::new().ultosc(0, *last, high, low, close, 7, 14, 28, a));
        let ours = over_candles(UltimateOscillator::new([7, 14, 28]), &candles);
        check(name, Near::Within(1.0), &ours, &theirs);
    }
}

#[test]
fn price_oscillators_are_ta_libs() {
    for (name, candles) in series::all() {
        let data = Columns::of(&candles);
        let (close, last, sma) = (&data.close, data.last, MAType::SMA);
        let [apo] = data.peer(|[a]| Core::new().apo(0, last, close, 12, 26, sma, a));
        check(name, Near::Exact, &over_prices(Apo::new(12, 26), close), &apo);
        let [ppo] = data.peer(|[a]| Core::new().ppo(0, last, close, 12, 26, sma, a));
        check(name, Near::Exact, &over_prices(Ppo::new(12, 26), close), &ppo);
    }
}

#[test]
fn parabolic_stop_is_ta_libs() {
    for (name, candles) in series::all() {
        let data = Columns::of(&candles);
        let [theirs] =
            data.peer(|[a]| Core::new().sar(0, data.last, &data.high, &data.low, 0.02, 0.2, a));
        let ours = over_candles(Sar::new(0.02, 0.2), &candles);
        check(name, Near::Within(0.0), &ours, &theirs);
    }
}

#[test]
fn regression_is_ta_libs() {
    for (name, candles) in series::all() {
        let data = Columns::of(&candles);
        for period in PERIODS {
            let n = period as i32;
            let ours = over_prices(LinearRegression::new(period), &data.close);
            let [end] = data.peer(|[a]| Core::new().linearreg(0, data.last, &data.close, n, a));
            check(name, Near::Within(data.top), &pick(&ours, |v| v.end), &end);
            let [slope] =
                data.peer(|[a]| Core::new().linearreg_slope(0, data.last, &data.close, n, a));
            check(name, Near::Exact, &pick(&ours, |v| v.slope), &slope);
        }
    }
}
