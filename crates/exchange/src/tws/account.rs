//! Money and positions.

use market::{Held, InstrumentId, OptionContract, Qty};

use super::combos;
use super::contracts;
use super::hall::Desk;
use super::messages::account::{
    AccountDataEnd, AccountDataRequest, AccountSummary, AccountSummaryRequest, AccountUpdateMulti,
    AccountUpdateTime, AccountUpdatesMultiRequest, AccountValue, PnL, PnLRequest, PnLSingle,
    PnLSingleRequest, PortfolioValue, Position, PositionMulti, PositionsMultiRequest,
};
use super::messages::session::{Nothing, OfRequest};
use super::messages::tell;
use super::refusals::Refusal;
use super::times::stamp;
use super::wants::Wants;
use crate::figures::{money, value_of};
use crate::venue::Purse;

/// Currency of every amount.
const CURRENCY: &str = "USD";
/// Units of one option, of which its cost is told.
const UNITS: f64 = 100.0;
/// Summaries that a client may have at once; the broker allows two.
const MOST_SUMMARIES: usize = 2;

/// The account's values under the broker's names: name, value, currency.
fn values(purse: &Purse, name: &str) -> Vec<(&'static str, String, &'static str)> {
    let amount = |value| (money(value), CURRENCY);
    let free = purse.equity - purse.maintenance;
    let rows = [
        ("AccountType", ("INDIVIDUAL".to_owned(), "")),
        ("AccountCode", (name.to_owned(), "")),
        ("AccountReady", ("true".to_owned(), "")),
        ("NetLiquidation", amount(purse.equity)),
        ("TotalCashValue", amount(purse.cash)),
        ("TotalCashBalance", amount(purse.cash)),
        ("CashBalance", amount(purse.cash)),
        ("SettledCash", amount(purse.cash)),
        ("AccruedCash", ("0".to_owned(), CURRENCY)),
        ("BuyingPower", amount(purse.buying_power)),
        ("EquityWithLoanValue", amount(purse.equity)),
        ("PreviousDayEquityWithLoanValue", amount(purse.last_equity)),
        ("GrossPositionValue", amount(purse.long - purse.short)),
        ("StockMarketValue", amount(purse.long + purse.short)),
        ("InitMarginReq", amount(purse.initial)),
        ("MaintMarginReq", amount(purse.maintenance)),
        ("FullInitMarginReq", amount(purse.initial)),
        ("FullMaintMarginReq", amount(purse.maintenance)),
        ("AvailableFunds", amount(purse.equity - purse.initial)),
        ("FullAvailableFunds", amount(purse.equity - purse.initial)),
        ("ExcessLiquidity", amount(free)),
        ("FullExcessLiquidity", amount(free)),
        ("UnrealizedPnL", amount(purse.unrealized)),
        ("Currency", (CURRENCY.to_owned(), CURRENCY)),
    ];
    rows.into_iter().map(|(name, (value, currency))| (name, value, currency)).collect()
}

impl Desk<'_> {
    fn check_account(&self, id: i32, account: Option<&str>) -> Result<(), Refusal> {
        let account = account.unwrap_or_default();
        match account.is_empty() || account == "All" || account == self.account() {
            true => Ok(()),
            false => Err(Refusal::invalid(id, format!("Invalid account code '{account}'."))),
        }
    }

    /// Tells what is subscribed, after something moved.
    pub(super) fn tell_account(&mut self) {
        if self.line.wants.account {
            self.tell_values();
        }
        if self.line.wants.positions {
            self.tell_positions();
        }
        let summaries: Vec<i32> = self.line.wants.summaries.keys().copied().collect();
        for id in summaries {
            self.tell_summary(id);
        }
        let ids: Vec<i32> = self.line.wants.positions_multi.keys().copied().collect();
        for id in ids {
            self.tell_positions_multi(id);
        }
        let ids: Vec<i32> = self.line.wants.updates_multi.keys().copied().collect();
        for id in ids {
            self.tell_updates_multi(id);
        }
        let ids: Vec<i32> = self.line.wants.pnl.keys().copied().collect();
        for id in ids {
            self.tell_pnl(id);
        }
        let ids: Vec<i32> = self.line.wants.pnl_single.keys().copied().collect();
        for id in ids {
            self.tell_pnl_single(id);
        }
    }

    pub(super) fn account_data(&mut self, ask: &AccountDataRequest) -> Result<(), Refusal> {
        self.check_account(super::refusals::NO_REQUEST, ask.acct_code.as_deref())?;
        self.line.wants.account = ask.subscribe == Some(true);
        if self.line.wants.account {
            self.tell_values();
            let account_name = Some(self.account());
            self.tell(tell::ACCOUNT_DATA_END, &AccountDataEnd { account_name });
        }
        Ok(())
    }

    fn tell_values(&mut self) {
        let name = self.account();
        for (key, value, currency) in values(&self.venue.purse(), &name) {
            let told = AccountValue {
                key: Some(key.to_owned()),
                value: Some(value),
                currency: Some(currency.to_owned()),
                account_name: Some(name.clone()),
            };
            self.tell(tell::ACCOUNT_VALUE, &told);
        }
        for held in self.venue.held() {
            let price = self.venue.price_of(&held);
            let value = value_of(price, held.qty);
            let gain = value - value_of(held.average_price, held.qty);
            let told = PortfolioValue {
                contract: Some(contracts::shown(self.venue, held.instrument)),
                position: Some(held.qty.to_string()),
                market_price: Some(price.to_f64()),
                market_value: Some(value.to_f64()),
                average_cost: Some(held.average_price.to_f64()),
                unrealized_pnl: Some(gain.to_f64()),
                realized_pnl: None,
                account_name: Some(name.clone()),
            };
            self.tell(tell::PORTFOLIO_VALUE, &told);
        }
        for lot in self.venue.lots().to_vec() {
            let told = PortfolioValue {
                contract: Some(combos::shown(self.venue, self.book, &lot.contract)),
                position: Some(lot.count.to_string()),
                market_price: Some(self.venue.lot_price(&lot).to_f64()),
                market_value: Some(self.venue.lot_value(&lot).to_f64()),
                average_cost: Some(lot.price.to_f64() * UNITS),
                unrealized_pnl: Some(self.venue.lot_gain(&lot).to_f64()),
                realized_pnl: None,
                account_name: Some(name.clone()),
            };
            self.tell(tell::PORTFOLIO_VALUE, &told);
        }
        let wall = stamp(self.venue.now());
        let time_stamp = Some(wall[9..14].to_owned());
        self.tell(tell::ACCOUNT_UPDATE_TIME, &AccountUpdateTime { time_stamp });
    }

    pub(super) fn account_summary(&mut self, ask: &AccountSummaryRequest) -> Result<(), Refusal> {
        let id = ask.req_id.unwrap_or_default();
        if self.line.wants.summaries.len() >= MOST_SUMMARIES {
            let text =
                "Error processing request.-Maximum number of account summary requests exceeded";
            return Err(Refusal::new(id, 322, text));
        }
        Wants::check_room(&self.line.wants.summaries, id)?;
        let tags = ask.tags.clone().unwrap_or_default();
        let tags = tags.split(',').map(|tag| tag.trim().to_owned()).filter(|tag| !tag.is_empty());
        self.line.wants.summaries.insert(id, tags.collect());
        self.tell_summary(id);
        self.tell(tell::ACCOUNT_SUMMARY_END, &OfRequest { req_id: Some(id) });
        Ok(())
    }

    fn tell_summary(&mut self, id: i32) {
        let tags = self.line.wants.summaries.get(&id).cloned().unwrap_or_default();
        let account = self.account();
        let all = tags.iter().any(|tag| tag.starts_with("$LEDGER"));
        for (tag, value, currency) in values(&self.venue.purse(), &account) {
            if all || tags.iter().any(|wanted| wanted == tag) {
                let told = AccountSummary {
                    req_id: Some(id),
                    account: Some(account.clone()),
                    tag: Some(tag.to_owned()),
                    value: Some(value),
                    currency: Some(currency.to_owned()),
                };
                self.tell(tell::ACCOUNT_SUMMARY, &told);
            }
        }
    }

    pub(super) fn positions(&mut self) {
        self.line.wants.positions = true;
        self.line.wants.held.clear();
        self.line.wants.lots.clear();
        self.tell_positions();
        self.tell(tell::POSITION_END, &Nothing {});
    }

    /// Positions as they are, and those that ended since they were told last.
    fn positions_now(&self) -> Vec<Held> {
        let mut positions = self.venue.held();
        let is_held = |instrument| positions.iter().any(|held| held.instrument == instrument);
        let ended: Vec<InstrumentId> =
            self.line.wants.held.iter().copied().filter(|id| !is_held(*id)).collect();
        positions.extend(ended.into_iter().map(|instrument| Held {
            instrument,
            qty: Qty::ZERO,
            average_price: market::Price::ZERO,
        }));
        positions
    }

    /// The same for options: how many, and what a unit cost.
    fn lots_now(&self) -> Vec<(OptionContract, i64, f64)> {
        let lots = self.venue.lots();
        let is_held = |option: &OptionContract| lots.iter().any(|lot| lot.contract == *option);
        let ended = self.line.wants.lots.iter().filter(|option| !is_held(option));
        let held = lots.iter().map(|lot| (lot.contract, lot.count, lot.price.to_f64()));
        held.chain(ended.map(|option| (*option, 0, 0.0))).collect()
    }

    fn tell_positions(&mut self) {
        let account = self.account();
        for held in self.positions_now() {
            let told = Position {
                account: Some(account.clone()),
                contract: Some(contracts::shown(self.venue, held.instrument)),
                position: Some(held.qty.to_string()),
                avg_cost: Some(held.average_price.to_f64()),
            };
            self.tell(tell::POSITION, &told);
        }
        self.line.wants.held = self.venue.held().iter().map(|held| held.instrument).collect();
        for (option, count, price) in self.lots_now() {
            let told = Position {
                account: Some(account.clone()),
                contract: Some(combos::shown(self.venue, self.book, &option)),
                position: Some(count.to_string()),
                avg_cost: Some(price * UNITS),
            };
            self.tell(tell::POSITION, &told);
        }
        self.line.wants.lots = self.venue.lots().iter().map(|lot| lot.contract).collect();
    }

    pub(super) fn positions_multi(&mut self, ask: &PositionsMultiRequest) -> Result<(), Refusal> {
        let id = ask.req_id.unwrap_or_default();
        self.check_account(id, ask.account.as_deref())?;
        Wants::check_room(&self.line.wants.positions_multi, id)?;
        self.line.wants.positions_multi.insert(id, ());
        self.tell_positions_multi(id);
        self.tell(tell::POSITION_MULTI_END, &OfRequest { req_id: Some(id) });
        Ok(())
    }

    fn tell_positions_multi(&mut self, id: i32) {
        let account = self.account();
        for held in self.venue.held() {
            let told = PositionMulti {
                req_id: Some(id),
                account: Some(account.clone()),
                contract: Some(contracts::shown(self.venue, held.instrument)),
                position: Some(held.qty.to_string()),
                avg_cost: Some(held.average_price.to_f64()),
                model_code: Some(String::new()),
            };
            self.tell(tell::POSITION_MULTI, &told);
        }
        for lot in self.venue.lots().to_vec() {
            let told = PositionMulti {
                req_id: Some(id),
                account: Some(account.clone()),
                contract: Some(combos::shown(self.venue, self.book, &lot.contract)),
                position: Some(lot.count.to_string()),
                avg_cost: Some(lot.price.to_f64() * UNITS),
                model_code: Some(String::new()),
            };
            self.tell(tell::POSITION_MULTI, &told);
        }
    }

    pub(super) fn account_updates_multi(
        &mut self,
        ask: &AccountUpdatesMultiRequest,
    ) -> Result<(), Refusal> {
        let id = ask.req_id.unwrap_or_default();
        self.check_account(id, ask.account.as_deref())?;
        Wants::check_room(&self.line.wants.updates_multi, id)?;
        self.line.wants.updates_multi.insert(id, ());
        self.tell_updates_multi(id);
        self.tell(tell::ACCOUNT_UPDATE_MULTI_END, &OfRequest { req_id: Some(id) });
        Ok(())
    }

    fn tell_updates_multi(&mut self, id: i32) {
        let account = self.account();
        for (key, value, currency) in values(&self.venue.purse(), &account) {
            let told = AccountUpdateMulti {
                req_id: Some(id),
                account: Some(account.clone()),
                model_code: Some(String::new()),
                key: Some(key.to_owned()),
                value: Some(value),
                currency: Some(currency.to_owned()),
            };
            self.tell(tell::ACCOUNT_UPDATE_MULTI, &told);
        }
    }

    pub(super) fn pnl(&mut self, ask: &PnLRequest) -> Result<(), Refusal> {
        let id = ask.req_id.unwrap_or_default();
        self.check_account(id, ask.account.as_deref())?;
        Wants::check_room(&self.line.wants.pnl, id)?;
        self.line.wants.pnl.insert(id, ());
        self.tell_pnl(id);
        Ok(())
    }

    fn tell_pnl(&mut self, id: i32) {
        let purse = self.venue.purse();
        let told = PnL {
            req_id: Some(id),
            daily_pnl: Some((purse.equity - purse.last_equity).to_f64()),
            unrealized_pnl: Some(purse.unrealized.to_f64()),
            realized_pnl: None,
        };
        self.tell(tell::PNL, &told);
    }

    pub(super) fn pnl_single(&mut self, ask: &PnLSingleRequest) -> Result<(), Refusal> {
        let id = ask.req_id.unwrap_or_default();
        self.check_account(id, ask.account.as_deref())?;
        Wants::check_room(&self.line.wants.pnl_single, id)?;
        let instrument = contracts::of_number(self.venue, ask.con_id.unwrap_or_default())
            .ok_or_else(|| Refusal::no_definition(id))?;
        self.line.wants.pnl_single.insert(id, instrument);
        self.tell_pnl_single(id);
        Ok(())
    }

    fn tell_pnl_single(&mut self, id: i32) {
        let Some(instrument) = self.line.wants.pnl_single.get(&id).copied() else { return };
        let (mut qty, mut value, mut gain) = (Qty::ZERO, market::Cash::ZERO, market::Cash::ZERO);
        if let Some(held) = self.venue.position_of(instrument) {
            qty = held.qty;
            value = value_of(self.venue.price_of(&held), held.qty);
            gain = value - value_of(held.average_price, held.qty);
        }
        let told = PnLSingle {
            req_id: Some(id),
            position: Some(qty.to_string()),
            daily_pnl: Some(gain.to_f64()),
            unrealized_pnl: Some(gain.to_f64()),
            realized_pnl: None,
            value: Some(value.to_f64()),
        };
        self.tell(tell::PNL_SINGLE, &told);
    }
}
