//! The rules, in the order in which they are asked.

use market::{Cash, OrderKind, Qty};

use super::{Adds, Ask, Limits, Reason, Stance, World, book};
use crate::size::to_step;

/// A rule: answers the quantity it allows, or refuses.
#[derive(Clone, Copy)]
pub struct Rule {
    /// Its name.
    pub name: &'static str,
    /// What is said when it leaves nothing.
    pub refusal: Reason,
    /// The rule.
    pub check: fn(&Ask, &World, &Limits) -> Result<Qty, Reason>,
}

/// All rules. A new one is a function and a line here.
pub const RULES: [Rule; 18] = [
    Rule { name: "kill switch", refusal: Reason::Killed, check: kill_switch },
    Rule { name: "frozen", refusal: Reason::Frozen, check: frozen },
    Rule { name: "regime", refusal: Reason::Regime, check: regime },
    Rule { name: "duplicate", refusal: Reason::AlreadyOpen, check: duplicate },
    Rule { name: "open positions", refusal: Reason::OpenPositions, check: open_positions },
    Rule {
        name: "the book's open positions",
        refusal: Reason::BookOpenPositions,
        check: book::open_positions,
    },
    Rule { name: "daily loss", refusal: Reason::DailyLoss, check: daily_loss },
    Rule { name: "the book's daily loss", refusal: Reason::BookDailyLoss, check: book::daily_loss },
    Rule { name: "order rate", refusal: Reason::OrderRate, check: order_rate },
    Rule { name: "the book's order rate", refusal: Reason::BookOrderRate, check: book::order_rate },
    Rule { name: "price collar", refusal: Reason::PriceCollar, check: price_collar },
    Rule { name: "position cap", refusal: Reason::PositionCap, check: position_cap },
    Rule {
        name: "the book's position cap",
        refusal: Reason::BookPositionCap,
        check: book::position_cap,
    },
    Rule { name: "book cap", refusal: Reason::BookCap, check: book_cap },
    Rule { name: "the book's gross", refusal: Reason::BookGross, check: book::gross_cap },
    Rule { name: "asset class cap", refusal: Reason::ClassCap, check: class_cap },
    Rule { name: "gross leverage", refusal: Reason::GrossLeverage, check: gross_leverage },
    Rule { name: "fat finger", refusal: Reason::FatFinger, check: fat_finger },
];

fn kill_switch(ask: &Ask, world: &World, _: &Limits) -> Result<Qty, Reason> {
    if world.killed { Err(Reason::Killed) } else { Ok(ask.qty) }
}

fn frozen(ask: &Ask, world: &World, _: &Limits) -> Result<Qty, Reason> {
    if world.frozen { Err(Reason::Frozen) } else { Ok(ask.qty) }
}

fn regime(ask: &Ask, world: &World, _: &Limits) -> Result<Qty, Reason> {
    match world.regime.stance(ask.gains_from) {
        Stance::Open => Ok(ask.qty),
        Stance::Halved => Ok(Qty::from_raw(ask.qty.raw() / 2)),
        Stance::Blocked => Err(Reason::Regime),
    }
}

fn duplicate(ask: &Ask, world: &World, _: &Limits) -> Result<Qty, Reason> {
    if ask.adds == Adds::Opens && world.already_open {
        return Err(Reason::AlreadyOpen);
    }
    Ok(ask.qty)
}

fn open_positions(ask: &Ask, world: &World, limits: &Limits) -> Result<Qty, Reason> {
    if ask.adds == Adds::Opens && world.open_positions >= limits.open_positions {
        return Err(Reason::OpenPositions);
    }
    Ok(ask.qty)
}

fn daily_loss(ask: &Ask, world: &World, limits: &Limits) -> Result<Qty, Reason> {
    if limits.daily_loss_fraction.is_infinite() {
        return Ok(ask.qty);
    }
    let start = world.day_start_equity.to_f64();
    let loss = start - world.equity.to_f64();
    if loss > 0.0 && loss >= start * limits.daily_loss_fraction {
        return Err(Reason::DailyLoss);
    }
    Ok(ask.qty)
}

fn order_rate(ask: &Ask, world: &World, limits: &Limits) -> Result<Qty, Reason> {
    if world.recent_orders >= limits.orders_a_minute {
        return Err(Reason::OrderRate);
    }
    Ok(ask.qty)
}

/// A price of our own that is far from the market is a slip; market orders name none, so the
/// price the decision was made at is held against the market instead.
fn price_collar(ask: &Ask, world: &World, limits: &Limits) -> Result<Qty, Reason> {
    let Some(mark) = world.mark else { return Ok(ask.qty) };
    let own = match ask.kind {
        OrderKind::Limit { limit } | OrderKind::StopLimit { limit, .. } => limit,
        OrderKind::Stop { stop } => stop,
        OrderKind::Market | OrderKind::MarketOnClose => ask.price,
    };
    let distance = (own.to_f64() / mark.to_f64() - 1.0).abs();
    if distance > limits.price_collar.fraction() {
        return Err(Reason::PriceCollar);
    }
    Ok(ask.qty)
}

fn position_cap(ask: &Ask, world: &World, limits: &Limits) -> Result<Qty, Reason> {
    let of_order = limits.largest_order.map_or(ask.qty, |most| units(ask, most.to_f64()));
    Ok(room(ask, world, limits.position_fraction, world.instrument_gross).min(of_order))
}

fn book_cap(ask: &Ask, world: &World, limits: &Limits) -> Result<Qty, Reason> {
    Ok(room(ask, world, limits.book_fraction, world.book.gross))
}

fn class_cap(ask: &Ask, world: &World, limits: &Limits) -> Result<Qty, Reason> {
    let cap = limits.classes.of(world.class);
    Ok(cap.map_or(ask.qty, |fraction| room(ask, world, fraction, world.class_gross)))
}

/// Gross exposure, and the margin cushion: equity less maintenance margin after the trade must
/// be at least the cushion's part of equity.
fn gross_leverage(ask: &Ask, world: &World, limits: &Limits) -> Result<Qty, Reason> {
    let by_sum = match limits.largest_gross {
        Some(most) => units(ask, most.to_f64() - world.gross.to_f64()),
        None => ask.qty,
    };
    let by_leverage = room(ask, world, limits.gross_leverage, world.gross).min(by_sum);
    if limits.maintenance_margin <= 0.0 {
        return Ok(by_leverage);
    }
    let most = (1.0 - limits.margin_cushion) / limits.maintenance_margin;
    let by_cushion = room(ask, world, most, world.gross);
    if by_cushion < limits.step {
        Err(Reason::MarginCushion)
    } else {
        Ok(by_leverage.min(by_cushion))
    }
}

/// A quantity that was named is held against the limit as it was named: a slip is not made right
/// by shrinking it. One that was reckoned counts as it was when the rules before had shrunk it.
fn fat_finger(ask: &Ask, _: &World, limits: &Limits) -> Result<Qty, Reason> {
    let meant = ask.named.unwrap_or(ask.qty).abs();
    let value = meant.to_f64() * ask.price.to_f64();
    if value > limits.fat_finger.to_f64() { Err(Reason::FatFinger) } else { Ok(ask.qty) }
}

/// Units that fit between what is used and a fraction of equity.
pub(super) fn room(ask: &Ask, world: &World, fraction: f64, used: Cash) -> Qty {
    if fraction.is_infinite() {
        return ask.qty;
    }
    units(ask, world.equity.to_f64() * fraction - used.to_f64())
}

/// Units that so much money buys, at most those asked for.
fn units(ask: &Ask, free: f64) -> Qty {
    let units = (free / ask.price.to_f64()).max(0.0);
    to_step(units.min(ask.qty.to_f64()), Qty::from_raw(1)).unwrap_or(Qty::ZERO).min(ask.qty)
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::{ClassLimits, OfBook, Regime, approve};
    use super::*;
    use crate::engine::Mode;
    use base::Ts;
    use market::{InstrumentId, Kind, Price, Side};
    use proptest::prelude::*;

    pub(in crate::risk) fn cash(units: i64) -> Cash {
        Cash::from_raw(units * Cash::SCALE)
    }

    pub(in crate::risk) fn world() -> World {
        World {
            now: Ts::MIN,
            mode: Mode::Paper,
            killed: false,
            frozen: false,
            regime: Regime::default(),
            equity: cash(100_000),
            day_start_equity: cash(100_000),
            gross: Cash::ZERO,
            book: OfBook::default(),
            class: Kind::Stock,
            class_gross: Cash::ZERO,
            instrument_gross: Cash::ZERO,
            open_positions: 0,
            already_open: false,
            recent_orders: 0,
            mark: Some("100".parse().unwrap()),
        }
    }

    pub(in crate::risk) fn ask(units: i64) -> Ask {
        Ask {
            instrument: InstrumentId(0),
            side: Side::Long,
            gains_from: Side::Long,
            qty: Qty::whole(units),
            price: "100".parse().unwrap(),
            kind: OrderKind::Market,
            adds: Adds::Opens,
            named: None,
        }
    }

    fn asked(units: i64, change: impl Fn(&mut World)) -> Result<Qty, Reason> {
        let mut world = world();
        change(&mut world);
        approve((), &ask(units), &world, &Limits::default()).map(|approved| approved.qty())
    }

    #[test]
    fn each_rule_refuses_what_it_is_there_for() {
        let cases: [(&str, Result<Qty, Reason>, Reason); 12] = [
            ("kill", asked(10, |w| w.killed = true), Reason::Killed),
            ("frozen", asked(10, |w| w.frozen = true), Reason::Frozen),
            ("regime", asked(10, |w| w.regime.long = Stance::Blocked), Reason::Regime),
            ("open", asked(10, |w| w.already_open = true), Reason::AlreadyOpen),
            ("many", asked(10, |w| w.open_positions = 50), Reason::OpenPositions),
            ("loss", asked(10, |w| w.equity = cash(95_000)), Reason::DailyLoss),
            ("rate", asked(10, |w| w.recent_orders = 100), Reason::OrderRate),
            ("collar", asked(10, |w| w.mark = Some(Price::from_raw(1))), Reason::PriceCollar),
            ("cap", asked(10, |w| w.instrument_gross = cash(20_000)), Reason::PositionCap),
            ("book", asked(10, |w| w.book.gross = cash(100_000)), Reason::BookCap),
            ("gross", asked(10, |w| w.gross = cash(100_000)), Reason::GrossLeverage),
            ("cushion", asked(10, |w| w.gross = cash(300_000)), Reason::MarginCushion),
        ];
        for (name, found, wanted) in cases {
            assert_eq!(found, Err(wanted), "{name}");
        }
    }

    #[test]
    fn the_regime_filter_looks_at_what_a_bet_gains_from() {
        let puts = Ask { gains_from: Side::Short, ..ask(10) };
        let blocked = |long: Stance, short: Stance| {
            let world = World { regime: Regime { long, short }, ..world() };
            approve((), &puts, &world, &Limits::default()).map(|approved| approved.qty())
        };
        assert_eq!(blocked(Stance::Open, Stance::Blocked), Err(Reason::Regime));
        assert_eq!(blocked(Stance::Blocked, Stance::Open), Ok(Qty::whole(10)));
    }

    #[test]
    fn caps_shrink_to_the_room_that_is_left() {
        assert_eq!(asked(1_000, |_| {}), Ok(Qty::whole(200)));
        assert_eq!(asked(1_000, |w| w.instrument_gross = cash(15_050)), Ok(Qty::whole(49)));
        assert_eq!(asked(1_000, |w| w.gross = cash(99_000)), Ok(Qty::whole(10)));
        assert_eq!(asked(100, |w| w.regime.long = Stance::Halved), Ok(Qty::whole(50)));
        let limits = Limits { largest_order: Some(cash(2_050)), ..Limits::default() };
        let allowed = approve((), &ask(1_000), &world(), &limits).map(|it| it.qty());
        assert_eq!(allowed, Ok(Qty::whole(20)));
    }

    #[test]
    fn a_slip_of_the_finger_is_refused_not_shrunk() {
        let limits = Limits { fat_finger: cash(5_000), ..Limits::default() };
        let found = approve((), &ask(51), &world(), &limits);
        assert_eq!(found.unwrap_err(), Reason::FatFinger);
    }

    #[test]
    fn a_quantity_that_was_named_is_a_slip_though_a_cap_would_shrink_it() {
        let named = Ask { named: Some(Qty::whole(1_000_000)), ..ask(1_000_000) };
        let asked = |ask: Ask| {
            approve((), &ask, &world(), &Limits::default()).map(|approved| approved.qty())
        };
        assert_eq!(asked(named), Err(Reason::FatFinger));
        // A bet on a stop close by asks for as much and is meant to be shrunk.
        assert_eq!(asked(Ask { named: None, ..named }), Ok(Qty::whole(200)));
    }

    #[test]
    fn a_sum_that_was_signed_does_not_grow_with_equity() {
        let limits = Limits { largest_gross: Some(cash(10_000)), ..Limits::default() };
        let allowed = |equity: i64, used: i64| {
            let world = World { equity: cash(equity), gross: cash(used), ..world() };
            approve((), &ask(1_000), &world, &limits).map(|approved| approved.qty())
        };
        assert_eq!(allowed(100_000, 0), Ok(Qty::whole(100)));
        assert_eq!(allowed(1_000_000, 4_000), Ok(Qty::whole(60)));
        assert_eq!(allowed(1_000_000, 10_000), Err(Reason::GrossLeverage));
    }

    #[test]
    fn a_class_of_instruments_has_a_cap_of_its_own() {
        let classes = ClassLimits { etf: Some(0.3), ..ClassLimits::default() };
        let limits = Limits { classes, ..Limits::none() };
        let allowed = |class: Kind, used: i64| {
            let world = World { class, class_gross: cash(used), ..world() };
            approve((), &ask(200), &world, &limits).map(|approved| approved.qty())
        };
        // 30 % of 100,000 at 100 a share.
        assert_eq!(allowed(Kind::Etf, 0), Ok(Qty::whole(200)));
        assert_eq!(allowed(Kind::Etf, 25_000), Ok(Qty::whole(50)));
        assert_eq!(allowed(Kind::Etf, 30_000), Err(Reason::ClassCap));
        assert_eq!(allowed(Kind::Stock, 99_000), Ok(Qty::whole(200)));
        let wrong = ClassLimits { fx: Some(-0.1), ..classes };
        assert!(Limits { classes: wrong, ..limits }.check().is_err());
    }

    #[test]
    fn an_addition_is_not_a_duplicate() {
        let world = World { already_open: true, ..world() };
        let more = Ask { adds: Adds::Enlarges, ..ask(10) };
        assert!(approve((), &more, &world, &Limits::default()).is_ok());
    }

    proptest! {
        #[test]
        fn no_rule_grows_a_quantity(
            units in 1i64..100_000, used in 0i64..120_000, equity in 1i64..1_000_000,
            halved in any::<bool>(),
        ) {
            let stance = if halved { Stance::Halved } else { Stance::Open };
            let world = World {
                equity: cash(equity),
                day_start_equity: cash(equity),
                gross: cash(used),
                book: OfBook { gross: cash(used / 2), ..OfBook::default() },
                instrument_gross: cash(used / 3),
                regime: Regime { long: stance, short: stance },
                ..world()
            };
            let (ask, limits) = (ask(units), Limits::default());
            for rule in RULES {
                if let Ok(allowed) = (rule.check)(&ask, &world, &limits) {
                    prop_assert!(allowed <= ask.qty, "{}", rule.name);
                }
            }
            if let Ok(approved) = approve((), &ask, &world, &limits) {
                let value = approved.qty().to_f64() * 100.0;
                prop_assert!(approved.qty() > Qty::ZERO && approved.qty() <= ask.qty);
                prop_assert!(value + used as f64 / 3.0 <= equity as f64 * 0.2 + 1.0);
                prop_assert!(value + used as f64 <= equity as f64 + 1.0);
            }
        }
    }
}
