//! Options and combinations, as the client crate sees them.

use ibapi::contracts::{ComboLeg, Contract, ContractDetails, LegAction, SecurityType};
use ibapi::orders::conditions::PriceCondition;
use ibapi::orders::order_builder::{limit_order, market_order, stop};
use ibapi::orders::{Action, Order, OrderCondition, OrderUpdate};
use ibapi::subscriptions::SubscriptionItem;

use super::{Trader, WAIT, stock};

/// SPY's number and the calls of its third day, by strike.
fn calls(trader: &Trader) -> (i32, Vec<ContractDetails>) {
    let share = trader.client.contract_details(&stock("SPY")).unwrap();
    let number = share[0].contract.contract_id;
    let chain = trader.client.option_chain("SPY", SecurityType::Stock, number);
    let chain = chain.subscribe().unwrap().collect_to_end_within(WAIT).unwrap();
    let day = chain[0].expirations[2].clone();
    let asked = Contract {
        symbol: "SPY".into(),
        security_type: SecurityType::Option,
        last_trade_date_or_contract_month: day,
        right: Some(ibapi::contracts::OptionRight::Call),
        ..Contract::default()
    };
    let found = trader.client.contract_details(&asked).unwrap();
    assert_eq!(found.len(), chain[0].strikes.len());
    let spot = trader.price("SPY");
    let place = found.iter().position(|one| one.contract.strike >= spot).unwrap();
    (number, found[place..place + 4].to_vec())
}

fn leg(contract_id: i32, action: LegAction) -> ComboLeg {
    ComboLeg { contract_id, ratio: 1, action, exchange: "SMART".to_owned(), ..ComboLeg::default() }
}

fn bag(legs: Vec<ComboLeg>) -> Contract {
    Contract { security_type: SecurityType::Spread, combo_legs: legs, ..stock("SPY") }
}

fn spread(calls: &[ContractDetails]) -> Contract {
    let number = |place: usize| calls[place].contract.contract_id;
    bag(vec![leg(number(0), LegAction::Buy), leg(number(2), LegAction::Sell)])
}

fn place(trader: &Trader, contract: &Contract, order: &Order) -> i32 {
    let id = trader.client.next_order_id();
    trader.client.submit_order(id, contract, order).unwrap();
    id
}

/// What each execution was of, up to the end of an order: kind, side, price.
fn executions(trader: &Trader, id: i32) -> Vec<(String, String, f64)> {
    let mut found = Vec::new();
    while let Some(item) = trader.updates.next_timeout(WAIT) {
        match item.unwrap() {
            SubscriptionItem::Data(OrderUpdate::ExecutionData(data)) => found.push((
                data.contract.security_type.to_string(),
                data.execution.side.to_string(),
                data.execution.price,
            )),
            SubscriptionItem::Data(OrderUpdate::OrderStatus(status))
                if status.order_id == id && status.status.to_string() == "Filled" =>
            {
                return found;
            }
            _ => {}
        }
    }
    panic!("{id} is not filled: {found:?}");
}

#[test]
fn a_spread_is_told_as_a_whole_and_then_by_its_legs() {
    let trader = Trader::new();
    let (_, calls) = calls(&trader);
    let id = place(&trader, &spread(&calls), &limit_order(Action::Buy, 2.0, 50.0));
    trader.until(&format!("status {id} Submitted"));
    trader.step(1);
    let found = executions(&trader, id);
    let words: Vec<(&str, &str)> =
        found.iter().map(|(kind, side, _)| (kind.as_str(), side.as_str())).collect();
    assert_eq!(words, [("BAG", "BOT"), ("OPT", "BOT"), ("OPT", "SLD")]);
    assert!((found[0].2 - (found[1].2 - found[2].2)).abs() < 1e-9, "{found:?}");
    let held = trader.server.well("GET /v2/positions", "");
    assert_eq!(held.as_array().unwrap().len(), 2, "{held}");
}

#[test]
fn a_pair_of_shares_is_an_order() {
    let trader = Trader::new();
    let number = |symbol: &str| {
        let found = trader.client.contract_details(&stock(symbol)).unwrap();
        found[0].contract.contract_id
    };
    let pair = bag(vec![leg(number("SPY"), LegAction::Buy), leg(number("QQQ"), LegAction::Sell)]);
    let id = place(&trader, &pair, &market_order(Action::Buy, 10.0));
    trader.until(&format!("status {id} Submitted"));
    trader.step(1);
    let kinds: Vec<String> = executions(&trader, id).into_iter().map(|found| found.0).collect();
    assert_eq!(kinds, ["BAG", "STK", "STK"]);
    assert_eq!(trader.server.well("GET /v2/positions/QQQ", "")["qty"], "-10");
}

#[test]
fn an_order_waits_for_the_price_of_its_share() {
    let trader = Trader::new();
    let (share, calls) = calls(&trader);
    let spot = trader.price("SPY");
    let waiting = |price: f64| {
        let condition = PriceCondition {
            contract_id: share,
            exchange: "SMART".to_owned(),
            price,
            ..PriceCondition::default()
        };
        let order = market_order(Action::Buy, 1.0);
        Order { conditions: vec![OrderCondition::Price(condition)], ..order }
    };
    let far = place(&trader, &spread(&calls), &waiting((spot * 2.0).round()));
    trader.until(&format!("status {far} PreSubmitted"));
    let near = place(&trader, &spread(&calls), &waiting(1.0));
    trader.until(&format!("status {near} PreSubmitted"));
    trader.step(1);
    trader.step(1);
    assert_eq!(executions(&trader, near).len(), 3);
    let _told = trader.client.cancel_order(far, "").unwrap();
    trader.until(&format!("notice {far} 202"));
}

#[test]
fn what_no_account_here_may_send_is_refused() {
    let trader = Trader::new();
    let (share, calls) = calls(&trader);
    let call = &calls[0].contract;
    let number = call.contract_id;
    let bought = || leg(number, LegAction::Buy);
    let tied = Order { parent_id: 5, ..market_order(Action::Buy, 1.0) };
    let cases = [
        (call.clone(), market_order(Action::Sell, 1.0), 201),
        (call.clone(), stop(Action::Buy, 1.0, 1.0), 387),
        (call.clone(), limit_order(Action::Buy, 1.0, -1.0), 110),
        (call.clone(), tied, 321),
        (bag(vec![bought()]), market_order(Action::Buy, 1.0), 321),
        (bag(vec![bought(), leg(7, LegAction::Sell)]), market_order(Action::Buy, 1.0), 200),
        (
            bag(vec![leg(share, LegAction::Buy), leg(number, LegAction::Sell)]),
            market_order(Action::Buy, 1.0),
            201,
        ),
    ];
    for (contract, order, code) in cases {
        let id = place(&trader, &contract, &order);
        trader.until(&format!("notice {id} {code}"));
    }
    let id = place(&trader, call, &limit_order(Action::Buy, 1.0, 0.01));
    trader.until(&format!("status {id} Submitted"));
    trader.client.submit_order(id, call, &limit_order(Action::Buy, 1.0, 0.02)).unwrap();
    trader.until(&format!("notice {id} 321"));
}
