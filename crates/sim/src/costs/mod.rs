//! What a trade costs: commission, half the spread, slippage, impact, fees, borrow, financing.
//!
//! Price costs (spread, slippage, impact) move the fill's price against us; money costs
//! (commission, fees) go into the fill's fee. Both are kept apart in a [`Breakdown`].

pub mod calibrate;
mod commission;
mod financing;
pub mod impact;
mod pass_through;
mod sell_fees;
pub mod spread;
mod tiers;

use base::{Day, Rounding, Span};
use market::{Cash, Price, Qty};
use serde::{Deserialize, Serialize};

use crate::{Error, check_range};
pub use commission::Commission;
use commission::Scope;
pub use financing::{Borrow, DayCount, Financing};
pub use pass_through::PassThrough;
pub use sell_fees::SellFees;
pub use spread::{Spread, SpreadProfile};
pub use tiers::{CryptoVenue, MakerTakerRates};

/// How far the price moves against an order that takes liquidity, beyond half the spread.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "model", deny_unknown_fields)]
pub enum Slippage {
    /// Not at all.
    #[default]
    None,
    /// By so many basis points of the price.
    Fixed {
        /// Basis points of the price.
        bps: f64,
    },
    /// By a fraction of the average true range of one session.
    OfRange {
        /// Fraction of the average true range.
        fraction: f64,
    },
    /// By this ÷ √volume of the bar, a part of the price ([`impact::volume_slippage`]). An order
    /// on a bar of unknown volume is refused.
    OfVolume {
        /// The coefficient.
        coefficient: f64,
    },
}

/// Assumed costs. Every key is optional; the defaults are those of [`CostConfig::default`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CostConfig {
    /// The broker's commission. Default: Interactive Brokers' fixed schedule.
    pub commission: Commission,
    /// Half the quoted spread, paid by orders that take liquidity. Default 2 bp.
    pub half_spread_bps: f64,
    /// Half the spread in another form, by the time of day where it was recorded. Where it says
    /// nothing (outside a profile's hours) `half_spread_bps` counts. Default: it never does.
    pub spread: Option<Spread>,
    /// Slippage beyond the spread. Default: 1 bp of the price.
    pub slippage: Slippage,
    /// Coefficient Y of the square-root law: impact = Y × range × √(quantity ÷ daily volume),
    /// with the average true range as the session's volatility (Almgren, Thum, Hauptmann and Li
    /// 2005; Tóth et al. 2011). Default 0: no impact.
    pub impact_coefficient: f64,
    /// Fees of the regulators on sales. Default: those of the United States.
    pub sell_fees: SellFees,
    /// Charges by the share or contract that the broker hands on. Default: none.
    pub pass_through: PassThrough,
    /// Fee for borrowing shares sold short, percent a year of their value. Default 1 %.
    pub borrow_pct: f64,
    /// What a lender asks for shares sold short, by the customs of US stock loans, in place of
    /// `borrow_pct`. Default: `borrow_pct` counts.
    pub borrow: Option<Borrow>,
    /// Interest on negative cash, percent a year. Default 6 %.
    pub financing_pct: f64,
    /// How the rate on a debt follows from these percent. Default: they are all of it.
    pub financing: Financing,
    /// How days of borrow and debt are counted. Default: of 365.
    pub day_count: DayCount,
    /// All of the above times this: 0, 1, 2, 4 for a table of sensitivity. Default 1.
    pub scale: f64,
}

impl Default for CostConfig {
    fn default() -> CostConfig {
        CostConfig {
            commission: Commission::IbkrFixed,
            half_spread_bps: 2.0,
            spread: None,
            slippage: Slippage::Fixed { bps: 1.0 },
            impact_coefficient: 0.0,
            sell_fees: SellFees::UsEquity,
            pass_through: PassThrough::None,
            borrow_pct: 1.0,
            borrow: None,
            financing_pct: 6.0,
            financing: Financing::Flat,
            day_count: DayCount::Act365,
            scale: 1.0,
        }
    }
}

impl CostConfig {
    /// A world without costs.
    pub fn free() -> CostConfig {
        CostConfig {
            commission: Commission::Zero,
            half_spread_bps: 0.0,
            spread: None,
            slippage: Slippage::None,
            impact_coefficient: 0.0,
            sell_fees: SellFees::None,
            pass_through: PassThrough::None,
            borrow_pct: 0.0,
            borrow: None,
            financing_pct: 0.0,
            financing: Financing::Flat,
            day_count: DayCount::Act365,
            scale: 1.0,
        }
    }

    /// The same assumptions, all multiplied (HON-5).
    pub fn scaled(self, factor: f64) -> CostConfig {
        CostConfig { scale: self.scale * factor, ..self }
    }
}

/// One execution, as the cost model sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Execution {
    /// Trading day, for fees that changed over the years.
    pub day: Day,
    /// Time of day, by the clock of the recorded spreads (UTC where it is that of the bars); `None`
    /// where it is not known: then the spread that does not depend on it counts.
    pub time_of_day: Option<Span>,
    /// Signed quantity executed now.
    pub qty: Qty,
    /// Price before costs.
    pub reference: Price,
    /// Who provided the liquidity.
    pub liquidity: Liquidity,
    /// Worst price that the order accepts; `None` for market orders.
    pub worst: Option<Price>,
    /// Average true range of a session, in price; 0 where not known yet.
    pub range: f64,
    /// Average volume of a session, in units; 0 where not known.
    pub daily_volume: f64,
    /// Volume of the bar that it executes on, in units; 0 where not known.
    pub bar_volume: f64,
    /// What this order executed before, for minimums and caps per order.
    pub before: Executed,
}

/// Whether an order waited in the market or came to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Liquidity {
    /// A limit order that was waiting: pays no spread and no slippage.
    Provided,
    /// An order that had to trade: pays both.
    Taken,
}

/// What an order has executed so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Executed {
    /// Magnitude of the quantity.
    pub qty: Qty,
    /// Value at the prices paid, a magnitude.
    pub value: Cash,
    /// Commission charged.
    pub commission: Cash,
}

/// Where the costs of one execution came from; each is positive when it costs money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Breakdown {
    /// Half the spread.
    pub spread: Cash,
    /// Slippage beyond the spread.
    pub slippage: Cash,
    /// Market impact.
    pub impact: Cash,
    /// The broker's commission.
    pub commission: Cash,
    /// The regulators' fees on sales, and what the broker hands on.
    pub sell_fees: Cash,
}

impl Breakdown {
    /// All of it.
    pub fn total(&self) -> Cash {
        self.spread + self.slippage + self.impact + self.commission + self.sell_fees
    }

    /// Adds another execution's costs.
    pub fn add(&mut self, other: &Breakdown) {
        self.spread += other.spread;
        self.slippage += other.slippage;
        self.impact += other.impact;
        self.commission += other.commission;
        self.sell_fees += other.sell_fees;
    }
}

/// The price and fee of an execution after costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Priced {
    /// Price paid or received.
    pub price: Price,
    /// Commission and fees.
    pub fee: Cash,
    /// Where they came from.
    pub breakdown: Breakdown,
}

/// A checked set of cost assumptions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "CostConfig", into = "CostConfig")]
pub struct CostModel {
    config: CostConfig,
}

impl TryFrom<CostConfig> for CostModel {
    type Error = Error;
    fn try_from(config: CostConfig) -> Result<CostModel, Error> {
        CostModel::new(config)
    }
}

impl From<CostModel> for CostConfig {
    fn from(model: CostModel) -> CostConfig {
        model.config
    }
}

impl CostModel {
    /// Checks the assumptions: nothing negative, nothing absurd.
    pub fn new(config: CostConfig) -> Result<CostModel, Error> {
        let bps = (0.0, 5_000.0);
        check_range("costs.half_spread_bps", config.half_spread_bps, bps, "in 0..=5000")?;
        if let Some(spread) = &config.spread {
            spread.check()?;
        }
        if let Some(borrow) = config.borrow {
            borrow.pct()?;
        }
        match config.slippage {
            Slippage::None => {}
            Slippage::Fixed { bps: value } => {
                check_range("costs.slippage.bps", value, bps, "in 0..=5000")?;
            }
            Slippage::OfRange { fraction } => {
                check_range("costs.slippage.fraction", fraction, (0.0, 1.0), "in 0..=1")?;
            }
            Slippage::OfVolume { coefficient } => {
                let field = "costs.slippage.coefficient";
                check_range(field, coefficient, (0.0, 1_000.0), "in 0..=1000")?;
            }
        }
        let impact = config.impact_coefficient;
        check_range("costs.impact_coefficient", impact, (0.0, 10.0), "in 0..=10")?;
        let percent = (0.0, 1_000.0);
        check_range("costs.borrow_pct", config.borrow_pct, percent, "in 0..=1000")?;
        check_range("costs.financing_pct", config.financing_pct, percent, "in 0..=1000")?;
        check_range("costs.scale", config.scale, (0.0, 100.0), "in 0..=100")?;
        config.commission.check()?;
        Ok(CostModel { config })
    }

    /// The assumptions.
    pub fn config(&self) -> &CostConfig {
        &self.config
    }

    /// Prices an execution. The price moves against us by spread, slippage and impact, never
    /// beyond the worst price that the order accepts, and is rounded against us to 1/10,000.
    pub fn price(&self, execution: &Execution) -> Result<Priced, Error> {
        let parts = self.price_parts(execution)?;
        let price = self.moved_price(execution, parts.iter().sum())?;
        let size = execution.qty.abs();
        let mut breakdown = Breakdown::default();
        let paid = (price.times(size) - execution.reference.times(size)).abs();
        share_out(paid, parts, &mut breakdown)?;
        breakdown.commission = self.commission(execution, price)?;
        breakdown.sell_fees = self.sell_fees(execution, price)?;
        Ok(Priced { price, fee: breakdown.commission + breakdown.sell_fees, breakdown })
    }

    /// Fee for holding so many units short at that price for some calendar days.
    pub fn borrow_fee(&self, price: Price, qty: Qty, days: i32) -> Result<Cash, Error> {
        let Some(borrow) = self.config.borrow else {
            return self.interest(price.times(qty), self.config.borrow_pct, days);
        };
        let fee = borrow.fee(price, qty, days)?.to_f64() * self.config.scale;
        Ok(Cash::from_f64(fee, Rounding::HalfEven)?)
    }

    /// Interest on a debt of that size for some calendar days.
    pub fn financing(&self, debt: Cash, days: i32) -> Result<Cash, Error> {
        let size = debt.to_f64().abs();
        let pct = self.config.financing.blended_pct(self.config.financing_pct, size);
        self.interest(debt, pct, days)
    }

    fn interest(&self, value: Cash, pct: f64, days: i32) -> Result<Cash, Error> {
        let years = self.config.day_count.years(days);
        let amount = value.to_f64().abs() * pct / 100.0 * years * self.config.scale;
        Ok(Cash::from_f64(amount, Rounding::HalfEven)?)
    }

    /// Spread, slippage and impact, in price.
    fn price_parts(&self, execution: &Execution) -> Result<[f64; 3], Error> {
        if execution.liquidity == Liquidity::Provided {
            return Ok([0.0; 3]);
        }
        let config = &self.config;
        let reference = execution.reference.to_f64();
        let slippage = match config.slippage {
            Slippage::None => 0.0,
            Slippage::Fixed { bps } => reference * bps * 1e-4,
            Slippage::OfRange { fraction } => execution.range * fraction,
            Slippage::OfVolume { coefficient } => {
                let volume = execution.bar_volume;
                check_range("costs: volume of the bar", volume, (1e-9, 1e18), "positive")?;
                reference * impact::volume_slippage(coefficient, volume)
            }
        };
        let share = match execution.daily_volume > 0.0 {
            true => execution.qty.to_f64().abs() / execution.daily_volume,
            false => 0.0,
        };
        let law = impact::SquareRoot { coefficient: config.impact_coefficient };
        let moved = law.fraction(execution.range, share);
        let half = self.half_spread(reference, execution.time_of_day);
        Ok([half, slippage, moved].map(|part| part * config.scale))
    }

    /// Half the spread in price.
    fn half_spread(&self, reference: f64, time_of_day: Option<Span>) -> f64 {
        let said =
            self.config.spread.as_ref().and_then(|spread| spread.half(reference, time_of_day));
        said.unwrap_or(reference * self.config.half_spread_bps * 1e-4)
    }

    fn moved_price(&self, execution: &Execution, shift: f64) -> Result<Price, Error> {
        let reference = execution.reference;
        if shift <= 0.0 {
            return Ok(reference);
        }
        let tick = Price::from_raw(Price::SCALE / 10_000);
        let buys = !execution.qty.is_negative();
        let moved = if buys {
            Price::from_f64(reference.to_f64() + shift, Rounding::Up)?.round_to(tick, Rounding::Up)
        } else {
            let raw = (reference.to_f64() - shift).max(tick.to_f64());
            Price::from_f64(raw, Rounding::Down)?.round_to(tick, Rounding::Down).max(tick)
        };
        // A price below a tick is left where it is, not lifted to it.
        let moved = if buys { moved } else { moved.min(reference) };
        Ok(match execution.worst {
            Some(worst) if buys => moved.min(worst.max(reference)),
            Some(worst) => moved.max(worst.min(reference)),
            None => moved,
        })
    }

    fn commission(&self, execution: &Execution, price: Price) -> Result<Cash, Error> {
        let size = execution.qty.abs();
        let before = match self.config.commission.scope() {
            Scope::Order => execution.before,
            Scope::Fill => Executed::default(),
        };
        let (qty, value) = (before.qty + size, before.value + price.times(size));
        let of = |qty: Qty, value: Cash| {
            self.config.commission.of(qty.to_f64(), value.to_f64(), execution.liquidity)
        };
        let whole = of(qty, value) * self.config.scale;
        Ok(Cash::from_f64(whole, Rounding::HalfEven)? - before.commission)
    }

    fn sell_fees(&self, execution: &Execution, price: Price) -> Result<Cash, Error> {
        let size = execution.qty.abs();
        let mut fees = self.config.pass_through.of(execution.day, size.to_f64());
        if execution.qty.is_negative() {
            let value = price.times(size).to_f64();
            fees += self.config.sell_fees.of(execution.day, size.to_f64(), value);
        }
        Ok(Cash::from_f64(fees * self.config.scale, Rounding::HalfEven)?)
    }
}

/// Splits what was really paid in proportion to the parts, so that they sum to it exactly.
fn share_out(paid: Cash, parts: [f64; 3], breakdown: &mut Breakdown) -> Result<(), Error> {
    let total: f64 = parts.iter().sum();
    if total <= 0.0 {
        return Ok(());
    }
    let part = |share: f64| Cash::from_f64(paid.to_f64() * share / total, Rounding::HalfEven);
    breakdown.slippage = part(parts[1])?;
    breakdown.impact = part(parts[2])?;
    breakdown.spread = paid - breakdown.slippage - breakdown.impact;
    Ok(())
}

#[cfg(test)]
mod estimate_tests;
#[cfg(test)]
mod schedule_tests;
#[cfg(test)]
mod tests;
