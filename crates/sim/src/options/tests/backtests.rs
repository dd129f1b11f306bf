use base::Seed;

use super::super::backtest::{Ended, Exit, Moment, Plan, Report, backtest};
use super::super::life::OptionAction;
use super::super::select::{NoChoice, Stance, Structure, Target};
use super::super::synthetic::{SyntheticChains, SyntheticConfig};
use super::*;

fn chains(from: &str, to: &str, seed: u64) -> SyntheticChains {
    let config = SyntheticConfig::default();
    SyntheticChains::new(config, (day(from), day(to)), Seed::root(seed)).unwrap()
}

fn plan(structure: Structure) -> Plan {
    let exit = Exit { days_left: Some(3), ..Exit::default() };
    let exchange = OptionExchangeConfig::default();
    Plan {
        underlying: STOCK,
        structure,
        days: (14, 28),
        units: 2,
        exit,
        assumed: Assumed::default(),
        early: Some(EarlyAssignment { rate: 0.02, share: 1.0, seed: Seed::root(1) }),
        exchange,
    }
}

fn structures() -> [Structure; 7] {
    let (call, put) = (OptionRight::Call, OptionRight::Put);
    let middle = Target::Moneyness(1.0);
    let width = price("5");
    [
        Structure::Vertical { right: put, stance: Stance::Short, near: Target::Delta(0.3), width },
        Structure::IronCondor { put: Target::Delta(0.2), call: Target::Delta(0.2), width },
        Structure::Butterfly { right: call, centre: middle, width },
        Structure::Straddle { stance: Stance::Short, centre: middle },
        Structure::Calendar { right: call, centre: middle, apart: 7 },
        Structure::CoveredCall { call: Target::Delta(0.3) },
        Structure::Collar { put: Target::Delta(0.2), call: Target::Delta(0.3) },
    ]
}

fn run(plan: &Plan, seed: u64) -> Report {
    backtest(plan, chains("2014-01-02", "2014-06-30", seed)).unwrap()
}

#[test]
fn trades_add_up_to_what_the_account_earned_for_each_structure() {
    for structure in structures() {
        let report = run(&plan(structure), 1);
        assert!(report.trades.len() >= 5, "{structure:?}: {:?}", report.no_choice);
        let earned: Cash = report.trades.iter().map(|trade| trade.profit).sum();
        let start = OptionExchangeConfig::default().cash;
        assert_eq!(report.equity, start + earned + report.between, "{structure:?}");
        let idle = structure.holds_shares() || report.between == Cash::ZERO;
        assert!(idle, "{structure:?} {}", report.between);
        let fees: Cash = report.trades.iter().map(|trade| trade.fees).sum();
        assert_eq!(report.fees, fees, "{structure:?}");
        let of_fills: Cash = report.fills.iter().map(|fill| fill.fee).sum();
        assert_eq!(report.fees, of_fills, "a fill is missing: {structure:?}");
        let ended: u64 = report.events.values().sum();
        assert_eq!(report.happened.len() as u64, ended, "{structure:?}");
        assert!(fees > Cash::ZERO);
    }
}

#[test]
fn one_seed_gives_one_report() {
    let plan = plan(structures()[1]);
    assert_eq!(run(&plan, 3), run(&plan, 3));
    assert_ne!(run(&plan, 3).equity, run(&plan, 4).equity);
}

#[test]
fn condors_lose_where_options_cost_what_they_are_worth() {
    // Ten years of condors at bid and ask, where options are worth what they cost on average.
    let mut total = 0.0;
    for seed in 0..20 {
        let report = run(&plan(structures()[1]), seed);
        total += (report.equity - OptionExchangeConfig::default().cash).to_f64();
    }
    assert!(total < 0.0, "{total}");
}

#[test]
fn what_is_known_later_changes_no_trade_before() {
    let plan = plan(structures()[0]);
    let whole: Vec<Moment> = chains("2014-01-02", "2014-06-30", 5).collect();
    let all = backtest(&plan, whole.clone()).unwrap();
    for cut in [10, 33, 71, 100] {
        let part = backtest(&plan, whole[..cut].to_vec()).unwrap();
        let last = whole[cut - 1].now;
        let over = |report: &Report| -> Vec<_> {
            let ended = report.trades.iter().filter(|trade| trade.ended != Ended::StillOpen);
            ended.filter(|trade| trade.closed <= last).cloned().collect()
        };
        assert_eq!(over(&part), over(&all), "{cut}");
        assert_eq!(part.daily[..], all.daily[..cut]);
    }
}

#[test]
fn a_moment_that_holds_a_later_quote_stops_the_run() {
    let mut moments: Vec<Moment> = chains("2014-01-02", "2014-01-10", 5).collect();
    let late = moments[3].now + Span::from_nanos(1);
    moments[3].quotes[7].known = late;
    let told = backtest(&plan(structures()[0]), moments).unwrap_err();
    assert!(told.to_string().contains("known 2014-01-07T21:00:00"), "{told}");
}

#[test]
fn costs_only_take() {
    let paid = run(&plan(structures()[0]), 2);
    let mut plan = plan(structures()[0]);
    plan.exchange.rules.fees = OptionFees::free();
    let without_fees = run(&plan, 2);
    plan.exchange.rules.fill_at = FillAt::Mid;
    let at_mid = run(&plan, 2);
    assert_eq!(without_fees.equity - paid.equity, paid.fees);
    assert!(at_mid.equity > without_fees.equity);
}

#[test]
fn where_the_next_quote_is_asked_for_no_fill_is_of_the_moment_of_the_decision() {
    let mut plan = plan(structures()[0]);
    plan.exchange.arrival = Arrival::NextQuote;
    let report = run(&plan, 2);
    let first = chains("2014-01-02", "2014-06-30", 2).next().unwrap().now;
    assert!(report.trades.len() > 2 && report.trades[0].opened > first);
    let earned: Cash = report.trades.iter().map(|trade| trade.profit).sum();
    assert_eq!(report.equity, plan.exchange.cash + earned);
}

#[test]
fn exits_follow_their_rules() {
    let mut plan = plan(structures()[3]);
    let ends = |plan: &Plan| -> std::collections::BTreeSet<Ended> {
        run(plan, 1).trades.iter().map(|trade| trade.ended).collect()
    };
    plan.exit = Exit { held_days: Some(1), ..Exit::default() };
    assert!(ends(&plan).contains(&Ended::HeldDays));
    plan.exit = Exit { profit: Some(0.1), stop: Some(0.1), ..Exit::default() };
    let found = ends(&plan);
    assert!(found.contains(&Ended::Profit) && found.contains(&Ended::Stop), "{found:?}");
    plan.exit = Exit::default();
    assert!(ends(&plan).contains(&Ended::Expiry));
}

/// The chains of one market before and after a split of seven for one.
fn split_chains() -> Vec<Moment> {
    let config = SyntheticConfig { spot: 700.0, missing: 0.0, ..SyntheticConfig::default() };
    let days = (day("2014-05-19"), day("2014-07-18"));
    let mut moments: Vec<Moment> =
        SyntheticChains::new(config, days, Seed::root(2)).unwrap().collect();
    let ex = moments.iter().position(|moment| moment.day == day("2014-06-09")).unwrap();
    moments[ex].actions.push((STOCK, OptionAction::Split { new: 7, old: 1 }));
    let seventh = |price: Price| Price::from_raw(price.raw() / 7);
    for moment in &mut moments[ex..] {
        for quote in &mut moment.quotes {
            quote.contract = quote.contract.after_split(7, 1).unwrap().0;
            for side in [&mut quote.bid, &mut quote.ask].into_iter().flatten() {
                *side = Offer { price: seventh(side.price), size: side.size * 7 };
            }
        }
        for spot in &mut moment.spots {
            (spot.bid, spot.ask) = (seventh(spot.bid), seventh(spot.ask));
        }
        moment.closes[0].1 = seventh(moment.closes[0].1);
    }
    moments
}

#[test]
fn a_split_of_the_underlying_leaves_no_jump_in_equity() {
    for structure in [structures()[0], structures()[5]] {
        let mut plan = plan(structure);
        plan.units = 1;
        plan.exchange.cash = cash("200000");
        let report = backtest(&plan, split_chains()).unwrap();
        assert!(report.events[&LifeEvent::Adjusted] > 0);
        let jump = report.daily.windows(2).map(|pair| (pair[1].1 - pair[0].1).to_f64().abs());
        let largest = jump.fold(0.0, f64::max);
        // 100 shares of 700 that move by a few percent at most; a split missed would be 60,000.
        assert!(largest < 6_000.0, "{structure:?} {largest}");
        assert!(report.trades.len() >= 3, "{:?}", report.no_choice);
    }
}

#[test]
fn a_split_divides_the_widths_of_what_is_entered_after_it() {
    let mut plan = plan(structures()[0]);
    plan.units = 1;
    let width = price("14");
    let (right, stance) = (OptionRight::Put, Stance::Short);
    plan.structure = Structure::Vertical { right, stance, near: Target::Delta(0.3), width };
    let report = backtest(&plan, split_chains()).unwrap();
    let split = at("2014-06-09");
    for trade in &report.trades {
        let strikes = [0, 1].map(|leg| trade.legs[leg].asset.contract().unwrap().strike);
        let wanted = if trade.opened < split { ("14", 1) } else { ("2", 7) };
        let found = ((strikes[0] - strikes[1]).abs(), trade.legs[0].ratio.abs());
        assert_eq!(found, (price(wanted.0), wanted.1), "{trade:?}");
    }
    assert!(report.trades.iter().any(|trade| trade.opened > split));
}

#[test]
fn a_target_far_from_any_strike_is_not_met() {
    let mut plan = plan(structures()[0]);
    let centre = Target::Moneyness(3.0);
    plan.structure = Structure::Straddle { stance: Stance::Short, centre };
    let report = run(&plan, 1);
    assert!(report.trades.is_empty());
    assert_eq!(report.no_choice[&NoChoice::NoStrike], report.moments);
}

#[test]
fn what_no_market_has_is_told() {
    let days = (day("2014-01-02"), day("2014-06-30"));
    let bad = [
        SyntheticConfig { spot: f64::NAN, ..SyntheticConfig::default() },
        SyntheticConfig { volatility: -0.2, ..SyntheticConfig::default() },
        SyntheticConfig { missing: 1.5, ..SyntheticConfig::default() },
        SyntheticConfig { strikes: 0, ..SyntheticConfig::default() },
    ];
    for config in bad {
        assert!(SyntheticChains::new(config, days, Seed::root(1)).is_err(), "{config:?}");
    }
}

#[test]
fn made_chains_have_a_smile_spreads_that_widen_and_no_crossed_quote() {
    let mut half_spreads = (Vec::new(), Vec::new());
    for moment in chains("2014-01-02", "2014-03-31", 1) {
        let spot = moment.spots[0].mid();
        for quote in &moment.quotes {
            let (Some(bid), Some(ask)) = (quote.bid, quote.ask) else { continue };
            assert!(bid.price < ask.price, "{quote:?}");
            let away = (quote.contract.strike.to_f64() / spot - 1.0).abs();
            let mid = quote.mid().unwrap();
            let part = (ask.price - bid.price).to_f64() / mid;
            if mid > 0.3
                && (quote.contract.strike.to_f64() > spot)
                    == (quote.contract.right == OptionRight::Call)
            {
                let into = if away < 0.01 { &mut half_spreads.0 } else { &mut half_spreads.1 };
                into.push(part);
            }
        }
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    assert!(mean(&half_spreads.1) > 1.2 * mean(&half_spreads.0));
}
