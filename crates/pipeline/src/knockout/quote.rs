//! One certificate: what it is worth, what it costs, how likely it dies.

use base::{Interval, Seed};
use market::{Price, Side};
use pricing::knockout::{Bet, MonthTurn, Paths, Turbo, Utility, choose};
use serde::Serialize;

use super::offer::{Asked, Kind, Offer};
use super::view::View;
use super::{check_paths, share};
use crate::Error;

/// What a night costs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Financed {
    /// One certificate's night, in money; negative is earned.
    pub night: f64,
    /// One certificate's weekend of three days.
    pub weekend: f64,
    /// A night's part of the intrinsic value.
    pub part_a_night: f64,
}

/// What is said of a certificate.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Quoted {
    /// What was asked for.
    pub asked: Asked,
    /// The issuer's terms.
    pub offer: Offer,
    /// What is expected.
    pub view: View,
    /// Long or short.
    pub side: Side,
    /// The financing level.
    pub strike: f64,
    /// The level that kills.
    pub barrier: f64,
    /// Distance of the index from the strike × ratio.
    pub value: f64,
    /// The holder sells here.
    pub bid: Price,
    /// The holder buys here.
    pub ask: Price,
    /// Ask less bid, as a part of the ask.
    pub spread_part: f64,
    /// By how many percent the value moves when the index moves by one.
    pub leverage: f64,
    /// Distance of the index from the barrier, as a part of the index.
    pub distance: f64,
    /// The same in deviations of the index a day.
    pub distance_sigmas: f64,
    /// Chance of a knock-out over the horizon in closed form: watched all the time, no jumps.
    pub closed_form: f64,
    /// The same by paths, with nights that nobody watches and with jumps; 95 %.
    pub by_paths: Interval,
    /// Return of a purchase at the ask, sold at the bid at the horizon or knocked out; 95 %.
    pub held: Interval,
    /// Paths drawn.
    pub paths: usize,
    /// Seed of the paths.
    pub seed: u64,
    /// What a night costs.
    pub financing: Financed,
}

/// Says what a certificate is worth and what becomes of it.
pub fn quote(
    asked: Asked,
    kind: &Kind,
    view: &View,
    (paths, seed): (usize, u64),
) -> Result<Quoted, Error> {
    view.check()?;
    check_paths(paths)?;
    let (index, offer) = (asked.index, kind.on(asked.index)?);
    let turbo = offer.turbo(&asked)?;
    let (bid, ask) = offer.prices(&turbo, index)?;
    let drawn = Paths::draw(index, &view.forecast(), paths, Seed::root(seed));
    let drawn = drawn.map_err(Error::ValueKnockOut)?;
    let bet = Bet {
        stake: 1.0,
        spread_points: offer.spread_points,
        stop_loss: None,
        utility: Utility::MeanVariance { aversion: 0.0 },
        most_knock_out: None,
    };
    let found = choose(&[turbo], &drawn, &bet).map_err(Error::ValueKnockOut)?;
    let judged = &found.judged[0];
    let distance = turbo.distance(index);
    Ok(Quoted {
        asked,
        offer,
        view: *view,
        side: asked.side,
        strike: turbo.strike(),
        barrier: turbo.barrier(),
        value: turbo.intrinsic(index),
        bid,
        ask,
        spread_part: 1.0 - bid.to_f64() / ask.to_f64(),
        leverage: judged.leverage,
        distance,
        distance_sigmas: distance / view.daily_deviation(),
        closed_form: view.closed_form(&turbo, index)?,
        by_paths: share(judged.knock_out, paths),
        held: judged.return_on_stake.interval(),
        paths,
        seed,
        financing: financing(&turbo, index)?,
    })
}

fn financing(turbo: &Turbo, index: f64) -> Result<Financed, Error> {
    let lost = |days: u32| -> Result<f64, Error> {
        let after = turbo.after_night(days, MonthTurn::Within).map_err(Error::ValueKnockOut)?;
        Ok(turbo.terms().side.sign() * (after.strike() - turbo.strike()) * turbo.terms().ratio)
    };
    let night = lost(1)?;
    Ok(Financed { night, weekend: lost(3)?, part_a_night: night / turbo.intrinsic(index) })
}
