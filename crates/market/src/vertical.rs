//! Options by what they are, and two of them on one share, bought and sold together: a
//! vertical spread as an instrument.
//!
//! One unit is one contract bought and one sold, each of a hundred shares. Its price is what the
//! unit costs in money: a hundred times the net price a share, so that price × quantity is money
//! as for shares.

use std::fmt;
use std::str::FromStr;

use base::Day;
use serde::{Deserialize, Serialize};

use crate::{Error, OptionRight, Price};

/// Shares of one contract.
const SHARES: i64 = 100;

/// An option by what it is, not by a broker's name for it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OptionSeries {
    /// Symbol of the share that it is on.
    pub underlying: String,
    /// Its last day.
    pub expiry: Day,
    /// Call or put.
    pub right: OptionRight,
    /// Price a share at exercise.
    pub strike: Price,
}

/// What an option is quoted at a share; a side without a price has none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeriesQuote {
    /// The option.
    pub series: OptionSeries,
    /// The best bid.
    pub bid: Option<Price>,
    /// The best ask.
    pub ask: Option<Price>,
}

/// Which options of a share are asked for. Brokers that quote one option at a time take long over
/// a whole chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainPart {
    /// First and last day on which they may end.
    pub days: (Day, Day),
    /// Whether those of the latest of these days alone are wanted.
    pub latest: bool,
    /// Calls or puts alone, where not both.
    pub right: Option<OptionRight>,
    /// The lowest and the highest strike, where not all.
    pub strikes: Option<(Price, Price)>,
}

impl ChainPart {
    /// All that end from one day to another, both included.
    pub const fn all(days: (Day, Day)) -> ChainPart {
        ChainPart { days, latest: false, right: None, strikes: None }
    }

    /// The options of a spread, and what lies between them.
    pub fn of(spread: &Vertical) -> ChainPart {
        let (one, other) = (spread.bought, spread.sold);
        ChainPart {
            days: (spread.expiry, spread.expiry),
            latest: false,
            right: Some(spread.right),
            strikes: Some((one.min(other), one.max(other))),
        }
    }

    /// Whether an option is among them; of the latest day nothing is known here.
    pub fn holds(&self, series: &OptionSeries) -> bool {
        let (from, to) = self.days;
        let strike = series.strike;
        (from..=to).contains(&series.expiry)
            && self.right.is_none_or(|right| right == series.right)
            && self.strikes.is_none_or(|(low, high)| (low..=high).contains(&strike))
    }
}

/// An option of each of two strikes with the same last day: one bought, one sold. The one bought is
/// worth more, so a unit costs money, and no more than that can be lost.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Vertical {
    /// Symbol of the share.
    pub underlying: String,
    /// Last day of both.
    pub expiry: Day,
    /// Calls or puts.
    pub right: OptionRight,
    /// Strike of the one bought.
    pub bought: Price,
    /// Strike of the one sold.
    pub sold: Price,
}

impl Vertical {
    /// One that costs money: the call bought lies below the call sold, the put bought above.
    pub fn is_debit(&self) -> bool {
        match self.right {
            OptionRight::Call => self.bought < self.sold,
            OptionRight::Put => self.bought > self.sold,
        }
    }

    /// The option bought and the option sold.
    pub fn legs(&self) -> (OptionSeries, OptionSeries) {
        let leg = |strike| OptionSeries {
            underlying: self.underlying.clone(),
            expiry: self.expiry,
            right: self.right,
            strike,
        };
        (leg(self.bought), leg(self.sold))
    }

    /// What a unit is worth half way between the quotes of its options; `None` where a side of
    /// one has no price.
    pub fn middle(&self, quotes: &[SeriesQuote]) -> Option<Price> {
        let (bought, sold) = self.legs();
        let middle = |series: &OptionSeries| {
            let quote = quotes.iter().find(|quote| quote.series == *series)?;
            Some(quote.bid?.raw() / 2 + quote.ask?.raw() / 2)
        };
        let net = Price::from_raw(middle(&bought)? - middle(&sold)?);
        Some(unit_price(net.max(Price::ZERO)))
    }

    /// The most that a unit can be worth: a hundred times the distance of the strikes.
    pub fn most(&self) -> Price {
        unit_price((self.bought - self.sold).abs())
    }
}

/// What a unit costs at a net price a share.
pub const fn unit_price(net: Price) -> Price {
    Price::from_raw(net.raw() * SHARES)
}

/// The net price a share at which a unit costs that.
pub const fn net_price(unit: Price) -> Price {
    Price::from_raw(unit.raw() / SHARES)
}

impl fmt::Display for Vertical {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let right = match self.right {
            OptionRight::Call => "call",
            OptionRight::Put => "put",
        };
        let Vertical { underlying, expiry, bought, sold, .. } = self;
        write!(f, "{underlying} {expiry} {right} {bought}/{sold}")
    }
}

impl FromStr for Vertical {
    type Err = Error;

    /// Reads what [`Vertical`] prints, and nothing that costs no money.
    fn from_str(text: &str) -> Result<Vertical, Error> {
        let read = || {
            let mut words = text.split(' ');
            let underlying = words.next().filter(|word| !word.is_empty())?.to_owned();
            let expiry = words.next()?.parse().ok()?;
            let right = match words.next()? {
                "call" => OptionRight::Call,
                "put" => OptionRight::Put,
                _ => return None,
            };
            let (bought, sold) = words.next()?.split_once('/')?;
            let (bought, sold) = (bought.parse().ok()?, sold.parse().ok()?);
            let vertical = Vertical { underlying, expiry, right, bought, sold };
            let sound = vertical.is_debit() && bought.min(sold) > Price::ZERO;
            (words.next().is_none() && sound).then_some(vertical)
        };
        read().ok_or_else(|| Error::ReadVertical { text: text.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_is_printed() {
        for name in ["AAPL 2024-07-19 call 190/200", "BRK.B 2025-01-17 put 412.5/400"] {
            let vertical: Vertical = name.parse().unwrap();
            assert_eq!(vertical.to_string(), name);
        }
    }

    #[test]
    fn what_is_no_spread_that_costs_money_is_refused() {
        let wrong = [
            "AAPL",
            "",
            " 2024-07-19 call 190/200",
            "AAPL 2024-07-19 call 200/190",
            "AAPL 2024-07-19 put 190/200",
            "AAPL 2024-07-19 call 190/190",
            "AAPL 2024-07-19 call 0/190",
            "AAPL 2024-07-19 call 190/200 x",
            "AAPL 2024-02-30 call 190/200",
            "AAPL 2024-07-19 straddle 190/200",
        ];
        for text in wrong {
            assert!(text.parse::<Vertical>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_part_of_a_chain_holds_its_ends_and_nothing_beyond_them() {
        let spread: Vertical = "AAPL 2024-07-19 call 190/200".parse().unwrap();
        let part = ChainPart::of(&spread);
        let (bought, sold) = spread.legs();
        assert!(part.holds(&bought) && part.holds(&sold));
        let strike = "200.5".parse().unwrap();
        let other = [
            OptionSeries { strike, ..sold.clone() },
            OptionSeries { right: OptionRight::Put, ..sold.clone() },
            OptionSeries { expiry: sold.expiry.plus(1), ..sold.clone() },
        ];
        assert!(other.iter().all(|series| !part.holds(series)));
        assert!(ChainPart::all((sold.expiry, sold.expiry.plus(1))).holds(&other[2]));
    }

    #[test]
    fn a_unit_is_a_hundred_shares() {
        let vertical: Vertical = "AAPL 2024-07-19 call 190/200".parse().unwrap();
        assert_eq!(vertical.most(), "1000".parse().unwrap());
        let net: Price = "3.85".parse().unwrap();
        assert_eq!(net_price(unit_price(net)), net);
    }
}
