//! Double-entry accounts, to the sixth decimal of a currency.
//!
//! Every booking is an [`Booking`] whose postings sum to zero; so the balances always sum to
//! zero, and equity (cash + positions at market) differs from paid-in capital by exactly the
//! profit. Positions are carried at average cost: a sale releases cost in proportion, whichever
//! lot was bought first. FIFO would give other realised figures and the same equity.

mod position;

pub use position::{Position, divided, multiplied};

use std::collections::BTreeMap;

use base::Ts;
use market::{Cash, Currency, Fill, InstrumentId, Qty};
use serde::{Deserialize, Serialize};

use crate::Error;

/// An account. Assets are positive; capital and profit are negative, as in any ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Account {
    /// Money at the broker.
    Cash,
    /// Positions at cost; negative for shorts.
    Securities,
    /// Money paid in.
    Capital,
    /// Profit of closed positions, before fees (negative when we gained).
    Realised,
    /// Commissions and fees.
    Fees,
    /// Dividends received (negative) and paid on shorts (positive).
    Dividends,
    /// Fees for borrowed shares.
    Borrow,
    /// Interest on cash.
    Interest,
    /// Cash the broker moved for another reason.
    Other,
}

/// One line of a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posting {
    /// The account.
    pub account: Account,
    /// The amount; positive is debit.
    pub amount: Cash,
}

/// Postings that belong together and sum to zero.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Booking {
    /// When it happened.
    pub at: Ts,
    /// In which currency.
    pub currency: Currency,
    /// The instrument, where there is one.
    pub instrument: Option<InstrumentId>,
    /// The lines.
    pub postings: Vec<Posting>,
    /// What for.
    pub why: String,
}

/// Balances and positions.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Ledger {
    balances: BTreeMap<Currency, BTreeMap<Account, Cash>>,
    positions: BTreeMap<InstrumentId, Position>,
}

impl Booking {
    /// Sum of the postings; zero in every booking this room makes.
    pub fn sum(&self) -> Cash {
        self.postings.iter().map(|posting| posting.amount).sum()
    }

    /// The amount posted to an account.
    pub fn amount(&self, account: Account) -> Cash {
        let mine = self.postings.iter().filter(|posting| posting.account == account);
        mine.map(|posting| posting.amount).sum()
    }

    fn pair(at: Ts, currency: Currency, against: Account, amount: Cash) -> Booking {
        let postings = vec![
            Posting { account: Account::Cash, amount },
            Posting { account: against, amount: -amount },
        ];
        Booking { at, currency, instrument: None, postings, why: String::new() }
    }

    /// Money paid in.
    pub fn capital(at: Ts, currency: Currency, amount: Cash) -> Booking {
        Booking {
            why: "capital".to_owned(),
            ..Booking::pair(at, currency, Account::Capital, amount)
        }
    }

    /// Cash that moved without a trade. The account follows from the broker's words.
    pub fn cash_moved(at: Ts, currency: Currency, amount: Cash, why: &str) -> Booking {
        let words = why.to_ascii_lowercase();
        let account = if words.contains("dividend") {
            Account::Dividends
        } else if words.contains("borrow") {
            Account::Borrow
        } else if words.contains("interest") || words.contains("financing") {
            Account::Interest
        } else {
            Account::Other
        };
        Booking { why: why.to_owned(), ..Booking::pair(at, currency, account, amount) }
    }
}

impl Ledger {
    /// Cash in a currency.
    pub fn cash(&self, currency: Currency) -> Cash {
        self.balance(currency, Account::Cash)
    }

    /// Balance of an account.
    pub fn balance(&self, currency: Currency, account: Account) -> Cash {
        let accounts = self.balances.get(&currency);
        accounts.and_then(|accounts| accounts.get(&account)).copied().unwrap_or_default()
    }

    /// All balances of a currency, ordered by account.
    pub fn balances(&self, currency: Currency) -> impl Iterator<Item = (Account, Cash)> {
        let accounts = self.balances.get(&currency).into_iter().flatten();
        accounts.map(|(account, cash)| (*account, *cash))
    }

    /// The currencies that anything was booked in.
    pub fn currencies(&self) -> impl Iterator<Item = Currency> {
        self.balances.keys().copied()
    }

    /// Sum of all balances of a currency: always zero.
    pub fn sum(&self, currency: Currency) -> Cash {
        self.balances(currency).map(|(_, cash)| cash).sum()
    }

    /// The position in an instrument, if one is open.
    pub fn position(&self, instrument: InstrumentId) -> Option<&Position> {
        self.positions.get(&instrument)
    }

    /// Open positions, ordered by instrument.
    pub fn positions(&self) -> impl ExactSizeIterator<Item = (InstrumentId, &Position)> {
        self.positions.iter().map(|(id, position)| (*id, position))
    }

    /// Works out what a fill books and which position it leaves, without booking it.
    pub fn price_fill(
        &self,
        fill: &Fill,
        currency: Currency,
    ) -> Result<(Booking, Position), Error> {
        let fault = |fault| Error::BookFill { order: fill.order.clone(), fault };
        if fill.qty == Qty::ZERO {
            return Err(fault("its quantity is zero"));
        }
        if fill.price.is_negative() {
            return Err(fault("its price is negative"));
        }
        let before = self.positions.get(&fill.instrument).copied().unwrap_or_default();
        let (after, realised) = before.traded(fill);
        let value = fill.price.times(fill.qty);
        let lines = [
            (Account::Cash, -value - fill.fee),
            (Account::Securities, after.cost - before.cost),
            (Account::Realised, -realised),
            (Account::Fees, fill.fee),
        ];
        let lines = lines.into_iter().filter(|(_, amount)| *amount != Cash::ZERO);
        let postings = lines.map(|(account, amount)| Posting { account, amount }).collect();
        let instrument = Some(fill.instrument);
        let booking =
            Booking { at: fill.at, currency, instrument, postings, why: "fill".to_owned() };
        Ok((booking, after))
    }

    /// Adds the postings to their accounts.
    pub fn book(&mut self, booking: &Booking) {
        let accounts = self.balances.entry(booking.currency).or_default();
        for posting in &booking.postings {
            *accounts.entry(posting.account).or_default() += posting.amount;
        }
    }

    /// Sets the position a fill left; a flat one is forgotten.
    pub fn hold(&mut self, instrument: InstrumentId, position: Position) {
        if position.qty == Qty::ZERO {
            self.positions.remove(&instrument);
        } else {
            self.positions.insert(instrument, position);
        }
    }

    /// Multiplies a position by the ratio of a split; its cost stays.
    pub fn split(&mut self, instrument: InstrumentId, ratio: f64) {
        if let Some(position) = self.positions.get_mut(&instrument) {
            position.qty = multiplied(position.qty, ratio);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use market::{ClientOrderId, Price};
    use proptest::prelude::*;

    fn fill(qty: i64, price: i64, fee: i64) -> Fill {
        Fill {
            order: ClientOrderId::from_text("o"),
            instrument: InstrumentId(0),
            at: Ts::from_seconds(1),
            qty: Qty::whole(qty),
            price: Price::from_raw(price),
            fee: Cash::from_raw(fee),
            evidence: None,
            execution: None,
        }
    }

    fn take(ledger: &mut Ledger, fill: &Fill) -> Booking {
        let (booking, position) = ledger.price_fill(fill, Currency::USD).unwrap();
        ledger.book(&booking);
        ledger.hold(fill.instrument, position);
        booking
    }

    #[test]
    fn cash_moves_go_to_the_account_their_words_name() {
        let cases = [
            ("dividend of instrument 3", Account::Dividends),
            ("borrow fee", Account::Borrow),
            ("interest on negative cash", Account::Interest),
            ("wire", Account::Other),
        ];
        for (why, account) in cases {
            let amount = Cash::from_raw(-5);
            let booking = Booking::cash_moved(Ts::MIN, Currency::USD, amount, why);
            assert_eq!(booking.amount(account), -amount, "{why}");
            assert_eq!(booking.sum(), Cash::ZERO);
        }
    }

    #[test]
    fn a_fill_of_nothing_is_refused() {
        assert!(Ledger::default().price_fill(&fill(0, 100, 0), Currency::USD).is_err());
        assert!(Ledger::default().price_fill(&fill(1, -100, 0), Currency::USD).is_err());
    }

    proptest! {
        #[test]
        fn postings_sum_to_zero_and_equity_is_what_a_plain_count_gives(
            trades in prop::collection::vec((-500i64..500, 1i64..90_000_000_000, 0i64..9_000_000), 1..60),
        ) {
            let mut ledger = Ledger::default();
            ledger.book(&Booking::capital(Ts::MIN, Currency::USD, Cash::from_raw(1_000_000)));
            let (mut cash, mut qty) = (Cash::from_raw(1_000_000), 0i64);
            for (units, price, fee) in trades.into_iter().filter(|(units, ..)| *units != 0) {
                let fill = fill(units, price, fee);
                let booking = take(&mut ledger, &fill);
                cash -= fill.price.times(fill.qty) + fill.fee;
                qty += units;
                prop_assert_eq!(booking.sum(), Cash::ZERO);
                prop_assert_eq!(ledger.sum(Currency::USD), Cash::ZERO);
                prop_assert_eq!(ledger.cash(Currency::USD), cash);
                let held = ledger.position(InstrumentId(0)).map_or(Qty::ZERO, |p| p.qty);
                prop_assert_eq!(held, Qty::whole(qty));
                let cost = ledger.position(InstrumentId(0)).map_or(Cash::ZERO, |p| p.cost);
                prop_assert_eq!(ledger.balance(Currency::USD, Account::Securities), cost);
            }
        }
    }
}
