//! The rule by which certificates are bought, and what it expects.

use base::{Day, Seed};
use market::{Cash, Side};
use pricing::knockout::{Forecast, Horizon, Leg, MonthTurn, Night, Paths, Turbo, choose};
use serde::Serialize;
use sim::knockout::IssuerRules;

use super::bars::next_weekday;
use super::meter::Weather;
use crate::Error;
use crate::knockout::ladder::Weighed;
use crate::knockout::view::{SESSIONS, even_out};
use crate::knockout::{Offer, check_paths, refuse};

/// Which side is bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SideRule {
    /// Always long.
    Long,
    /// Always short.
    Short,
    /// One after the other, long first.
    Alternate,
    /// Long where the index is above the mean of its last closes, else short.
    Trend {
        /// Closes of that mean.
        sessions: usize,
    },
}

/// Which barrier is bought.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Pick {
    /// At a fixed distance, a part of the index.
    Distance(f64),
    /// At so many deviations of the index over the time held, as measured.
    Sigmas(f64),
    /// That of some distances with the greatest utility by paths; none where staying out is better.
    Best {
        /// Distances, parts of the index.
        distances: Vec<f64>,
        /// What is made large.
        weighed: Weighed,
    },
}

/// How certificates are held.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Settings {
    /// The issuer's terms.
    pub offer: Offer,
    /// The issuer's hours and habits.
    pub rules: IssuerRules,
    /// Which side.
    pub side: SideRule,
    /// Which barrier.
    pub pick: Pick,
    /// Sold when so many sessions have begun after the one in which it was bought.
    pub hold: u32,
    /// Part of the equity that a purchase spends.
    pub stake: f64,
    /// Money at the start.
    pub cash: Cash,
    /// Sessions over which volatility is measured before the first purchase.
    pub window: usize,
    /// Growth of the index a year that is expected.
    pub drift: f64,
    /// Paths by which a chance of a knock-out is told.
    pub paths: usize,
    /// Seed of the paths.
    pub seed: u64,
}

/// When holding begins, for what lies ahead.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Start {
    /// The local day.
    pub day: Day,
    /// The part of its session that is over.
    pub fraction: f64,
}

/// What lies ahead of a certificate.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ahead {
    pub(super) forecast: Forecast,
    /// For the closed form: all variance, over calendar time.
    pub(super) horizon: Horizon,
    /// Deviation of the index until it is sold.
    pub(super) deviation: f64,
}

impl Settings {
    /// Refuses what can't be held.
    pub fn check(&self) -> Result<(), Error> {
        check_paths(self.paths)?;
        if !(1..=252).contains(&self.hold) {
            return refuse(format!("held for {} sessions; give 1 to 252", self.hold));
        }
        if !(self.stake > 0.0 && self.stake <= 1.0) {
            return refuse(format!("a stake of {}; give one above 0, at most 1", self.stake));
        }
        if !(5..=1_000).contains(&self.window) {
            return refuse(format!("volatility over {} sessions; give 5 to 1000", self.window));
        }
        if !(-3.0..=3.0).contains(&self.drift) {
            return refuse("a drift outside -300 to 300 percent a year");
        }
        if self.trend() > 1_000 || matches!(self.side, SideRule::Trend { sessions: 0 }) {
            return refuse("a trend over no session or too many; give 1 to 1000");
        }
        let within = |distance: &f64| *distance > 0.0 && *distance < 1.0;
        match &self.pick {
            Pick::Distance(distance) if !within(distance) => {
                refuse(format!("a distance of {} %; give one within 0 and 100", 100.0 * distance))
            }
            Pick::Sigmas(sigmas) if !(*sigmas > 0.0 && *sigmas <= 20.0) => {
                refuse(format!("a distance of {sigmas} deviations; give one above 0, at most 20"))
            }
            Pick::Best { distances, .. }
                if distances.is_empty() || !distances.iter().all(within) =>
            {
                refuse("no distances, or one outside 0 to 100 percent")
            }
            _ => Ok(()),
        }
    }

    /// Closes of the trend.
    pub(super) fn trend(&self) -> usize {
        match self.side {
            SideRule::Trend { sessions } => sessions,
            _ => 1,
        }
    }

    /// The side of the next purchase, the first being number zero; `None` where it can't be told.
    pub(super) fn side_of(&self, number: usize, close: f64, mean: Option<f64>) -> Option<Side> {
        match self.side {
            SideRule::Long => Some(Side::Long),
            SideRule::Short => Some(Side::Short),
            SideRule::Alternate if number.is_multiple_of(2) => Some(Side::Long),
            SideRule::Alternate => Some(Side::Short),
            SideRule::Trend { .. } => {
                mean.map(|mean| if close > mean { Side::Long } else { Side::Short })
            }
        }
    }

    /// The certificate to buy; `None` where staying out is better.
    pub(super) fn choose(
        &self,
        side: Side,
        index: f64,
        ahead: &Ahead,
        seed: Seed,
    ) -> Result<Option<Turbo>, Error> {
        let terms = self.offer.terms(side);
        let turbo = |distance: f64| {
            Turbo::at_distance(terms, index, distance).map_err(Error::ValueKnockOut)
        };
        match &self.pick {
            Pick::Distance(distance) => turbo(*distance).map(Some),
            Pick::Sigmas(sigmas) => turbo((sigmas * ahead.deviation).min(0.9)).map(Some),
            Pick::Best { distances, weighed } => {
                let offered: Vec<Turbo> =
                    distances.iter().map(|one| turbo(*one)).collect::<Result<_, _>>()?;
                let paths = self.paths_ahead(index, ahead, seed)?;
                let bet = weighed.bet(self.offer.spread_points);
                let choice = choose(&offered, &paths, &bet).map_err(Error::ValueKnockOut)?;
                Ok(choice.best.map(|best| offered[best]))
            }
        }
    }

    pub(super) fn paths_ahead(
        &self,
        index: f64,
        ahead: &Ahead,
        seed: Seed,
    ) -> Result<Paths, Error> {
        Paths::draw(index, &ahead.forecast, self.paths, seed).map_err(Error::ValueKnockOut)
    }

    /// What lies ahead of a certificate bought now and sold by the rule. `bar` is the part of a
    /// session that passes from the decision to sell to its fill; 1 is the next opening.
    pub(super) fn ahead(&self, start: Start, weather: &Weather, bar: f64) -> Ahead {
        let mut legs = Vec::new();
        let (mut day, mut calendar_days) = (start.day, 0);
        let watch = |legs: &mut Vec<Leg>, part: f64| {
            if part > 1e-9 {
                legs.push(Leg::Session { years: part / SESSIONS });
            }
        };
        let mut sleep = |legs: &mut Vec<Leg>, day: &mut Day| {
            let next = next_weekday(*day);
            let days = (next - *day) as u32;
            let begins = (day.year(), day.month()) != (next.year(), next.month());
            let turn = if begins { MonthTurn::Begins } else { MonthTurn::Within };
            legs.push(Leg::Night(Night {
                deviation: weather.night_deviation,
                jump_chance: weather.jump_chance,
                jump_deviation: weather.jump_deviation,
                days,
                turn,
            }));
            (*day, calendar_days) = (next, calendar_days + days);
        };
        watch(&mut legs, 1.0 - start.fraction);
        for _ in 1..self.hold {
            sleep(&mut legs, &mut day);
            watch(&mut legs, 1.0);
        }
        sleep(&mut legs, &mut day);
        watch(&mut legs, bar.min(1.0));
        if bar >= 1.0 {
            sleep(&mut legs, &mut day);
        }
        let of = |leg: &Leg| match leg {
            Leg::Session { years } => (years * SESSIONS, weather.session_variance),
            Leg::Night(_) => (1.0, weather.night_variance()),
        };
        let variance: f64 = legs.iter().map(of).map(|(count, one)| count * one).sum();
        let watched: f64 =
            legs.iter().filter(|leg| matches!(leg, Leg::Session { .. })).map(|it| of(it).0).sum();
        let mean = (self.drift * watched / SESSIONS).exp_m1();
        let years = f64::from(calendar_days) / 365.0;
        let even = even_out(mean, &legs);
        Ahead {
            forecast: Forecast {
                up_chance: 1.0,
                return_if_up: even,
                return_if_down: even,
                volatility: (SESSIONS * weather.session_variance).sqrt(),
                legs,
            },
            horizon: Horizon {
                years,
                growth: mean.ln_1p() / years,
                volatility: (variance / years).sqrt(),
            },
            deviation: variance.sqrt(),
        }
    }
}
