//! The account, contracts and market data.

use ibapi::accounts::types::{AccountGroup, AccountId, ContractId};
use ibapi::accounts::{AccountSummaryResult, AccountUpdate, PositionUpdate};
use ibapi::market_data::TradingHours;
use ibapi::market_data::historical::{BarSize, Duration, HistoricalBarUpdate, WhatToShow};
use ibapi::market_data::realtime::TickTypes;
use ibapi::orders::Action;
use ibapi::orders::order_builder::market_order;

use super::{Trader, WAIT, stock};

/// The next thing that a subscription brings; a notice or an end is a failure.
macro_rules! next {
    ($subscription:expr) => {
        $subscription.next_timeout(WAIT).unwrap().unwrap().into_data().unwrap()
    };
}

#[test]
fn a_client_is_welcomed_with_its_account_a_clock_and_a_first_order_id() {
    let trader = Trader::new();
    let client = &trader.client;
    assert_eq!(client.server_version(), 222);
    assert!(client.handshake_managed_accounts()[0].starts_with("DU"));
    assert_eq!(client.managed_accounts().unwrap(), client.handshake_managed_accounts());
    assert_eq!(client.next_valid_order_id().unwrap(), 1);
    assert_eq!(client.server_time().unwrap().unix_timestamp(), 1_454_423_400);
    assert_eq!(client.server_time_millis().unwrap().unix_timestamp(), 1_454_423_400);
    assert_eq!(client.connection_time().unwrap().unix_timestamp(), 1_454_423_400);
}

#[test]
fn the_account_is_told_and_told_anew_after_a_trade() {
    let trader = Trader::new();
    let account = AccountId::from(trader.client.handshake_managed_accounts()[0].as_str());
    let group = AccountGroup::from("All");
    let summary =
        trader.client.account_summary(&group, &["NetLiquidation", "BuyingPower"]).unwrap();
    let mut told = Vec::new();
    while let AccountSummaryResult::Summary(row) = next!(summary) {
        told.push((row.tag, row.value));
    }
    let wanted = [("NetLiquidation", "100000"), ("BuyingPower", "200000")];
    let owned = wanted.map(|(tag, value)| (tag.to_owned(), value.to_owned()));
    told.sort();
    let mut owned = owned.to_vec();
    owned.sort();
    assert_eq!(told, owned);

    let positions = trader.client.positions().unwrap();
    assert!(matches!(next!(positions), PositionUpdate::PositionEnd));
    let pnl = trader.client.pnl(&account, None).unwrap();
    assert_eq!(next!(pnl).daily_pnl, 0.0);
    let updates = trader.client.account_updates(&account).unwrap();
    while !matches!(next!(updates), AccountUpdate::End) {}

    let id = trader.place(&market_order(Action::Buy, 10.0));
    trader.step(1);
    trader.until(&format!("status {id} Filled"));
    let PositionUpdate::Position(held) = next!(positions) else { panic!("no position") };
    assert_eq!((held.position, held.contract.symbol.to_string()), (10.0, "SPY".to_owned()));
    assert!(matches!(next!(summary), AccountSummaryResult::Summary(_)));
    let worth = loop {
        if let AccountUpdate::PortfolioValue(value) = next!(updates) {
            break value;
        }
    };
    assert_eq!((worth.position, worth.average_cost), (10.0, held.average_cost));
    let single = trader.client.pnl_single(&account, ContractId(held.contract.contract_id), None);
    let single = next!(single.unwrap());
    assert_eq!(single.position, 10.0);
    let drift = next!(pnl).unrealized_pnl.unwrap() - single.unrealized_pnl;
    assert!(drift.abs() < 1e-6, "{drift}");
}

#[test]
fn contracts_are_found_by_symbol_and_by_number() {
    let trader = Trader::new();
    let client = &trader.client;
    let found = client.contract_details(&stock("SPY")).unwrap();
    assert_eq!(found.len(), 1);
    let details = &found[0];
    assert_eq!((details.contract.symbol.to_string().as_str(), details.min_tick), ("SPY", 0.01));
    assert_eq!(details.time_zone_id, "US/Eastern");
    assert_eq!(details.liquid_hours[0], "20160202:0930-20160202:1600");
    let mut by_number = stock("");
    by_number.contract_id = details.contract.contract_id;
    assert_eq!(client.contract_details(&by_number).unwrap()[0].contract, details.contract);
    let refused = client.contract_details(&stock("NOPE")).unwrap_err().to_string();
    assert!(refused.contains("200"), "{refused}");
    let rule: i32 = details.market_rule_ids[0].parse().unwrap();
    assert_eq!(client.market_rule(rule).unwrap().price_increments.len(), 2);
    let found = client.matching_symbols("SP").unwrap();
    assert!(found.iter().any(|one| one.contract.symbol == *"SPY"));
}

#[test]
fn bars_of_the_past_end_before_now_and_can_go_on() {
    let trader = Trader::new();
    let spy = stock("SPY");
    let ask = |size, duration| {
        let asked = trader.client.historical_data(&spy, size).duration(duration);
        asked.what_to_show(WhatToShow::Trades).fetch().unwrap()
    };
    trader.step(10);
    let minutes = ask(BarSize::Min, Duration::days(2));
    assert_eq!(minutes.bars.len(), 400);
    assert!(minutes.bars.windows(2).all(|pair| pair[0].date < pair[1].date));
    let days = ask(BarSize::Day, Duration::days(5));
    assert_eq!(days.bars.len(), 5);
    assert!(days.bars.iter().all(|bar| bar.date.is_date() && bar.high >= bar.low));
    assert_eq!(days.bars[4].volume, minutes.bars[390..].iter().map(|bar| bar.volume).sum::<f64>());
    let first = trader.client.head_timestamp(&spy, WhatToShow::Trades, TradingHours::Regular);
    assert_eq!(first.unwrap().unix_timestamp(), 1_451_917_800);

    let asked = trader.client.historical_data(&spy, BarSize::Min5).duration(Duration::days(1));
    let going = asked.what_to_show(WhatToShow::Trades).stream().unwrap();
    let HistoricalBarUpdate::Historical(data) = next!(going) else { panic!("no bars") };
    assert_eq!(data.bars.len(), 2);
    assert!(matches!(next!(going), HistoricalBarUpdate::End { .. }));
    trader.step(1);
    let mut updates = Vec::new();
    for _ in 0..2 {
        let HistoricalBarUpdate::Update(bar) = next!(going) else { panic!("no update") };
        updates.push(bar.date);
    }
    assert!(updates[0] == data.bars[1].date && updates[1] > updates[0], "{updates:?}");
}

#[test]
fn quotes_trades_and_bars_come_with_each_bar_of_the_market() {
    let trader = Trader::new();
    let (client, spy) = (&trader.client, stock("SPY"));
    let once = client.market_data(&spy).snapshot_once(WAIT).unwrap();
    let priced = once.iter().filter(|tick| matches!(tick, TickTypes::PriceSize(_))).count();
    assert_eq!(priced, 3, "{once:?}");
    let quotes = client.market_data(&spy).subscribe().unwrap();
    while !matches!(next!(quotes), TickTypes::Price(_)) {}
    let bars = client.realtime_bars(&spy).subscribe().unwrap();
    let trades = client.tick_by_tick(&spy, 0).all_last().unwrap();
    let middles = client.tick_by_tick(&spy, 0).mid_point().unwrap();
    // What is asked next is answered after what was asked before.
    client.server_time().unwrap();
    trader.step(1);
    let bar = next!(bars);
    assert_eq!(bar.date.unix_timestamp(), 1_454_423_400);
    assert_eq!(next!(trades).price, bar.close);
    assert!((next!(middles).mid_point - bar.close).abs() < 0.05 * bar.close);
    let bid = loop {
        if let TickTypes::PriceSize(tick) = next!(quotes) {
            break tick.price;
        }
    };
    assert!(bid <= bar.close);
}
