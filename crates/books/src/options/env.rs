//! The environment: markets, Greeks and an account in, one thing to do out.

use std::sync::Arc;

use base::Seed;
use learn::agents::env::End;
use learn::agents::{Action, Actions, Env, Step};
use market::{Cash, InstrumentId, Price};
use rand::RngExt as _;
use serde::{Deserialize, Serialize};
use sim::options::backtest::Moment;
use sim::options::life::SettledBy;
use sim::options::select::{Stance, Structure, Target};
use sim::options::{
    Account, Asset, Assumed, Combo, ComboId, FillAt, Leg, OptionExchange, OptionExchangeConfig,
    OptionFees, Rules,
};

use super::frame::{Frame, frames};
use super::view::{self, HELD, MARKET, WHOLE};
use crate::Error;

/// Settings of an environment of options.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OptionEnvConfig {
    /// What can be traded.
    pub underlyings: Vec<InstrumentId>,
    /// What can be entered, on each of them.
    pub structures: Vec<Structure>,
    /// Least and most days to expiry of what is entered.
    pub days: (i32, i32),
    /// Units of a structure that are entered at once.
    pub units: u32,
    /// Cash at the start of an episode.
    pub cash: Cash,
    /// The rules of fills.
    pub rules: Rules,
    /// For Greeks and deltas.
    pub assumed: Assumed,
    /// Steps of an episode, which begins at a moment drawn evenly and is cut short at the end.
    pub episode: usize,
    /// Rewards are multiplied by this; 10,000 makes them basis points of the cash at the start.
    pub reward_scale: f32,
}

impl Default for OptionEnvConfig {
    fn default() -> OptionEnvConfig {
        let width = Price::from_raw(5 * Price::SCALE);
        let wings = Target::Delta(0.2);
        let centre = Target::Moneyness(1.0);
        OptionEnvConfig {
            underlyings: vec![InstrumentId(0)],
            structures: vec![
                Structure::Straddle { stance: Stance::Long, centre },
                Structure::Straddle { stance: Stance::Short, centre },
                Structure::IronCondor { put: wings, call: wings, width },
                Structure::Vertical {
                    right: market::OptionRight::Put,
                    stance: Stance::Short,
                    near: Target::Delta(0.3),
                    width,
                },
            ],
            days: (14, 45),
            units: 1,
            cash: Cash::from_raw(100_000 * Cash::SCALE),
            rules: Rules::default(),
            assumed: Assumed::default(),
            episode: 60,
            reward_scale: 1e4,
        }
    }
}

impl OptionEnvConfig {
    /// The twin without costs: fills and values at mid, no fees. For comparison only.
    pub fn free(mut self) -> OptionEnvConfig {
        self.rules.fill_at = FillAt::Mid;
        self.rules.fees = OptionFees::free();
        self
    }

    fn exchange(&self) -> OptionExchangeConfig {
        OptionExchangeConfig {
            cash: self.cash,
            rules: self.rules,
            ..OptionExchangeConfig::default()
        }
    }
}

/// Chains of several underlyings to trade on. Copies share them.
#[derive(Debug, Clone)]
pub struct OptionEnv {
    frames: Arc<[Frame]>,
    config: OptionEnvConfig,
}

/// Where an agent sits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seat {
    /// The last moment that it sees.
    pub moment: usize,
    /// Steps left in the episode.
    pub left: usize,
    /// Its account.
    pub account: Account,
    /// Orders that were refused.
    pub refused: u32,
}

/// What a choice means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    Nothing,
    Close(usize),
    Hedge(usize),
    Enter(usize, usize),
}

/// Choices on an underlying beside its structures: close, hedge.
const BESIDE: usize = 2;

impl OptionEnv {
    /// An environment on moments, oldest first, each with the quotes of all underlyings.
    ///
    /// # Errors
    /// Settings that contradict each other, fewer than two moments, moments out of order.
    pub fn new(moments: Vec<Moment>, config: OptionEnvConfig) -> Result<OptionEnv, Error> {
        let fault = if moments.len() < 2 {
            Some(format!("{} moments are fewer than the 2 of a step", moments.len()))
        } else if moments.windows(2).any(|pair| pair[0].now >= pair[1].now) {
            Some("the moments are not in order of time".to_owned())
        } else if config.underlyings.is_empty() {
            Some("there is nothing to trade".to_owned())
        } else if config.episode == 0 || config.units == 0 {
            Some("an episode needs a step, and an entry a unit".to_owned())
        } else if config.cash <= Cash::ZERO {
            Some("an account needs cash".to_owned())
        } else if !config.reward_scale.is_finite() || config.reward_scale <= 0.0 {
            Some(format!("rewards can't be multiplied by {}", config.reward_scale))
        } else {
            OptionExchange::new(config.exchange()).err().map(|error| error.to_string())
        };
        match fault {
            Some(fault) => Err(Error::CheckSettings { fault }),
            None => Ok(OptionEnv { frames: frames(moments, &config).into(), config }),
        }
    }

    /// The settings.
    pub fn config(&self) -> &OptionEnvConfig {
        &self.config
    }

    /// How many moments.
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// False: an environment has moments.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    fn wish(&self, choice: usize) -> Wish {
        let each = BESIDE + self.config.structures.len();
        let Some(on) = choice.checked_sub(1) else { return Wish::Nothing };
        let (underlying, what) = (on / each, on % each);
        if underlying >= self.config.underlyings.len() {
            return Wish::Nothing;
        }
        match what {
            0 => Wish::Close(underlying),
            1 => Wish::Hedge(underlying),
            structure => Wish::Enter(underlying, structure - BESIDE),
        }
    }

    /// The legs that a wish asks for, and how many units.
    fn order(&self, wish: Wish, account: &Account, frame: &Frame) -> Option<(Vec<Leg>, u32)> {
        match wish {
            Wish::Nothing => None,
            Wish::Enter(underlying, structure) => {
                Some((frame.legs(underlying, structure)?.to_vec(), self.config.units))
            }
            Wish::Close(underlying) => {
                let on = self.config.underlyings[underlying];
                let holdings = account.holdings().filter(|(asset, _)| asset.underlying() == on);
                let leg = |(asset, held): (&Asset, &sim::options::Holding)| Leg {
                    asset: *asset,
                    ratio: -held.qty,
                };
                let legs: Vec<Leg> = holdings.map(leg).collect();
                (!legs.is_empty()).then_some((legs, 1))
            }
            Wish::Hedge(underlying) => {
                let on = self.config.underlyings[underlying];
                let delta = view::delta_shares(account, frame, on, &self.config);
                let shares = -delta.round() as i64;
                (shares != 0).then(|| (vec![Leg::shares(on, shares)], 1))
            }
        }
    }

    /// Does what was chosen and moves on to the next moment. Gives the change of equity.
    fn go(&self, seat: &mut Seat, choice: usize) -> Result<Cash, sim::Error> {
        let before = seat.account.equity();
        let (frame, next) = (&self.frames[seat.moment], &self.frames[seat.moment + 1]);
        let order = self.order(self.wish(choice), &seat.account, frame);
        let account = seat.account.clone();
        let mut exchange = OptionExchange::resume(self.config.exchange(), account)?;
        if let Some((legs, units)) = order {
            let wanted = legs.iter().filter_map(|leg| leg.asset.contract());
            let quotes = wanted.filter_map(|contract| frame.quote(contract));
            quotes.for_each(|quote| exchange.on_quote(quote));
            frame.spots.iter().for_each(|spot| exchange.on_spot(*spot));
            let combo = Combo::market(ComboId(seat.moment as u64), legs, units);
            let outcome = exchange.submit(frame.now, combo)?;
            let refused = matches!(outcome, sim::options::Outcome::Refused(_));
            seat.refused += u32::from(refused);
        }
        for (underlying, action) in &next.actions {
            exchange.corporate(next.now, *underlying, *action)?;
        }
        for price in &next.opens {
            exchange.settle(next.now, next.day, SettledBy::Open, *price)?;
        }
        next.spots.iter().for_each(|spot| exchange.on_spot(*spot));
        let held = exchange.account().holdings().filter_map(|(asset, _)| asset.contract());
        let quotes: Vec<_> = held.filter_map(|c| next.quote(c).copied()).collect();
        quotes.iter().for_each(|quote| exchange.on_quote(quote));
        exchange.advance(next.now)?;
        for price in &next.closes {
            exchange.settle(next.now, next.day, SettledBy::Close, *price)?;
        }
        // Shares that were delivered are valued as shares are.
        exchange.advance(next.now)?;
        seat.account = exchange.into_account();
        seat.moment += 1;
        seat.left = seat.left.saturating_sub(1);
        Ok(seat.account.equity() - before)
    }
}

impl Env for OptionEnv {
    type State = Seat;

    fn width(&self) -> usize {
        self.config.underlyings.len() * (MARKET + HELD) + WHOLE
    }

    fn actions(&self) -> Actions {
        let each = BESIDE + self.config.structures.len();
        Actions::Choice(1 + self.config.underlyings.len() * each)
    }

    fn reset(&self, seed: Seed, observation: &mut [f32]) -> Seat {
        let latest = (self.len() - 2).saturating_sub(self.config.episode);
        let moment = seed.rng().random_range(0..=latest);
        let account = Account::new(self.config.cash);
        let seat = Seat { moment, left: self.config.episode, account, refused: 0 };
        view::show(&seat.account, &self.frames[moment], &self.config, observation);
        seat
    }

    /// An episode is done when the account is worth nothing, or when its numbers do not fit
    /// their types any more.
    fn step(&self, seat: &mut Seat, action: Action<'_>, _: Seed, observation: &mut [f32]) -> Step {
        let Ok(earned) = self.go(seat, action.choice()) else {
            return Step { reward: 0.0, end: Some(End::Done) };
        };
        view::show(&seat.account, &self.frames[seat.moment], &self.config, observation);
        let part = earned.to_f64() / self.config.cash.to_f64();
        let over = seat.left == 0 || seat.moment + 1 >= self.len();
        let end = match seat.account.equity() <= Cash::ZERO {
            true => Some(End::Done),
            false => over.then_some(End::Truncated),
        };
        Step { reward: part as f32 * self.config.reward_scale, end }
    }
}
