//! Splits, dividends and delistings of a stock that is held, in the days of a made market.

use base::{Day, Digest, Ts};
use books::breakout::{BreakoutConfig, Context, Stock, StockFacts, find};
use lake::{Adjusted, Append, Lake, Origin, Quality, Source, Table};
use market::corporate::adjust_series;
use market::{Calendar, Corporate, Qty};
use sim::synth::{Market, SymbolHistory, SynthConfig};

use crate::world::World;

/// A stock that broke out a few sessions before an action.
struct Case {
    history: SymbolHistory,
    /// The market around it, which trades on when the stock does not.
    fund: SymbolHistory,
    /// From the session after the breakout to the one after the action.
    sessions: Vec<Day>,
    ex_day: Day,
    action: Corporate,
}

/// Cases of one kind, from one market after another.
fn cases(kind: fn(&Corporate) -> bool) -> impl Iterator<Item = Case> {
    (0..200).flat_map(move |seed| {
        let config = SynthConfig { symbols: 60, years: 5, seed, ..SynthConfig::default() };
        let market = Market::new(config).unwrap();
        let made = |id| market.symbol_series(id).unwrap();
        let (stocks, funds): (Vec<_>, Vec<_>) =
            market.universe().iter().partition(|(_, it)| it.kind == market::Kind::Stock);
        let fund = funds.iter().find(|(_, it)| it.symbol == "SPY").unwrap().0;
        let stocks = stocks.into_iter().map(|(id, _)| made(id));
        stocks.flat_map(|history| of_stock(&history, &made(fund), kind)).collect::<Vec<_>>()
    })
}

fn of_stock(
    history: &SymbolHistory,
    fund: &SymbolHistory,
    kind: fn(&Corporate) -> bool,
) -> Vec<Case> {
    let calendar = Calendar::of("XNYS").unwrap();
    let actions: Vec<_> = history.actions.iter().filter(|it| kind(&it.action)).collect();
    if actions.is_empty() {
        return Vec::new();
    }
    let candles = adjust_series(&history.candles, &known(history), history.actions.clone()).candles;
    let (instrument, facts) = (history.instrument, StockFacts::default());
    let stock = Stock { instrument, candles, finer: Vec::new(), facts };
    let found = find(&stock, &Context::default(), &BreakoutConfig::default()).unwrap();
    let mut cases = Vec::new();
    for action in actions {
        let near = |signal: &Day| {
            let before = calendar.between(signal.plus(1), action.ex_day.plus(-1)).len();
            *signal < action.ex_day && (1..5).contains(&before)
        };
        let Some(signal) = found.iter().map(|it| it.setup.day).find(near) else { continue };
        let between = calendar.between(signal.plus(1), action.ex_day.plus(4));
        let sessions = between.iter().map(|session| session.day).collect();
        let (history, fund, ex_day) = (history.clone(), fund.clone(), action.ex_day);
        cases.push(Case { history, fund, sessions, ex_day, action: action.action.clone() });
    }
    cases
}

fn known(history: &SymbolHistory) -> Vec<Ts> {
    let calendar = Calendar::of("XNYS").unwrap();
    let close = |day| calendar.session(day).unwrap().unwrap().close;
    history.candles.iter().map(|candle| close(candle.day)).collect()
}

/// A lake with that stock and the fund.
fn lake_of(folder: &std::path::Path, case: &Case) -> Lake {
    let history = &case.history;
    let lake = Lake::at(folder.join("lake"));
    let append = Append {
        dataset: "s".to_owned(),
        source: Source { name: "made".to_owned(), bytes: 0, sha256: Digest::of(b"made") },
        read_as: "generated".to_owned(),
        origin: Origin::Synthetic,
        adjusted: Adjusted::None,
        at: Ts::from_seconds(1_700_000_000),
    };
    let mut writer = lake.write(Table::CorporateActions, append.clone()).unwrap();
    let actions: Vec<_> = history.actions.iter().map(|it| ("X".to_owned(), it.clone())).collect();
    writer.actions(&actions).unwrap();
    writer.finish(Quality::default()).unwrap();
    let mut writer = lake.write(Table::BarsDaily, append).unwrap();
    for (symbol, history) in [("SPY", &case.fund), ("X", history)] {
        let bars: Vec<_> = history.candles.iter().copied().zip(known(history)).collect();
        writer.daily(symbol, &bars).unwrap();
    }
    writer.finish(Quality::default()).unwrap();
    lake
}

fn held(world: &World) -> Qty {
    let open = world.store.read(|tx| tx.open_positions("breakout")).unwrap();
    open.first().map_or(Qty::ZERO, |position| position.qty)
}

/// Walks cases until one holds the stock when the action comes; gives the world at the end of
/// the ex-day, and what was held the evening before.
fn walk(kind: fn(&Corporate) -> bool) -> (World, Case, Qty) {
    for case in cases(kind) {
        let folder = tempfile::tempdir().unwrap();
        let world = World::over(lake_of(folder.path(), &case));
        let mut before = Qty::ZERO;
        for day in &case.sessions {
            if *day >= case.ex_day && before == Qty::ZERO {
                break;
            }
            assert_eq!(world.walk(*day).pause, None);
            assert!(world.incidents().is_empty(), "{day}: {:?}", world.incidents());
            let [rows, broker] = world.both_sides();
            assert_eq!(rows, broker, "{day}");
            if *day >= case.ex_day {
                return (world, case, before);
            }
            before = held(&world);
        }
    }
    panic!("no case in which the stock was held");
}

#[test]
fn a_split_multiplies_what_is_held_and_its_stop_goes_with_it() {
    let (world, case, before) = walk(|it| matches!(it, Corporate::Split { .. }));
    let Corporate::Split { ratio } = case.action else { panic!("{:?}", case.action) };
    let after = held(&world);
    let sold: Qty = world
        .fills()
        .iter()
        .filter(|fill| fill.at.utc_day() >= case.ex_day)
        .map(|fill| fill.qty)
        .sum();
    assert_eq!((after - sold).to_f64(), before.to_f64() * ratio);
    let orders = world.open_orders();
    assert!(orders.len() == 2 || after == Qty::ZERO, "{orders:?}");
    for order in orders {
        assert_eq!(order.request.qty.abs(), after.abs(), "{order:?}");
    }
}

#[test]
fn a_dividend_of_what_is_held_is_booked_to_the_cent() {
    let (world, case, before) = walk(|it| matches!(it, Corporate::Dividend { .. }));
    let Corporate::Dividend { amount, .. } = case.action else { panic!("{:?}", case.action) };
    let journal = world.store.read(|tx| tx.journal_from(1, 100_000)).unwrap();
    let paid: Vec<String> = journal
        .iter()
        .map(|line| line.record.to_string())
        .filter(|text| text.contains("dividend"))
        .collect();
    let wanted = (amount.to_f64() * before.to_f64() * 1e6).round() as i64;
    assert!(paid.iter().any(|text| text.contains(&wanted.to_string())), "{wanted}: {paid:?}");
}

#[test]
fn a_delisting_closes_what_is_held_and_leaves_no_order() {
    let (world, _, _) = walk(|it| matches!(it, Corporate::Delisted { .. }));
    assert_eq!(held(&world), Qty::ZERO);
    assert!(world.open_orders().is_empty());
}
