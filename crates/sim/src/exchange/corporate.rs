//! What splits, dividends and delistings do to orders, positions and cash.

use base::{Day, Rounding, Ts};
use market::{
    BrokerEvent, Cash, ClientOrderId, Corporate, CorporateAction, Evidence, Fill, FillRule,
    InstrumentId, OrderKind, Price, Qty,
};

use super::account::Account;
use super::book::{Book, Position, divided, multiplied};
use super::{DelistingRule, ExchangeConfig};
use crate::Error;

/// One instrument's book while a corporate action is applied to it.
pub(super) struct Applied<'a> {
    pub(super) instrument: InstrumentId,
    pub(super) book: &'a mut Book,
    pub(super) account: &'a mut Account,
    pub(super) config: &'a ExchangeConfig,
}

/// Refuses what no company can do.
pub(super) fn check(instrument: InstrumentId, action: &Corporate) -> Result<(), Error> {
    let fault = match action {
        Corporate::Split { ratio } if !(ratio.is_finite() && *ratio > 0.0) => {
            "the ratio of a split must be positive"
        }
        Corporate::Dividend { amount } if amount.is_negative() => "a dividend can't be negative",
        Corporate::Delisted { payout: Some(payout) } if payout.is_negative() => {
            "a payout can't be negative"
        }
        _ => return Ok(()),
    };
    Err(Error::ApplyCorporate { instrument, fault })
}

impl Applied<'_> {
    /// Applies an action whose ex-day has come.
    pub(super) fn apply(&mut self, action: &CorporateAction, now: Ts) -> Result<(), Error> {
        match &action.action {
            Corporate::Split { ratio } => self.split(*ratio),
            Corporate::Dividend { amount } => self.pay(*amount),
            Corporate::Delisted { payout } => self.delist(*payout, action.ex_day, now)?,
            Corporate::Renamed { .. } => {}
        }
        Ok(())
    }

    /// Quantities are multiplied, prices divided; the value stays. Fractions are kept.
    fn split(&mut self, ratio: f64) {
        let book = &mut *self.book;
        book.tape.split(ratio);
        book.position.qty = multiplied(book.position.qty, ratio);
        book.position.average_price = divided(book.position.average_price, ratio);
        for order in &mut book.orders {
            let quantities = [
                &mut order.request.qty,
                &mut order.total,
                &mut order.reduced,
                &mut order.allowed,
                &mut order.filled,
                &mut order.executed.qty,
            ];
            for qty in quantities {
                *qty = multiplied(*qty, ratio);
            }
            match &mut order.request.kind {
                OrderKind::Limit { limit: price } | OrderKind::Stop { stop: price } => {
                    *price = divided(*price, ratio);
                }
                OrderKind::StopLimit { stop, limit } => {
                    *stop = divided(*stop, ratio);
                    *limit = divided(*limit, ratio);
                }
                OrderKind::Market | OrderKind::MarketOnClose => {}
            }
        }
    }

    /// Pays a dividend to a long position, charges a short one.
    fn pay(&mut self, amount: Price) {
        let cash = amount.times(self.book.position.qty);
        self.account.move_cash(cash, format!("dividend of instrument {}", self.instrument.0));
    }

    /// Cancels what waits and closes the position at the payout, or by rule at the last price.
    fn delist(&mut self, payout: Option<Price>, day: Day, now: Ts) -> Result<(), Error> {
        self.book.cancel_where(self.account, |_| true, "the instrument was delisted");
        self.book.delisted = true;
        let qty = -self.book.position.qty;
        let Some(last) = self.book.tape.last else { return Ok(()) };
        if qty == Qty::ZERO {
            return Ok(());
        }
        let price = match (payout, self.config.delisting) {
            (Some(payout), _) => payout,
            (None, DelistingRule::LastPrice) => last.close,
            (None, DelistingRule::Loss { fraction }) => {
                Price::from_f64(last.close.to_f64() * (1.0 - fraction), Rounding::HalfEven)?
            }
        };
        let instrument = self.instrument;
        let evidence = Evidence {
            bar_start: last.start,
            bar_known: last.known,
            bar_size: last.size,
            rule: FillRule::Expiry,
        };
        let fill = Fill {
            order: ClientOrderId::derive(&format!("delisting/{}/{day}", instrument.0), "close"),
            instrument,
            at: now,
            qty,
            price,
            fee: Cash::ZERO,
            evidence: Some(evidence),
            execution: None,
        };
        self.account.cash -= price.times(qty);
        self.book.position = Position::default();
        self.account.stats.fills += 1;
        self.account.answers.push(BrokerEvent::Filled(fill));
        Ok(())
    }
}
