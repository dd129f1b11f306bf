//! Money and positions, as the broker shows them.

use market::{Cash, Held, InstrumentId, Price, Qty};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Venue;
use super::order::{Order, Side, Status};
use crate::figures::{money, ratio, times, value_of, wall_day};
use crate::{Answer, Request};

/// What the account's owner may set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Configuration {
    pub suspend_trade: bool,
    pub no_shorting: bool,
    pub fractional_trading: bool,
    pub trade_confirm_email: String,
}

impl Default for Configuration {
    fn default() -> Configuration {
        Configuration {
            suspend_trade: false,
            no_shorting: false,
            fractional_trading: true,
            trade_confirm_email: "all".to_owned(),
        }
    }
}

/// What all positions are worth.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Worth {
    pub long: Cash,
    /// Negative or zero.
    pub short: Cash,
}

impl Worth {
    pub(super) fn gross(self) -> Cash {
        self.long - self.short
    }

    /// Margin that opening all of it takes.
    fn initial(self) -> Cash {
        times(self.gross(), 0.5)
    }

    /// Margin that keeping it takes.
    fn maintenance(self) -> Cash {
        times(self.long, 0.25) - times(self.short, 0.3)
    }
}

/// The account's money in plain numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Purse {
    pub(crate) cash: Cash,
    pub(crate) equity: Cash,
    /// Equity when the session began.
    pub(crate) last_equity: Cash,
    pub(crate) long: Cash,
    /// Negative or zero.
    pub(crate) short: Cash,
    /// What may still be bought.
    pub(crate) buying_power: Cash,
    /// Margin that opening the positions takes, and that keeping them takes.
    pub(crate) initial: Cash,
    pub(crate) maintenance: Cash,
    /// Positions at their price less what they cost.
    pub(crate) unrealized: Cash,
}

impl Venue {
    /// The account's money.
    pub(crate) fn purse(&self) -> Purse {
        let mut worth = self.worth();
        let (initial, maintenance) = self.margins(worth);
        let (bought, sold) = self.options_worth();
        worth.long += bought;
        worth.short += sold;
        let gain = |held: &Held| {
            value_of(self.price_of(held), held.qty) - value_of(held.average_price, held.qty)
        };
        let shares: Cash = self.held().iter().map(gain).sum();
        Purse {
            cash: self.state.exchange.cash(),
            equity: self.equity(),
            last_equity: self.state.last_equity,
            long: worth.long,
            short: worth.short,
            buying_power: self.buying_power(),
            initial,
            maintenance,
            unrealized: shares + self.lots().iter().map(|lot| self.lot_gain(lot)).sum(),
        }
    }

    /// Margin that opening and that keeping the positions would take, were one of them changed by
    /// a signed quantity.
    pub(crate) fn margins_with(&self, instrument: InstrumentId, change: Qty) -> (Cash, Cash) {
        let mut worth = Worth::default();
        let others = self.held().into_iter().filter(|held| held.instrument != instrument);
        let mut positions: Vec<(Price, Qty)> =
            others.map(|held| (self.price_of(&held), held.qty)).collect();
        let held = self.position_of(instrument).map_or(Qty::ZERO, |held| held.qty);
        let mark = self.mark(instrument).unwrap_or(Price::ZERO);
        positions.push((mark, held + change));
        for (price, qty) in positions {
            let value = value_of(price, qty);
            let side = if qty.is_negative() { &mut worth.short } else { &mut worth.long };
            *side += value;
        }
        self.margins(worth)
    }

    /// What is held of each instrument.
    pub(crate) fn held(&self) -> Vec<Held> {
        self.state.exchange.positions().collect()
    }

    /// The price that a position is valued at.
    pub(crate) fn price_of(&self, held: &Held) -> Price {
        self.mark(held.instrument).unwrap_or(held.average_price)
    }

    pub(super) fn worth(&self) -> Worth {
        let mut worth = Worth::default();
        for held in self.state.exchange.positions() {
            let value = value_of(self.price_of(&held), held.qty);
            let side = if held.qty.is_negative() { &mut worth.short } else { &mut worth.long };
            *side += value;
        }
        worth
    }

    pub(super) fn equity(&self) -> Cash {
        let worth = self.worth();
        let (bought, sold) = self.options_worth();
        self.state.exchange.cash() + worth.long + worth.short + bought + sold
    }

    /// What may still be bought: so many times the equity, less what is held and what waits.
    pub(super) fn buying_power(&self) -> Cash {
        self.power_without(Cash::ZERO)
    }

    /// The same, were an order not there that holds some of it back. Options are no security for
    /// anything: premiums are spent, and what they may cost lies aside.
    pub(super) fn power_without(&self, own: Cash) -> Cash {
        let worth = self.worth();
        let money = self.state.exchange.cash() + worth.long + worth.short - self.options_margin();
        let most = times(money, f64::from(self.state.multiplier));
        (most - worth.gross() - self.held_back() + own).max(Cash::ZERO)
    }

    /// Money that an order holds back.
    pub(super) fn cost_of(&self, number: usize) -> Cash {
        let order = &self.state.orders[number];
        if !order.status.is_open() {
            return Cash::ZERO;
        }
        if let Some(combo) = &order.combo {
            let whole = order.qty.unwrap_or(Qty::ZERO).to_f64().max(1.0);
            return times(combo.need, order.open_qty().to_f64() / whole);
        }
        if order.intent.ends_with("to_close") || order.status == Status::Held {
            return Cash::ZERO;
        }
        match (order.qty, order.notional) {
            (None, notional) => notional.unwrap_or(Cash::ZERO),
            (Some(_), _) => {
                let mark = self.mark(order.instrument).unwrap_or(Price::ZERO);
                let price = match order.side {
                    Side::Buy => order.kind.limit().or(order.kind.stop(order.side)),
                    Side::Sell => None,
                };
                value_of(price.unwrap_or(mark), order.open_qty())
            }
        }
    }

    pub(super) fn show_account(&self) -> Value {
        let mut worth = self.worth();
        let (initial, maintenance) = self.margins(worth);
        let (bought, sold) = self.options_worth();
        worth.long += bought;
        worth.short += sold;
        let (cash, equity) = (self.state.exchange.cash(), self.equity());
        let power = self.buying_power();
        let own = times(power, 1.0 / f64::from(self.state.multiplier));
        json!({
            "id": self.account_id(),
            "admin_configurations": {},
            "user_configurations": null,
            "account_number": format!("PA{}", &self.account_id()[..8].to_uppercase()),
            "status": "ACTIVE",
            "crypto_status": "INACTIVE",
            "currency": "USD",
            "buying_power": money(power),
            "regt_buying_power": money(power),
            "daytrading_buying_power": "0",
            "effective_buying_power": money(power),
            "non_marginable_buying_power": money(own),
            "options_buying_power": money(own),
            "options_approved_level": 3,
            "options_trading_level": 3,
            "bod_dtbp": "0",
            "cash": money(cash),
            "accrued_fees": "0",
            "portfolio_value": money(equity),
            "pattern_day_trader": false,
            "trading_blocked": false,
            "transfers_blocked": false,
            "account_blocked": false,
            "created_at": self.state.opened_at.to_string(),
            "trade_suspended_by_user": self.state.configuration.suspend_trade,
            "multiplier": self.state.multiplier.to_string(),
            "shorting_enabled": self.may_short(),
            "equity": money(equity),
            "last_equity": money(self.state.last_equity),
            "long_market_value": money(worth.long),
            "short_market_value": money(worth.short),
            "position_market_value": money(worth.gross()),
            "initial_margin": money(initial),
            "maintenance_margin": money(maintenance),
            "last_maintenance_margin": "0",
            "sma": "0",
            "daytrade_count": 0,
            "balance_asof": wall_day(self.state.now).to_string(),
            "crypto_tier": 0,
            "intraday_adjustments": "0",
            "pending_reg_taf_fees": "0",
        })
    }

    /// Margin of shares and of options: to open, and to keep.
    fn margins(&self, worth: Worth) -> (Cash, Cash) {
        let options = self.options_margin();
        (worth.initial() + options, worth.maintenance() + options)
    }

    pub(super) fn may_short(&self) -> bool {
        self.state.multiplier > 1 && !self.state.configuration.no_shorting
    }

    pub(super) fn show_configuration(&self) -> Value {
        let kept = &self.state.configuration;
        json!({
            "dtbp_check": "entry",
            "fractional_trading": kept.fractional_trading,
            "max_margin_multiplier": self.state.multiplier.to_string(),
            "max_options_trading_level": 3,
            "no_shorting": kept.no_shorting,
            "pdt_check": "entry",
            "ptp_no_exception_entry": false,
            "suspend_trade": kept.suspend_trade,
            "trade_confirm_email": kept.trade_confirm_email,
        })
    }

    pub(super) fn configure(&mut self, request: &Request) -> Answer {
        let Ok(Value::Object(asked)) = serde_json::from_slice(&request.body) else {
            return Answer::refuse(400, 40_010_000, "request body format is invalid");
        };
        let mut wanted = self.state.configuration.clone();
        for (name, place) in [
            ("suspend_trade", &mut wanted.suspend_trade),
            ("no_shorting", &mut wanted.no_shorting),
            ("fractional_trading", &mut wanted.fractional_trading),
        ] {
            match asked.get(name) {
                None | Some(Value::Null) => {}
                Some(Value::Bool(value)) => *place = *value,
                Some(_) => return Answer::invalid(format!("invalid value for {name}")),
            }
        }
        match asked.get("trade_confirm_email").and_then(Value::as_str) {
            None => {}
            Some(word @ ("all" | "none")) => wanted.trade_confirm_email = word.to_owned(),
            Some(_) => return Answer::invalid("invalid value for trade_confirm_email"),
        }
        self.state.configuration = wanted;
        self.changed();
        Answer::ok(self.show_configuration())
    }

    pub(super) fn show_positions(&self) -> Value {
        let shares = self.held().into_iter().map(|held| self.show_position(&held));
        shares.chain(self.lots().iter().map(|lot| self.show_lot(lot))).collect()
    }

    pub(crate) fn position_of(&self, instrument: InstrumentId) -> Option<Held> {
        self.state.exchange.held(instrument)
    }

    pub(super) fn show_position(&self, held: &Held) -> Value {
        let symbol = &self.tape.universe().get(held.instrument).symbol;
        let price = self.price_of(held);
        let last = self.state.closes[held.instrument.index()].unwrap_or(price);
        let value = value_of(price, held.qty);
        let cost = value_of(held.average_price, held.qty);
        let gain = value - cost;
        let overnight = self.state.overnight.get(&held.instrument).copied().unwrap_or(Qty::ZERO);
        // A position that was there this morning is measured from last night's close.
        let (today, base) = match overnight == Qty::ZERO {
            true => (gain, cost),
            false => (value - value_of(last, held.qty), value_of(last, held.qty)),
        };
        let one = Qty::whole(1);
        let moved = value_of(price, one) - value_of(last, one);
        let size = |amount: Cash| amount.abs();
        json!({
            "asset_id": self.asset_id(symbol),
            "symbol": symbol,
            "exchange": "NYSE",
            "asset_class": "us_equity",
            "asset_marginable": true,
            "qty": held.qty.to_string(),
            "qty_available": self.available(held).to_string(),
            "avg_entry_price": held.average_price.to_string(),
            "side": if held.qty.is_negative() { "short" } else { "long" },
            "market_value": money(value),
            "cost_basis": money(cost),
            "unrealized_pl": money(gain),
            "unrealized_plpc": ratio(gain, size(cost)),
            "unrealized_intraday_pl": money(today),
            "unrealized_intraday_plpc": ratio(today, size(base)),
            "current_price": price.to_string(),
            "lastday_price": last.to_string(),
            "change_today": ratio(moved, value_of(last, one)),
        })
    }

    /// True for an order whose parent has not filled anything yet.
    pub(super) fn sleeps(&self, order: &Order) -> bool {
        order.parent.is_some_and(|parent| {
            order.class != super::order::Class::Oco && self.state.orders[parent].filled == Qty::ZERO
        })
    }

    /// What of a position no open order is about to close, with the position's sign.
    pub(super) fn available(&self, held: &Held) -> Qty {
        let closes = if held.qty.is_negative() { Side::Buy } else { Side::Sell };
        let mut groups = Vec::new();
        let mut bound = Qty::ZERO;
        for number in self.open_side_of(held.instrument, closes) {
            let order = &self.state.orders[number];
            if self.sleeps(order) || order.combo.is_some() {
                continue;
            }
            if let Some(group) = &order.group {
                if groups.contains(group) {
                    continue;
                }
                groups.push(group.clone());
            }
            bound += order.open_qty();
        }
        let free = (held.qty.abs() - bound).max(Qty::ZERO);
        if held.qty.is_negative() { -free } else { free }
    }
}
