//! What is held against a wish before it becomes an order: form, market, account.

use base::Span;
use market::{Cash, InstrumentId, Price, Qty};

use super::Venue;
use super::order::{Class, Kind, Order, Side, Status, Tif};
use super::read::{Leg, Wish};
use crate::Answer;
use crate::figures::{money, times, value_of};

/// One cent.
const CENT: Price = Price::from_raw(Price::SCALE / 100);

impl Venue {
    /// Checks a wish; gives the instrument and what the order means for the position.
    pub(super) fn check(&self, wish: &Wish) -> Result<(InstrumentId, &'static str), Answer> {
        let instrument = self.tradable(&wish.symbol)?;
        if let Some(id) = &wish.client_id
            && self.by_client.find(id).is_some()
        {
            return Err(Answer::invalid("client_order_id must be unique"));
        }
        if self.state.configuration.suspend_trade {
            return Err(Answer::forbidden("new orders are rejected by user request"));
        }
        self.check_form(wish)?;
        self.check_legs(wish, instrument)?;
        self.check_collar(wish.kind, wish.side, instrument)?;
        self.check_auction(wish)?;
        let intent = self.check_account(wish, instrument)?;
        self.check_wash(wish, instrument)?;
        Ok((instrument, intent))
    }

    /// The instrument of a symbol or of an asset's id that may be traded now.
    pub(super) fn tradable(&self, symbol: &str) -> Result<InstrumentId, Answer> {
        let found = self
            .find(symbol)
            .ok_or_else(|| Answer::invalid(format!("could not find asset \"{symbol}\"")))?;
        let day = self.today();
        if !self.tape.is_active(found, day) {
            return Err(Answer::unprocessable(format!("asset {symbol} is not active")));
        }
        if !self.tape.is_tradable(found) {
            return Err(Answer::unprocessable(format!("asset {symbol} is not tradable")));
        }
        if self.state.halted.contains(&found) {
            return Err(Answer::unprocessable(format!("trading of {symbol} is halted")));
        }
        Ok(found)
    }

    pub(super) fn check_form(&self, wish: &Wish) -> Result<(), Answer> {
        let lots = wish.qty.is_none_or(|qty| qty.raw() % Qty::SCALE == 0);
        let is_fractional = wish.notional.is_some() || !lots;
        let is_auction = wish.tif.is_auction();
        let simple = matches!(wish.kind, Kind::Market | Kind::Limit { .. });
        let refuse = |wrong: bool, text: &str| match wrong {
            true => Err(Answer::unprocessable(text)),
            false => Ok(()),
        };
        let fraction_allowed = self.state.configuration.fractional_trading;
        refuse(is_fractional && !fraction_allowed, "fractional trading is not enabled")?;
        refuse(is_fractional && wish.tif != Tif::Day, "fractional orders must be DAY orders")?;
        refuse(
            is_fractional && wish.class != Class::Simple,
            "fractional orders must be simple orders",
        )?;
        refuse(
            wish.notional.is_some() && wish.kind != Kind::Market,
            "notional orders must be market orders",
        )?;
        refuse(
            wish.extended && (!matches!(wish.kind, Kind::Limit { .. }) || wish.tif.is_timed()),
            "extended hours order must be DAY or GTC limit orders",
        )?;
        refuse(is_auction && !simple, "opg and cls orders must be market or limit orders")?;
        refuse(
            wish.tif.is_timed() && !simple,
            "ioc and fok orders must be market or limit orders",
        )?;
        refuse(
            wish.class != Class::Simple && wish.tif.is_timed(),
            "complex orders must be DAY or GTC orders",
        )?;
        let trails = matches!(wish.kind, Kind::Trailing { .. });
        refuse(wish.class != Class::Simple && trails, "trailing stop orders must be simple orders")
    }

    /// A limit that would buy far above the market, or sell far below it, is a slip of the hand:
    /// markets refuse it (NYSE Arca, rule 7.31-E (a)(2)(B), limit order price protection).
    pub(super) fn check_collar(
        &self,
        kind: Kind,
        side: Side,
        instrument: InstrumentId,
    ) -> Result<(), Answer> {
        let (Some(percent), Some(mark), Kind::Limit { limit }) =
            (self.state.price_collar_percent, self.mark(instrument), kind)
        else {
            return Ok(());
        };
        let away = (limit.to_f64() / mark.to_f64() - 1.0) * 100.0;
        let (worse, word) = match side {
            Side::Buy => (away, "above"),
            Side::Sell => (-away, "below"),
        };
        if worse <= percent {
            return Ok(());
        }
        let told =
            format!("limit price {limit} is more than {percent} % {word} the market's {mark}");
        Err(Answer::unprocessable(told).saying("market_price", mark.to_string()))
    }

    fn check_legs(&self, wish: &Wish, instrument: InstrumentId) -> Result<(), Answer> {
        let target = wish.legs.iter().find_map(|leg| match leg {
            Leg::TakeProfit(limit) => Some(*limit),
            Leg::StopLoss { .. } => None,
        });
        let stop = wish.legs.iter().find_map(|leg| match leg {
            Leg::StopLoss { stop, .. } => Some(*stop),
            Leg::TakeProfit(_) => None,
        });
        match wish.class {
            Class::Simple if !wish.legs.is_empty() => {
                return Err(Answer::invalid("simple orders require no take_profit or stop_loss"));
            }
            Class::Simple => return Ok(()),
            Class::Bracket | Class::Oco if target.is_none() => {
                let word = wish.class.word();
                return Err(Answer::invalid(format!(
                    "{word} orders require take_profit.limit_price"
                )));
            }
            Class::Bracket | Class::Oco if stop.is_none() => {
                let word = wish.class.word();
                return Err(Answer::invalid(format!("{word} orders require stop_loss.stop_price")));
            }
            Class::Oto if wish.legs.len() != 1 => {
                return Err(Answer::invalid("oto orders require either take_profit or stop_loss"));
            }
            Class::Oco if !matches!(wish.kind, Kind::Limit { .. }) => {
                return Err(Answer::invalid("oco orders must be limit orders"));
            }
            _ => {}
        }
        let mark = self.mark(instrument);
        let base = match wish.class {
            Class::Oco => mark,
            _ => wish.kind.limit().or(wish.kind.stop(wish.side)).or(mark),
        };
        let Some(base) = base else { return Ok(()) };
        // An OCO closes: its own side is that of its legs.
        let enters = if wish.class == Class::Oco { wish.side.other() } else { wish.side };
        let (low, high, words) = match enters {
            Side::Buy => (stop, target, ("<= base_price - 0.01", ">= base_price + 0.01")),
            Side::Sell => (target, stop, (">= base_price + 0.01", "<= base_price - 0.01")),
        };
        let (stop_words, target_words) = words;
        let low_is_wrong = low.is_some_and(|low| low > base - CENT);
        let high_is_wrong = high.is_some_and(|high| high < base + CENT);
        let (stop_is_wrong, target_is_wrong) = match enters {
            Side::Buy => (low_is_wrong, high_is_wrong),
            Side::Sell => (high_is_wrong, low_is_wrong),
        };
        let refuse =
            |text: String| Err(Answer::unprocessable(text).saying("base_price", base.to_string()));
        match (stop_is_wrong, target_is_wrong) {
            (true, _) => refuse(format!("stop_loss.stop_price must be {stop_words}")),
            (_, true) => refuse(format!("take_profit.limit_price must be {target_words}")),
            _ => Ok(()),
        }
    }

    /// Orders of an auction must be there in time.
    pub(super) fn check_auction(&self, wish: &Wish) -> Result<(), Answer> {
        let Some(session) = self.session() else { return Ok(()) };
        let now = self.state.now;
        let is_late = match wish.tif {
            Tif::Opg => now >= session.open - Span::from_minutes(2) && now < session.close,
            Tif::Cls => now >= session.close - Span::from_minutes(10) && now < session.close,
            _ => false,
        };
        // The very first moment of a replay lies at an open that nothing could come before.
        let is_first = now == session.open && self.state.slot == 0;
        if is_late && !is_first {
            let word = wish.tif.word();
            return Err(Answer::unprocessable(format!("{word} orders are not accepted now")));
        }
        Ok(())
    }

    /// The price that an order is held against the account with.
    pub(super) fn estimate(&self, wish: &Wish, instrument: InstrumentId) -> Option<Price> {
        match wish.side {
            Side::Buy => wish.kind.limit().or(match wish.kind {
                Kind::Stop { stop } => Some(stop),
                _ => self.mark(instrument),
            }),
            Side::Sell => self.mark(instrument),
        }
    }

    fn check_account(&self, wish: &Wish, instrument: InstrumentId) -> Result<&'static str, Answer> {
        let Some(price) = self.estimate(wish, instrument) else {
            return Err(Answer::unprocessable(format!("asset {} has no price yet", wish.symbol)));
        };
        let held = self.position_of(instrument);
        let closes = held.is_some_and(|held| held.qty.is_negative() == (wish.side == Side::Buy));
        let qty = match (wish.qty, wish.notional) {
            (Some(qty), _) => qty,
            (None, notional) => {
                let shares = notional.unwrap_or(Cash::ZERO).to_f64() / price.to_f64();
                Qty::from_f64(shares, base::Rounding::Down).unwrap_or(Qty::ZERO)
            }
        };
        if closes && matches!(wish.class, Class::Bracket | Class::Oto) {
            let word = wish.class.word();
            return Err(Answer::unprocessable(format!("{word} orders must be entry orders")));
        }
        if let (true, Some(held)) = (closes, held) {
            let free = self.available(&held).abs();
            if qty > free {
                return Err(self.too_few(wish, (qty, free, held.qty.abs())));
            }
            return Ok(if wish.side == Side::Buy { "buy_to_close" } else { "sell_to_close" });
        }
        if wish.class == Class::Oco {
            return Err(Answer::unprocessable("oco orders must be exit orders"));
        }
        if wish.side == Side::Sell {
            self.check_short(wish)?;
        }
        let value = value_of(price, qty);
        // A short sale holds back a little more than it is worth.
        let cost = match (wish.side, wish.notional) {
            (Side::Sell, _) => times(value, 1.03),
            (Side::Buy, Some(notional)) => notional,
            (Side::Buy, None) => value,
        };
        let power = self.buying_power();
        if cost > power {
            return Err(Answer::forbidden("insufficient buying power")
                .saying("buying_power", money(power))
                .saying("cost_basis", money(cost)));
        }
        Ok(if wish.side == Side::Buy { "buy_to_open" } else { "sell_to_open" })
    }

    fn too_few(&self, wish: &Wish, (qty, free, held): (Qty, Qty, Qty)) -> Answer {
        Answer::forbidden(format!(
            "insufficient qty available for order (requested: {qty}, available: {free})"
        ))
        .saying("available", free.to_string())
        .saying("existing_qty", held.to_string())
        .saying("held_for_orders", (held - free).to_string())
        .saying("symbol", wish.symbol.clone())
    }

    pub(super) fn check_short(&self, wish: &Wish) -> Result<(), Answer> {
        if !self.may_short() {
            return Err(Answer::forbidden("account is not allowed to short"));
        }
        let whole = wish.qty.is_some_and(|qty| qty.raw() % Qty::SCALE == 0);
        if wish.notional.is_some() || !whole {
            return Err(Answer::unprocessable("fractional orders cannot be sold short"));
        }
        Ok(())
    }

    /// An order that could trade with another one of the account.
    fn check_wash(&self, wish: &Wish, instrument: InstrumentId) -> Result<(), Answer> {
        let crosses = |order: &Order| {
            let (buy, sell) = match wish.side {
                Side::Buy => (wish.kind, order.kind),
                Side::Sell => (order.kind, wish.kind),
            };
            match (buy, sell) {
                (Kind::Limit { limit: bid }, Kind::Limit { limit: ask }) => bid >= ask,
                _ => true,
            }
        };
        for number in self.open_side_of(instrument, wish.side.other()) {
            let order = &self.state.orders[number];
            let single = order.class == Class::Simple
                && order.combo.is_none()
                && wish.class == Class::Simple;
            if single && order.status != Status::Held && crosses(order) {
                let word = match order.kind {
                    Kind::Limit { .. } => "limit",
                    Kind::Market => "market",
                    _ => "stop",
                };
                return Err(Answer::forbidden("potential wash trade detected. use complex orders")
                    .saying("existing_order_id", order.id.clone())
                    .saying("reject_reason", format!("opposite side {word} order exists")));
            }
        }
        Ok(())
    }
}
