use super::*;

const NOW: &str = "2014-06-06";

fn filled(outcome: Outcome) -> Vec<OptionFill> {
    match outcome {
        Outcome::Filled(fills) => fills,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_purchase_pays_the_ask_a_sale_gets_the_bid_and_both_say_so() {
    let (now, later) = (at(NOW), at(NOW) + Span::from_minutes(2));
    let mut exchange = exchange(free());
    exchange.on_quote(&quote(call("100"), "2.00", "2.10", now));
    let bought = filled(exchange.submit(later, buy(call("100"), 3)).unwrap());
    assert_eq!(bought[0].price, price("2.10"));
    let evidence = bought[0].evidence;
    assert_eq!((evidence.basis, evidence.age), (FillBasis::PaidAsk, Span::from_minutes(2)));
    assert_eq!(exchange.account().equity(), cash("99970"));
    let sold = filled(exchange.submit(later, buy(call("100"), -3)).unwrap());
    assert_eq!((sold[0].price, sold[0].evidence.basis), (price("2.00"), FillBasis::GotBid));
    assert!(exchange.account().is_flat());
    assert_eq!(exchange.account().realised, cash("-30"));
}

#[test]
fn each_unsound_quote_is_refused_with_its_reason() {
    let now = at(NOW);
    let table = [
        ("2.00", "1.90", Refusal::Crossed),
        ("2.00", "2.00", Refusal::Locked),
        ("", "2.00", Refusal::OneSided),
        ("2.00", "", Refusal::OneSided),
        ("0", "0.05", Refusal::ZeroBid),
        ("4.70", "4.90", Refusal::BelowIntrinsic),
    ];
    for (bid, ask, reason) in table {
        for side in [1, -1] {
            let mut exchange = exchange(free());
            exchange.on_spot(spot("105", "105.02", now));
            exchange.on_quote(&quote(call("100"), bid, ask, now));
            let outcome = exchange.submit(now, buy(call("100"), side)).unwrap();
            assert_eq!(outcome, Outcome::Refused(reason), "{bid} {ask}");
            assert_eq!(exchange.tally().refused[&reason], 1);
            assert_eq!(exchange.account().cash, cash("100000"));
        }
    }
}

#[test]
fn a_quote_too_old_or_from_the_future_is_refused() {
    let now = at(NOW);
    let mut exchange = exchange(free());
    exchange.on_quote(&quote(call("100"), "2.00", "2.10", now));
    let submit = |exchange: &mut OptionExchange, at| exchange.submit(at, buy(call("100"), 1));
    let limit = Span::from_minutes(5);
    let before = submit(&mut exchange, now - Span::from_seconds(1)).unwrap();
    assert_eq!(before, Outcome::Refused(Refusal::NotKnownYet));
    let late = submit(&mut exchange, now + limit + Span::from_nanos(1)).unwrap();
    assert_eq!(late, Outcome::Refused(Refusal::Stale));
    filled(submit(&mut exchange, now + limit).unwrap());
}

#[test]
fn an_option_past_its_last_session_is_refused() {
    // 2013-07-20 is a Saturday: trading ended on the Friday.
    let gone = contract(OptionRight::Call, "100", "2013-07-20");
    let mut exchange = exchange(free());
    let now = at("2013-07-22");
    exchange.on_quote(&quote(gone, "2.00", "2.10", now));
    let outcome = exchange.submit(now, buy(gone, 1)).unwrap();
    assert_eq!(outcome, Outcome::Refused(Refusal::Expired));
    let ends = trading_ends(&gone).unwrap();
    assert_eq!(ends.to_string(), "2013-07-19T20:00:00Z");
}

#[test]
fn trading_in_what_opening_prices_settle_ends_the_session_before() {
    let settlement = market::Settlement::CashAtOpen;
    let index = OptionContract { settlement, ..call("100") };
    assert_eq!(trading_ends(&index).unwrap().to_string(), "2014-06-19T20:00:00Z");
}

#[test]
fn a_combination_fills_whole_or_not_at_all() {
    let now = at(NOW);
    let mut exchange = exchange(free());
    exchange.on_quote(&quote(call("100"), "2.00", "2.10", now));
    exchange.on_quote(&quote(call("105"), "", "0.80", now));
    let legs = vec![Leg::option(call("100"), 1), Leg::option(call("105"), -1)];
    let combo = Combo::market(ComboId(1), legs, 1);
    let outcome = exchange.submit(now, combo.clone()).unwrap();
    assert_eq!(outcome, Outcome::Refused(Refusal::OneSided));
    assert!(exchange.account().is_flat());
    exchange.on_quote(&quote(call("105"), "0.70", "0.80", now));
    let fills = filled(exchange.submit(now, combo).unwrap());
    assert_eq!(fills.len(), 2);
    assert_eq!(exchange.account().cash, cash("99860"));
}

#[test]
fn a_net_limit_waits_until_the_quotes_are_within_it() {
    let now = at(NOW);
    let mut exchange = exchange(free());
    exchange.on_quote(&quote(call("100"), "2.00", "2.10", now));
    let kind = ComboKind::NetLimit(cash("205"));
    let combo = Combo { kind, tif: ComboTif::Day, ..buy(call("100"), 1) };
    assert_eq!(exchange.submit(now, combo).unwrap(), Outcome::Working);
    assert_eq!(exchange.tally().refused[&Refusal::Limit], 1);
    let later = now + Span::from_minutes(1);
    exchange.on_quote(&quote(call("100"), "1.90", "2.04", later));
    let told = exchange.advance(later).unwrap();
    let (id, outcome) = told.into_iter().next().unwrap();
    assert_eq!((id, filled(outcome)[0].price), (ComboId(1), price("2.04")));
}

#[test]
fn a_day_order_ends_with_its_day() {
    let now = at(NOW);
    let mut exchange = exchange(free());
    exchange.on_quote(&quote(call("100"), "2.00", "2.10", now));
    let kind = ComboKind::NetLimit(cash("1"));
    let combo = Combo { kind, tif: ComboTif::Day, ..buy(call("100"), 1) };
    exchange.submit(now, combo).unwrap();
    let told = exchange.advance(at("2014-06-09")).unwrap();
    assert_eq!(told, vec![(ComboId(1), Outcome::Refused(Refusal::TimedOut))]);
    assert!(!exchange.cancel(ComboId(1)));
}

#[test]
fn no_quote_fills_more_than_it_shows() {
    let now = at(NOW);
    let mut exchange = exchange(free());
    exchange.on_quote(&quote(call("100"), "2.00", "2.10", now));
    let fills = filled(exchange.submit(now, buy(call("100"), 25)).unwrap());
    assert_eq!(fills[0].qty, 10);
    let again = exchange.submit(now, buy(call("100"), 1)).unwrap();
    assert_eq!(again, Outcome::Refused(Refusal::NoSize));
}

#[test]
fn a_late_order_takes_the_quote_that_stands_when_it_arrives() {
    let now = at(NOW);
    let config = OptionExchangeConfig { latency: Span::from_seconds(1), ..free() };
    let mut exchange = exchange(config);
    exchange.on_quote(&quote(call("100"), "2.00", "2.10", now));
    assert_eq!(exchange.submit(now, buy(call("100"), 1)).unwrap(), Outcome::Working);
    let then = now + Span::from_seconds(2);
    exchange.on_quote(&quote(call("100"), "2.20", "2.30", then));
    let told = exchange.advance(then).unwrap();
    assert_eq!(filled(told[0].1.clone())[0].price, price("2.30"));
}

#[test]
fn where_the_next_quote_is_asked_for_the_standing_one_does_not_fill() {
    let now = at(NOW);
    let config = OptionExchangeConfig { arrival: Arrival::NextQuote, ..free() };
    let mut exchange = exchange(config);
    exchange.on_quote(&quote(call("100"), "2.00", "2.10", now));
    assert_eq!(exchange.submit(now, buy(call("100"), 1)).unwrap(), Outcome::Working);
    assert!(exchange.advance(now + Span::from_seconds(1)).unwrap().is_empty());
    let then = now + Span::from_minutes(1);
    exchange.on_quote(&quote(call("100"), "2.00", "2.20", then));
    assert_eq!(filled(exchange.advance(then).unwrap()[0].1.clone())[0].price, price("2.20"));
}

#[test]
fn mid_fills_only_by_the_rule_that_says_so() {
    let now = at(NOW);
    let mut config = free();
    config.rules.fill_at = FillAt::Mid;
    let mut exchange = exchange(config);
    exchange.on_quote(&quote(call("100"), "2.00", "2.10", now));
    let fills = filled(exchange.submit(now, buy(call("100"), 1)).unwrap());
    assert_eq!((fills[0].price, fills[0].evidence.basis), (price("2.05"), FillBasis::AtMid));
}

#[test]
fn a_short_option_without_a_bid_is_bought_back_by_the_rule_that_says_so() {
    let now = at(NOW);
    let mut config = free();
    config.rules.quotes.one_sided = OneSided::BuyAtAsk;
    let mut exchange = exchange(config);
    exchange.on_quote(&quote(call("100"), "", "0.05", now));
    let sold = exchange.submit(now, buy(call("100"), -1)).unwrap();
    assert_eq!(sold, Outcome::Refused(Refusal::OneSided));
    assert_eq!(filled(exchange.submit(now, buy(call("100"), 1)).unwrap())[0].qty, 1);
}

#[test]
fn a_naked_call_needs_margin_and_a_covered_one_none() {
    let now = at(NOW);
    let mut config = free();
    config.rules.margin = MarginRule::WorstCase;
    config.cash = cash("11000");
    let mut exchange = exchange(config);
    exchange.on_spot(spot("99.98", "100", now));
    exchange.on_quote(&quote(call("100"), "2.00", "2.10", now));
    let naked = exchange.submit(now, buy(call("100"), -10)).unwrap();
    assert_eq!(naked, Outcome::Refused(Refusal::Margin));
    let legs = vec![Leg::shares(STOCK, 100), Leg::option(call("100"), -1)];
    filled(exchange.submit(now, Combo::market(ComboId(2), legs, 1)).unwrap());
    assert_eq!(exchange.account().cash, cash("1200"));
}

#[test]
fn a_vertical_needs_its_width_and_a_put_its_strike() {
    let now = at(NOW);
    let mut config = free();
    config.rules.margin = MarginRule::WorstCase;
    config.cash = cash("350");
    let mut exchange = exchange(config);
    exchange.on_quote(&quote(put("100"), "2.00", "2.10", now));
    exchange.on_quote(&quote(put("95"), "0.40", "0.50", now));
    let bare = exchange.submit(now, buy(put("100"), -1)).unwrap();
    assert_eq!(bare, Outcome::Refused(Refusal::Margin));
    // Credit 150: 500 is needed and 500 is there.
    let legs = vec![Leg::option(put("100"), -1), Leg::option(put("95"), 1)];
    filled(exchange.submit(now, Combo::market(ComboId(2), legs.clone(), 1)).unwrap());
    let second = exchange.submit(now, Combo::market(ComboId(3), legs, 1)).unwrap();
    assert_eq!(second, Outcome::Refused(Refusal::Margin));
}

#[test]
fn strategy_based_margin_asks_for_a_vertical_its_width_and_for_a_naked_call_a_fifth() {
    let now = at(NOW);
    let fits = |legs: Vec<Leg>, text: &str| {
        let mut config = free();
        config.rules.margin = MarginRule::StrategyBased(pricing::margin::Class::Equity);
        config.cash = cash(text);
        let mut exchange = exchange(config);
        exchange.on_spot(spot("99.99", "100.01", now));
        exchange.on_quote(&quote(put("100"), "2.00", "2.00001", now));
        exchange.on_quote(&quote(put("95"), "0.40", "0.40001", now));
        exchange.on_quote(&quote(call("100"), "2.00", "2.00001", now));
        exchange.submit(now, Combo::market(ComboId(2), legs, 1)).unwrap()
    };
    // 500 of width less a credit of 160; 20 % of 10,000, the premium is there already.
    let vertical = vec![Leg::option(put("100"), -1), Leg::option(put("95"), 1)];
    filled(fits(vertical.clone(), "341"));
    assert_eq!(fits(vertical, "339"), Outcome::Refused(Refusal::Margin));
    let naked = vec![Leg::option(call("100"), -1)];
    filled(fits(naked.clone(), "2001"));
    assert_eq!(fits(naked, "1999"), Outcome::Refused(Refusal::Margin));
}

#[test]
fn an_index_is_not_bought() {
    let now = at(NOW);
    let mut exchange = exchange(free());
    exchange.on_spot(Spot { trades: Trades::Not, ..spot("100", "100", now) });
    let combo = Combo::market(ComboId(1), vec![Leg::shares(STOCK, 1)], 1);
    assert_eq!(exchange.submit(now, combo).unwrap(), Outcome::Refused(Refusal::NotTradable));
}

#[test]
fn what_is_no_order_or_setting_is_refused() {
    let leg = Leg::option(call("100"), 1);
    let bad =
        [(vec![], 1), (vec![leg], 0), (vec![leg, leg], 1), (vec![Leg { ratio: 0, ..leg }], 1)];
    for (legs, units) in bad {
        let outcome = exchange(free()).submit(at(NOW), Combo::market(ComboId(1), legs, units));
        assert_eq!(outcome.unwrap(), Outcome::Refused(Refusal::NotAnOrder));
    }
    let late = OptionExchangeConfig { latency: Span::from_seconds(-1), ..free() };
    assert!(OptionExchange::new(late).is_err());
    let mut paid = free();
    paid.rules.fees.clearing = f64::NAN;
    assert!(OptionExchange::new(paid).is_err());
}

#[test]
fn fees_are_those_of_the_schedule() {
    let fills = |qty, text| [(Asset::Option(call("100")), qty, price(text))];
    let fees = OptionFees::default();
    let of = |day: &str, qty, text| fees.of(super::day(day), &fills(qty, text)).unwrap()[0];
    // 10 × (0.65 + 0.03 + 0.02); one contract is topped up to the least commission of 1.
    assert_eq!(of("2014-06-06", 10, "2.00"), cash("7"));
    assert_eq!(of("2014-06-06", 1, "2.00"), cash("1.05"));
    assert_eq!(of("2014-06-06", 10, "0.04"), cash("3"));
    // A sale pays 22.10 a million and 0.002 a contract beside.
    assert_eq!(of("2014-06-06", -10, "2.00"), cash("7.0642"));
}
