//! The facts of one stream.

use base::Seed;
use base::bootstrap::{self, Interval, Plan};
use serde::{Deserialize, Serialize};

use super::{Curve, Place};
use crate::flow::FlowKind;
use crate::flow::watch::{Touch, Watched};
use crate::{Error, check_range};

/// How to measure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FactsConfig {
    /// Blocks into which an observation is cut. Default 40.
    pub blocks: usize,
    /// Intervals over which the middle's moves are taken, seconds, ascending. Default 0.1, 1, 5.
    pub scales_seconds: Vec<f64>,
    /// Lags of the memory of signs, in market orders. Default 1, 2, 4, … 64.
    pub lags: Vec<usize>,
    /// Distances from the best price at which depth is shown, ticks. Default 0, 1, 2, 5, 10.
    pub distances: Vec<usize>,
    /// Seconds over which volumes, counts and imbalances are added up. Default 1.
    pub count_seconds: f64,
    /// Waits between events that are told apart, seconds. Default 0.001, 0.01, 0.1, 1, 10.
    pub waits_seconds: Vec<f64>,
    /// Minutes of a part of the day. Default 60.
    pub day_part_minutes: f64,
    /// Resamples. Default 1,000.
    pub draws: usize,
    /// Coverage. Default 0.95.
    pub level: f64,
    /// Where the resamples come from. Default 1.
    pub seed: u64,
}

impl Default for FactsConfig {
    fn default() -> FactsConfig {
        FactsConfig {
            blocks: 40,
            scales_seconds: vec![0.1, 1.0, 5.0],
            lags: vec![1, 2, 4, 8, 16, 32, 64],
            distances: vec![0, 1, 2, 5, 10],
            count_seconds: 1.0,
            waits_seconds: vec![0.001, 0.01, 0.1, 1.0, 10.0],
            day_part_minutes: 60.0,
            draws: 1_000,
            level: 0.95,
            seed: 1,
        }
    }
}

/// One fact of one stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// What was measured.
    pub name: String,
    /// In what.
    pub unit: String,
    /// The figure with its interval; not a number where the stream does not tell it.
    pub figure: Interval,
    /// Where it lies on a curve, for facts that make one.
    #[serde(default)]
    pub place: Option<Place>,
}

/// Sums a block, and what is made of their sums.
pub(super) struct Gauge {
    pub(super) name: String,
    pub(super) unit: &'static str,
    pub(super) sums: Vec<Vec<f64>>,
    pub(super) figure: Box<dyn Fn(&[f64]) -> f64>,
    pub(super) place: Option<Place>,
}

impl Gauge {
    /// The same as a point of a curve.
    pub(super) fn on(self, curve: Curve, at: f64) -> Gauge {
        Gauge { place: Some(Place { curve, at }), ..self }
    }
}

/// Measures all facts of a stream, in a fixed order.
pub fn measure(watched: &Watched, config: &FactsConfig) -> Result<Vec<Measured>, Error> {
    check_range("facts.blocks", config.blocks as f64, (2.0, 1e4), "in 2..=10000")?;
    check_range("facts.draws", config.draws as f64, (10.0, 1e5), "in 10..=100000")?;
    check_range("facts.level", config.level, (0.5, 0.9999), "in 0.5..=0.9999")?;
    check_range("facts.count_seconds", config.count_seconds, (1e-3, 1e6), "in 0.001..=1e6")?;
    for &scale in &config.scales_seconds {
        check_range("facts.scales_seconds", scale, (1e-3, 1e6), "in 0.001..=1e6")?;
    }
    let part = config.day_part_minutes;
    check_range("facts.day_part_minutes", part, (1.0, 1_440.0), "in 1..=1440")?;
    for &wait in &config.waits_seconds {
        check_range("facts.waits_seconds", wait, (0.0, 1e6), "in 0..=1e6")?;
    }
    let ruler = Ruler { watched, config };
    let mut gauges = ruler.spreads();
    gauges.extend(ruler.depths());
    gauges.extend(ruler.signs());
    gauges.extend(ruler.moves());
    gauges.extend(ruler.waits());
    gauges.extend(ruler.volumes());
    gauges.extend(ruler.lifetimes());
    gauges.extend(ruler.pressure());
    gauges.extend(ruler.day_times());
    let seed = Seed::root(config.seed).child("facts");
    let measured = |gauge: Gauge| {
        let (draws, level) = (config.draws, config.level);
        let plan = Plan { draws, mean_block: 1.0, level, seed: seed.child(&gauge.name) };
        let wide = gauge.sums.first().map_or(0, Vec::len);
        let figure = bootstrap::interval(gauge.sums.len(), plan, |rows| {
            let mut total = vec![0.0; wide];
            for &row in rows {
                total.iter_mut().zip(&gauge.sums[row]).for_each(|(sum, part)| *sum += part);
            }
            (gauge.figure)(&total)
        });
        Measured { name: gauge.name, unit: gauge.unit.to_owned(), figure, place: gauge.place }
    };
    Ok(gauges.into_iter().map(measured).collect())
}

pub(super) struct Ruler<'a> {
    pub(super) watched: &'a Watched,
    pub(super) config: &'a FactsConfig,
}

pub(super) fn ratio(sums: &[f64]) -> f64 {
    sums[0] / sums[1]
}

impl Ruler<'_> {
    pub(super) fn block_of(&self, at_seconds: f64) -> usize {
        let part = at_seconds / self.watched.seconds * self.config.blocks as f64;
        (part as usize).min(self.config.blocks - 1)
    }

    pub(super) fn gauge(
        &self,
        (name, unit): (String, &'static str),
        rows: impl Iterator<Item = (f64, Vec<f64>)>,
        figure: impl Fn(&[f64]) -> f64 + 'static,
    ) -> Gauge {
        let mut sums: Vec<Vec<f64>> = vec![Vec::new(); self.config.blocks];
        let mut wide = 0;
        for (at, row) in rows {
            let block = &mut sums[self.block_of(at)];
            wide = row.len();
            block.resize(wide, 0.0);
            block.iter_mut().zip(row).for_each(|(sum, part)| *sum += part);
        }
        sums.iter_mut().for_each(|block| block.resize(wide, 0.0));
        if wide == 0 {
            sums.clear();
        }
        Gauge { name, unit, sums, figure: Box::new(figure), place: None }
    }

    /// Spreads, weighted by how long they stood.
    fn spreads(&self) -> Vec<Gauge> {
        let touches = &self.watched.touches;
        let ends = touches.iter().skip(1).map(|touch| touch.at_seconds);
        let ends: Vec<f64> = ends.chain([self.watched.seconds]).collect();
        let of = |name: &str, unit, value: fn(&Touch) -> f64| {
            let rows = touches.iter().zip(&ends).map(move |(touch, end)| {
                let stood = end - touch.at_seconds;
                (touch.at_seconds, vec![value(touch) * stood, stood])
            });
            self.gauge((name.to_owned(), unit), rows, ratio)
        };
        vec![
            of("spread, mean", "ticks", |touch| touch.spread() as f64),
            of("spread of 1 tick", "part of time", |t| f64::from(u8::from(t.spread() == 1))),
            of("spread of 2 ticks", "part of time", |t| f64::from(u8::from(t.spread() == 2))),
            of("spread above 5 ticks", "part of time", |t| f64::from(u8::from(t.spread() > 5))),
        ]
    }

    /// Lots at distances from the best price of their own side.
    fn depths(&self) -> Vec<Gauge> {
        let of = |distance: usize| {
            let rows = self.watched.samples.iter().filter_map(move |sample| {
                let place = usize::try_from(sample.spread).ok()? - 1 + distance;
                let lots = sample.bids.get(place)? + sample.asks.get(place)?;
                Some((sample.at_seconds, vec![lots as f64 / 2.0, 1.0]))
            });
            let name = format!("depth at {distance} ticks from the best");
            self.gauge((name, "lots"), rows, ratio).on(Curve::Depth, distance as f64)
        };
        self.config.distances.iter().map(|&distance| of(distance)).collect()
    }

    /// Autocorrelations of the signs of market orders, and how slowly they fall.
    fn signs(&self) -> Vec<Gauge> {
        let market = self.watched.events.iter().filter(|event| event.distance_ticks == 0);
        let signs: Vec<(f64, f64)> = market
            .filter(|event| matches!(event.kind, FlowKind::MarketBuy | FlowKind::MarketSell))
            .map(|event| (event.at_seconds, event.kind.side().sign() as f64))
            .collect();
        let pairs = |lag: usize| {
            let later = signs.iter().skip(lag).map(|(_, sign)| *sign);
            let both = signs.iter().zip(later);
            both.map(|((at, sign), later)| (*at, vec![sign * later, *sign, later, 1.0]))
                .collect::<Vec<_>>()
        };
        let mut gauges: Vec<Gauge> = (self.config.lags.iter())
            .map(|&lag| {
                let name = format!("sign autocorrelation at lag {lag}");
                let gauge = self.gauge((name, ""), pairs(lag).into_iter(), sign_correlation);
                gauge.on(Curve::SignMemory, lag as f64)
            })
            .collect();
        // One row for each sign: the products at all lags, side by side.
        let lags = self.config.lags.clone();
        let rows = signs.iter().enumerate().map(|(at, (time, sign))| {
            let of_lag = |lag: &usize| {
                let later = signs.get(at + lag).map(|(_, later)| *later);
                later.map_or([0.0; 4], |later| [sign * later, *sign, later, 1.0])
            };
            (*time, self.config.lags.iter().flat_map(of_lag).collect())
        });
        let rows: Vec<(f64, Vec<f64>)> = rows.collect();
        let name = "slope of the sign autocorrelation".to_owned();
        let slope = move |sums: &[f64]| {
            let points = lags.iter().zip(sums.chunks(4));
            log_slope(points.map(|(lag, sums)| (*lag as f64, sign_correlation(sums))))
        };
        gauges.push(self.gauge((name, "log-log"), rows.into_iter(), slope));
        gauges
    }

    /// Variance and tails of the middle's moves, by interval.
    fn moves(&self) -> Vec<Gauge> {
        let mut gauges = Vec::new();
        let of = |scale: f64| {
            let mids = self.watched.mids(scale);
            let begin = self.watched.touches.first().map_or(0.0, |touch| touch.at_seconds);
            let row = |(at, pair): (usize, &[f64])| {
                let by = pair[1] - pair[0];
                (begin + at as f64 * scale, vec![by * by, scale, by.powi(4), 1.0])
            };
            mids.windows(2).enumerate().map(row).collect::<Vec<_>>()
        };
        for &scale in &self.config.scales_seconds {
            let name = format!("variance of the mid over {scale} s");
            let gauge = self.gauge((name, "ticks² a second"), of(scale).into_iter(), ratio);
            gauges.push(gauge.on(Curve::Signature, scale));
        }
        let scales = &self.config.scales_seconds;
        if let (Some(&short), Some(&long)) = (scales.first(), scales.last()) {
            let wide = |(at, row): (f64, Vec<f64>)| (at, vec![row[0], row[1], 0.0, 0.0]);
            let rows = of(short).into_iter().map(wide);
            let more = of(long).into_iter().map(|(at, row)| (at, vec![0.0, 0.0, row[0], row[1]]));
            let name = format!("variance over {short} s by that over {long} s");
            let figure = |sums: &[f64]| (sums[0] / sums[1]) / (sums[2] / sums[3]);
            gauges.push(self.gauge((name, ""), rows.chain(more), figure));
        }
        for &scale in scales {
            let name = format!("excess kurtosis over {scale} s");
            let kurtosis = |sums: &[f64]| sums[2] * sums[3] / (sums[0] * sums[0]) - 3.0;
            gauges.push(self.gauge((name, ""), of(scale).into_iter(), kurtosis));
        }
        gauges
    }

    /// Rates of the kinds, and how far waits and counts are from those of a Poisson process.
    fn waits(&self) -> Vec<Gauge> {
        let (watched, config) = (self.watched, self.config);
        let long = watched.seconds / config.blocks as f64;
        let clock = (0..config.blocks).map(|block| ((block as f64 + 0.5) * long, vec![0.0, long]));
        let mut gauges = Vec::new();
        for kind in FlowKind::ALL {
            let events = watched.events.iter().filter(move |event| event.kind == kind);
            let rows = events.map(|event| (event.at_seconds, vec![1.0, 0.0]));
            let name = format!("rate of {}", kind.name());
            gauges.push(self.gauge((name, "a second"), rows.chain(clock.clone()), ratio));
        }
        let waits = watched.events.windows(2).map(|pair| {
            let wait = pair[1].at_seconds - pair[0].at_seconds;
            (pair[0].at_seconds, vec![1.0, wait, wait * wait])
        });
        let name = "waits between events, variance by mean²".to_owned();
        gauges.push(self.gauge((name, ""), waits, dispersion));
        for &least in &config.waits_seconds {
            let rows = watched.events.windows(2).map(move |pair| {
                let wait = pair[1].at_seconds - pair[0].at_seconds;
                (pair[0].at_seconds, vec![f64::from(u8::from(wait > least)), 1.0])
            });
            let name = format!("waits above {least} s");
            gauges.push(self.gauge((name, "part"), rows, ratio).on(Curve::Waits, least));
        }
        let counts = self.per_count(|_| 1.0);
        let rows = counts.into_iter().map(|(at, n)| (at, vec![1.0, n, n * n]));
        let name = format!("events in {} s, variance by mean", config.count_seconds);
        let fano = |sums: &[f64]| dispersion(sums) * sums[1] / sums[0];
        gauges.push(self.gauge((name, ""), rows, fano));
        gauges
    }

    /// Traded lots by interval, and sizes.
    fn volumes(&self) -> Vec<Gauge> {
        let is_market = |kind| matches!(kind, FlowKind::MarketBuy | FlowKind::MarketSell);
        let traded = self.per_count(|event| match is_market(event.kind) {
            true => event.size as f64,
            false => 0.0,
        });
        let rows = || traded.iter().map(|(at, lots)| (*at, vec![1.0, *lots, lots * lots]));
        let name = format!("traded in {} s", self.config.count_seconds);
        let mean = self.gauge((name.clone(), "lots"), rows(), |sums| sums[1] / sums[0]);
        let spread = self.gauge((format!("{name}, variance by mean²"), ""), rows(), dispersion);
        let size = |name: &str, wanted: fn(FlowKind) -> bool| {
            let events = self.watched.events.iter().filter(move |event| wanted(event.kind));
            let rows = events.map(|event| (event.at_seconds, vec![event.size as f64, 1.0]));
            self.gauge((name.to_owned(), "lots"), rows, ratio)
        };
        let limits = |kind| matches!(kind, FlowKind::LimitBuy | FlowKind::LimitSell);
        vec![
            mean,
            spread,
            size("size of a market order", is_market),
            size("size of a limit order", limits),
        ]
    }

    /// How long orders rested that were taken back whole.
    fn lifetimes(&self) -> Vec<Gauge> {
        let lives = || self.watched.lifetimes.iter();
        let logs = lives().map(|(at, life)| (*at, vec![libm::log(life.max(1e-9)), 1.0]));
        let name = "life of a cancelled order, geometric mean".to_owned();
        let mean = self.gauge((name, "s"), logs, |sums| libm::exp(sums[0] / sums[1]));
        let short = lives().map(|(at, life)| (*at, vec![f64::from(u8::from(*life < 1.0)), 1.0]));
        let name = "cancelled orders that lived below 1 s".to_owned();
        vec![mean, self.gauge((name, "part"), short, ratio)]
    }

    fn per_count(&self, weight: impl Fn(&super::super::FlowEvent) -> f64) -> Vec<(f64, f64)> {
        let step = self.config.count_seconds;
        let bins = (self.watched.seconds / step) as usize;
        let mut sums: Vec<(f64, f64)> =
            (0..bins).map(|bin| ((bin as f64 + 0.5) * step, 0.0)).collect();
        for event in &self.watched.events {
            if let Some(bin) = sums.get_mut((event.at_seconds / step) as usize) {
                bin.1 += weight(event);
            }
        }
        sums
    }
}

/// Of (n, Σx, Σx²): variance ÷ mean².
fn dispersion(sums: &[f64]) -> f64 {
    let mean = sums[1] / sums[0];
    (sums[2] / sums[0] - mean * mean) / (mean * mean)
}

/// Of (Σ s s′, Σ s, Σ s′, n): correlation of ±1 values.
fn sign_correlation(sums: &[f64]) -> f64 {
    let (both, left, right) = (sums[0] / sums[3], sums[1] / sums[3], sums[2] / sums[3]);
    (both - left * right) / ((1.0 - left * left) * (1.0 - right * right)).sqrt()
}

/// Slope of a straight line through the logarithms of what is positive; not a number below three
/// points.
fn log_slope(points: impl Iterator<Item = (f64, f64)>) -> f64 {
    let logs: Vec<(f64, f64)> =
        points.filter(|(_, y)| *y > 0.0).map(|(x, y)| (x.ln(), y.ln())).collect();
    if logs.len() < 3 {
        return f64::NAN;
    }
    let count = logs.len() as f64;
    let mean_x = logs.iter().map(|(x, _)| x).sum::<f64>() / count;
    let mean_y = logs.iter().map(|(_, y)| y).sum::<f64>() / count;
    let cross: f64 = logs.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    cross / logs.iter().map(|(x, _)| (x - mean_x).powi(2)).sum::<f64>()
}
