use market::{Calendar, Qty, Settlement};

use super::super::life::{OptionAction, SettledBy, Upcoming};
use super::*;

/// An exchange that holds so many of a contract, opened at 5.00 a unit.
fn holding(contract: OptionContract, qty: i64) -> OptionExchange {
    let mut exchange = exchange(free());
    let now = at("2014-06-06");
    exchange.account.trade(Asset::Option(contract), qty, price("5"), Cash::ZERO);
    exchange.on_spot(spot("100", "100", now));
    exchange
}

fn settle(exchange: &mut OptionExchange, day: &str, at_price: &str) -> Vec<Happened> {
    let close = Calendar::of("XNYS").unwrap().session(super::day(day)).unwrap().unwrap().close;
    let settled = (STOCK, price(at_price));
    exchange.settle(close, super::day(day), SettledBy::Close, settled).unwrap()
}

#[test]
fn options_settle_by_exercise_assignment_or_nothing() {
    let table = [
        // contract, number, settlement, what happens, shares after, cash after
        (call("100"), 2, "110", LifeEvent::Exercised, 200, "79000"),
        (call("100"), -2, "110", LifeEvent::Assigned, -200, "121000"),
        (put("100"), 1, "90", LifeEvent::Exercised, -100, "109500"),
        (put("100"), -1, "90", LifeEvent::Assigned, 100, "90500"),
        (call("100"), 1, "100", LifeEvent::ExpiredWorthless, 0, "99500"),
        (call("100"), -1, "100.009", LifeEvent::ExpiredWorthless, 0, "100500"),
        (call("100"), 1, "100.01", LifeEvent::Exercised, 100, "89500"),
    ];
    for (contract, qty, at_price, event, shares, left) in table {
        let mut exchange = holding(contract, qty);
        assert!(settle(&mut exchange, "2014-06-19", at_price).is_empty());
        let told = settle(&mut exchange, "2014-06-20", at_price);
        assert_eq!((told[0].event, told[0].qty), (event, qty));
        let account = exchange.account();
        assert_eq!(account.held(&Asset::Shares(STOCK)), shares, "{contract:?} {at_price}");
        assert_eq!(account.cash, cash(left), "{contract:?} {at_price}");
        assert_eq!(account.held(&Asset::Option(contract)), 0);
    }
}

#[test]
fn cash_settlement_pays_what_exercise_is_worth() {
    let settlement = Settlement::CashAtClose;
    let mut exchange = holding(OptionContract { settlement, ..call("100") }, -3);
    settle(&mut exchange, "2014-06-20", "104.5");
    assert!(exchange.account().is_flat());
    assert_eq!(exchange.account().cash, cash("100150"));
    assert_eq!(exchange.account().realised, cash("150"));
}

#[test]
fn opening_prices_settle_only_what_they_should() {
    let settlement = Settlement::CashAtOpen;
    let mut exchange = holding(OptionContract { settlement, ..call("100") }, 1);
    assert!(settle(&mut exchange, "2014-06-20", "104").is_empty());
    let (now, today) = (at("2014-06-20"), day("2014-06-20"));
    let told = exchange.settle(now, today, SettledBy::Open, (STOCK, price("104"))).unwrap();
    assert_eq!(told[0].event, LifeEvent::Exercised);
    assert_eq!(exchange.account().cash, cash("99900"));
}

#[test]
fn a_saturday_expiry_settles_on_its_friday() {
    let saturday = contract(OptionRight::Call, "100", "2013-07-20");
    let mut exchange = holding(saturday, 1);
    assert_eq!(settle(&mut exchange, "2013-07-19", "101").len(), 1);
}

#[test]
fn a_whole_split_keeps_equity_and_adjusts_options_and_shares() {
    let mut exchange = holding(call("490"), -2);
    exchange.account.trade(Asset::Shares(STOCK), 200, price("645"), Cash::ZERO);
    let now = at("2014-06-09");
    let combo = Combo {
        kind: ComboKind::NetLimit(Cash::ZERO),
        tif: ComboTif::GoodTilCancelled,
        ..buy(call("490"), 1)
    };
    exchange.on_quote(&quote(call("490"), "5", "5.1", now));
    exchange.submit(now, combo).unwrap();
    let before = exchange.account().equity();
    let split = OptionAction::Split { new: 7, old: 1 };
    exchange.corporate(now, STOCK, split).unwrap();
    let account = exchange.account();
    assert_eq!(account.held(&Asset::Option(call("70"))), -14);
    assert_eq!(account.held(&Asset::Shares(STOCK)), 1_400);
    assert_eq!(account.equity().to_cents(), before.to_cents());
    assert!(exchange.board().is_empty() && exchange.working.is_empty());
}

#[test]
fn strikes_that_meet_in_a_split_close_one_another() {
    let mut exchange = exchange(free());
    let begun = exchange.account().equity();
    exchange.account.trade(Asset::Option(call("90")), 1, price("0.02"), Cash::ZERO);
    exchange.account.trade(Asset::Option(call("100")), -1, price("0.01"), Cash::ZERO);
    // Both strikes are seven cents after the first.
    for _ in 0..2 {
        let split = OptionAction::Split { new: 1_350, old: 1 };
        exchange.corporate(at("2014-06-06"), STOCK, split).unwrap();
        assert!(exchange.account().is_flat());
        assert_eq!(exchange.account().realised, -cash("1"));
        assert_eq!(exchange.account().equity(), begun - cash("1"));
    }
}

#[test]
fn other_splits_change_what_is_delivered_and_pay_parts_of_shares() {
    let mut exchange = holding(call("60"), 1);
    exchange.account.trade(Asset::Shares(STOCK), 105, price("10"), Cash::ZERO);
    let before = exchange.account().equity();
    let action = OptionAction::Split { new: 1, old: 10 };
    exchange.corporate(at("2014-06-09"), STOCK, action).unwrap();
    let adjusted = OptionContract { shares: Qty::whole(10), ..call("60") };
    let account = exchange.account();
    assert_eq!(account.held(&Asset::Option(adjusted)), 1);
    assert_eq!(account.held(&Asset::Shares(STOCK)), 10);
    assert_eq!(account.equity().to_cents(), before.to_cents());
    // Worth 650 a new share, ten of them against 6,000: exercised, 500 over.
    let told = settle(&mut exchange, "2014-06-20", "650");
    assert_eq!(told[0].event, LifeEvent::Exercised);
    assert_eq!(exchange.account().held(&Asset::Shares(STOCK)), 20);
}

#[test]
fn a_split_without_shares_is_an_error() {
    let mut exchange = holding(call("60"), 1);
    let action = OptionAction::Split { new: 0, old: 1 };
    assert!(exchange.corporate(at("2014-06-09"), STOCK, action).is_err());
}

#[test]
fn dividends_pay_shares_and_special_ones_lower_strikes() {
    let mut exchange = holding(call("60"), 1);
    exchange.account.trade(Asset::Shares(STOCK), -100, price("100"), Cash::ZERO);
    let now = at("2014-06-09");
    exchange.corporate(now, STOCK, OptionAction::Dividend(price("0.5"))).unwrap();
    assert_eq!(exchange.account().dividends, cash("-50"));
    assert_eq!(exchange.account().held(&Asset::Option(call("60"))), 1);
    exchange.corporate(now, STOCK, OptionAction::SpecialDividend(price("10"))).unwrap();
    assert_eq!(exchange.account().held(&Asset::Option(call("50"))), 1);
    assert_eq!(exchange.account().dividends, cash("-1050"));
}

fn rule(share: f64) -> EarlyAssignment {
    EarlyAssignment { rate: 0.05, share, seed: base::Seed::root(1) }
}

#[test]
fn a_short_call_is_assigned_the_day_before_its_dividend_where_that_pays() {
    let (now, today) = (at("2014-06-06"), day("2014-06-06"));
    let upcoming = |text: &str, amount: &str| {
        [Upcoming { underlying: STOCK, ex_day: day(text), amount: price(amount) }]
    };
    let table = [
        // The next session is the Monday.
        (upcoming("2014-06-09", "0.50"), 1),
        (upcoming("2014-06-10", "0.50"), 0),
        (upcoming("2014-06-06", "0.50"), 0),
        (upcoming("2014-06-09", "0.20"), 0),
    ];
    for (dividends, count) in table {
        let mut exchange = holding(call("80"), -3);
        exchange.on_quote(&quote(call("80"), "19.9", "20.3", now));
        let told = exchange.assign_early(now, today, &rule(1.0), &dividends).unwrap();
        assert_eq!(told.len(), count, "{dividends:?}");
        let shares = exchange.account().held(&Asset::Shares(STOCK));
        assert_eq!(shares, if count == 1 { -300 } else { 0 });
    }
}

#[test]
fn a_short_put_is_assigned_where_interest_is_worth_more_than_time() {
    let (now, today) = (at("2014-06-06"), day("2014-06-06"));
    // 200 × 5 % × 14 days is 0.38 a share.
    for (ask, count) in [("100.3", 1), ("100.5", 0)] {
        let mut exchange = holding(put("200"), -1);
        exchange.on_quote(&quote(put("200"), "99.9", ask, now));
        let told = exchange.assign_early(now, today, &rule(1.0), &[]).unwrap();
        assert_eq!(told.len(), count, "{ask}");
    }
}

#[test]
fn a_share_of_holders_assigns_some_and_the_same_ones_again() {
    let (now, today) = (at("2014-06-06"), day("2014-06-06"));
    let run = |share| {
        let mut exchange = holding(put("200"), -200);
        exchange.on_quote(&quote(put("200"), "99.9", "100.1", now));
        exchange.assign_early(now, today, &rule(share), &[]).unwrap();
        exchange.account().held(&Asset::Shares(STOCK)) / 100
    };
    assert!((60..140).contains(&run(0.5)), "{}", run(0.5));
    assert_eq!(run(0.5), run(0.5));
    assert_eq!((run(0.0), run(1.0)), (0, 200));
}

#[test]
fn european_options_are_not_assigned_early_nor_exercised() {
    let style = market::ExerciseStyle::European;
    let european = OptionContract { style, ..put("200") };
    let (now, today) = (at("2014-06-06"), day("2014-06-06"));
    let mut exchange = holding(european, -1);
    exchange.on_quote(&quote(european, "99.9", "100.1", now));
    assert!(exchange.assign_early(now, today, &rule(1.0), &[]).unwrap().is_empty());
    let mut exchange = holding(european, 1);
    assert_eq!(exchange.exercise(now, &european, 1).unwrap(), None);
}

#[test]
fn a_holder_exercises_no_more_than_is_held() {
    let now = at("2014-06-06");
    let mut exchange = holding(call("80"), 2);
    assert_eq!(exchange.exercise(now, &call("80"), 3).unwrap(), None);
    assert!(exchange.exercise(now, &call("80"), 1).unwrap().is_some());
    assert_eq!(exchange.account().held(&Asset::Shares(STOCK)), 100);
    // Paid 1,000 for two calls and 8,000 for the shares.
    assert_eq!(exchange.account().cash, cash("91000"));
    let late = at("2014-06-23");
    assert_eq!(exchange.exercise(late, &call("80"), 1).unwrap(), None);
}
