//! Limits of one book, beside those of the account, and the rules that hold them. Each can only
//! refuse or shrink what the account's own rules let through.

use market::{Cash, Qty};
use serde::{Deserialize, Serialize};

use super::rules::room;
use super::{Adds, Ask, Limits, Reason, World};
use crate::Error;

/// Limits that a book has for itself; `None` leaves it to those of the account, which hold as well
/// in any case. Fractions are of the account's equity.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BookLimits {
    /// Largest gross value of all that the book holds and would open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gross_fraction: Option<f64>,
    /// Largest value that the book holds and would open of one instrument.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position_fraction: Option<f64>,
    /// Loss of the book's plans since the trading day began, open ones at the last price and all
    /// after fees, at which it opens nothing more. Of equity as the day began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub daily_loss_fraction: Option<f64>,
    /// Opening orders of the book a minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub orders_a_minute: Option<usize>,
    /// Most plans of the book at work at a time; positions without a plan count for every book.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open_positions: Option<usize>,
}

impl BookLimits {
    /// Refuses negative numbers and what is not a number.
    ///
    /// # Errors
    /// [`Error::CheckBookSetting`], which names the book and the key.
    pub fn check(&self, book: &str) -> Result<(), Error> {
        let numbers = [
            ("gross_fraction", self.gross_fraction),
            ("position_fraction", self.position_fraction),
            ("daily_loss_fraction", self.daily_loss_fraction),
        ];
        let wrong = |value: f64| value.is_nan() || value < 0.0;
        match numbers.into_iter().find(|(_, value)| value.is_some_and(wrong)) {
            Some((key, value)) => Err(Error::CheckBookSetting {
                book: book.to_owned(),
                key,
                value: value.unwrap_or_default(),
                wanted: "0 or more",
            }),
            None => Ok(()),
        }
    }
}

/// What the rules look at of the book that asks. Exposures include orders that may yet fill, and
/// what no plan keeps counts for every book.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct OfBook {
    /// Its own limits.
    pub limits: BookLimits,
    /// Its gross value.
    pub gross: Cash,
    /// The same for the instrument asked about.
    pub instrument_gross: Cash,
    /// Its plans at work, and positions without a plan.
    pub open_positions: usize,
    /// Its opening orders of the last minute; counted only where it has a limit of them.
    pub recent_orders: usize,
    /// What its plans have made since the day began, after fees; negative for a loss. Reckoned only
    /// where it has a limit of it.
    pub day_profit: Cash,
}

pub(super) fn open_positions(ask: &Ask, world: &World, _: &Limits) -> Result<Qty, Reason> {
    let most = world.book.limits.open_positions;
    let full = most.is_some_and(|most| world.book.open_positions >= most);
    if ask.adds == Adds::Opens && full { Err(Reason::BookOpenPositions) } else { Ok(ask.qty) }
}

pub(super) fn daily_loss(ask: &Ask, world: &World, _: &Limits) -> Result<Qty, Reason> {
    let Some(fraction) = world.book.limits.daily_loss_fraction else { return Ok(ask.qty) };
    let loss = -world.book.day_profit.to_f64();
    if loss > 0.0 && loss >= world.day_start_equity.to_f64() * fraction {
        return Err(Reason::BookDailyLoss);
    }
    Ok(ask.qty)
}

pub(super) fn order_rate(ask: &Ask, world: &World, _: &Limits) -> Result<Qty, Reason> {
    let most = world.book.limits.orders_a_minute;
    let full = most.is_some_and(|most| world.book.recent_orders >= most);
    if full { Err(Reason::BookOrderRate) } else { Ok(ask.qty) }
}

pub(super) fn position_cap(ask: &Ask, world: &World, _: &Limits) -> Result<Qty, Reason> {
    let of = &world.book;
    let fits = |fraction| room(ask, world, fraction, of.instrument_gross);
    Ok(of.limits.position_fraction.map_or(ask.qty, fits))
}

pub(super) fn gross_cap(ask: &Ask, world: &World, _: &Limits) -> Result<Qty, Reason> {
    let fits = |fraction| room(ask, world, fraction, world.book.gross);
    Ok(world.book.limits.gross_fraction.map_or(ask.qty, fits))
}

#[cfg(test)]
mod tests {
    use super::super::{Approved, approve};
    use super::*;
    use crate::risk::rules::tests::{ask, cash, world};
    use proptest::prelude::*;

    fn asked(units: i64, limits: BookLimits, of: OfBook) -> Result<Qty, Reason> {
        let world = World { book: OfBook { limits, ..of }, ..world() };
        approve((), &ask(units), &world, &Limits::default()).map(|approved| approved.qty())
    }

    #[test]
    fn each_limit_of_a_book_refuses_under_a_name_of_its_own() {
        let none = BookLimits::default();
        let of = OfBook {
            gross: cash(30_000),
            instrument_gross: cash(5_000),
            open_positions: 3,
            recent_orders: 2,
            day_profit: cash(-1_000),
            ..OfBook::default()
        };
        let cases = [
            (BookLimits { gross_fraction: Some(0.3), ..none }, Reason::BookGross),
            (BookLimits { position_fraction: Some(0.05), ..none }, Reason::BookPositionCap),
            (BookLimits { daily_loss_fraction: Some(0.01), ..none }, Reason::BookDailyLoss),
            (BookLimits { orders_a_minute: Some(2), ..none }, Reason::BookOrderRate),
            (BookLimits { open_positions: Some(3), ..none }, Reason::BookOpenPositions),
        ];
        for (limits, wanted) in cases {
            assert_eq!(asked(10, limits, of), Err(wanted));
        }
        let wide = BookLimits {
            gross_fraction: Some(0.31),
            position_fraction: Some(0.06),
            daily_loss_fraction: Some(0.011),
            orders_a_minute: Some(3),
            open_positions: Some(4),
        };
        assert_eq!(asked(10, wide, of), Ok(Qty::whole(10)));
    }

    #[test]
    fn the_caps_of_a_book_shrink_to_the_room_that_is_left() {
        let limits = BookLimits { gross_fraction: Some(0.10), ..BookLimits::default() };
        let of = OfBook { gross: cash(4_000), ..OfBook::default() };
        assert_eq!(asked(100, limits, of), Ok(Qty::whole(60)));
        let limits = BookLimits { position_fraction: Some(0.05), ..limits };
        assert_eq!(asked(100, limits, of), Ok(Qty::whole(50)));
    }

    #[test]
    fn numbers_that_limit_nothing_are_refused_with_the_name_of_the_book() {
        let limits = BookLimits { gross_fraction: Some(f64::NAN), ..BookLimits::default() };
        let books = [("estate".to_owned(), limits)].into();
        let told = Limits { books, ..Limits::default() }.check().unwrap_err().to_string();
        assert_eq!(told, "check setting limits.books.estate.gross_fraction = NaN: 0 or more");
    }

    fn part() -> impl Strategy<Value = Option<f64>> {
        prop::option::of(0.0..2.0_f64)
    }

    proptest! {
        #[test]
        fn a_limit_of_a_book_lets_nothing_through_that_the_account_does_not(
            units in 1i64..5_000, used in 0i64..120_000, lost in 0i64..12_000,
            (gross, position, loss) in (part(), part(), part()),
            (rate, open) in (prop::option::of(0usize..9), prop::option::of(0usize..9)),
            count in 0usize..9,
        ) {
            let account = World {
                equity: cash(100_000 - lost),
                gross: cash(used),
                instrument_gross: cash(used / 3),
                open_positions: count,
                recent_orders: count,
                book: OfBook { gross: cash(used / 2), ..OfBook::default() },
                ..world()
            };
            let limits = BookLimits {
                gross_fraction: gross,
                position_fraction: position,
                daily_loss_fraction: loss,
                orders_a_minute: rate,
                open_positions: open,
            };
            let book = OfBook {
                limits,
                gross: cash(used / 2),
                instrument_gross: cash(used / 4),
                open_positions: count,
                recent_orders: count,
                day_profit: cash(-lost),
            };
            let both = World { book, ..account };
            let tell = |found: Result<Approved<()>, Reason>| found.map(|it| it.qty());
            let alone = tell(approve((), &ask(units), &account, &Limits::default()));
            let beside = tell(approve((), &ask(units), &both, &Limits::default()));
            let least = alone.unwrap_or(Qty::ZERO);
            prop_assert!(beside.unwrap_or(Qty::ZERO) <= least, "{beside:?} beside {alone:?}");
            if let Ok(qty) = beside {
                let value = qty.to_f64() * 100.0;
                let equity = account.equity.to_f64();
                prop_assert!(gross.is_none_or(|most| value + (used / 2) as f64 <= equity * most));
                prop_assert!(position.is_none_or(|most| value + (used / 4) as f64 <= equity * most));
                prop_assert!(rate.is_none_or(|most| count < most));
                prop_assert!(open.is_none_or(|most| count < most));
                prop_assert!(loss.is_none_or(|most| lost == 0 || (lost as f64) < 1e5 * most));
            }
        }
    }
}
