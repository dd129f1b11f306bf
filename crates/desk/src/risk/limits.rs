//! Numbers of the limits.

use std::collections::BTreeMap;

use market::{Bps, Cash, Kind, Qty, Side};
use serde::{Deserialize, Serialize};

use super::BookLimits;
use crate::Error;

/// Limits of an account. Fractions are of equity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Largest value of one position.
    pub position_fraction: f64,
    /// Largest gross value of one book.
    pub book_fraction: f64,
    /// What some books, by name, are held to on top.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub books: BTreeMap<String, BookLimits>,
    /// Largest gross value of all instruments of one class.
    pub classes: ClassLimits,
    /// Largest gross value of all positions.
    pub gross_leverage: f64,
    /// The same as a sum of money, whatever equity is; `None` is no such limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub largest_gross: Option<Cash>,
    /// Loss of a day at which nothing new is opened.
    pub daily_loss_fraction: f64,
    /// Opening orders a minute.
    pub orders_a_minute: usize,
    /// Largest distance of the entry price from the last one seen.
    pub price_collar: Bps,
    /// Largest value of one order: a larger one is made smaller. `None` is no such limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub largest_order: Option<Cash>,
    /// Value of an order that nobody means: one as large is refused whole.
    pub fat_finger: Cash,
    /// Maintenance margin, as a fraction of gross value.
    pub maintenance_margin: f64,
    /// Least part of equity left above the maintenance margin after the trade.
    pub margin_cushion: f64,
    /// Most positions open at a time.
    pub open_positions: usize,
    /// Smallest quantity traded: 1 for whole shares.
    pub step: Qty,
}

/// Largest gross value of each class of instruments, as a fraction of equity; `None` is no limit of
/// its own.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClassLimits {
    /// Shares of companies.
    pub stock: Option<f64>,
    /// Shares of funds.
    pub etf: Option<f64>,
    /// Indices, where something is traded under their name.
    pub index: Option<f64>,
    /// Currencies and metals.
    pub fx: Option<f64>,
    /// Contracts for difference.
    pub cfd: Option<f64>,
    /// Spreads of options, at what they are worth.
    pub spread: Option<f64>,
}

/// Each class with the key of its limit.
const KINDS: [(&str, Kind); 6] = [
    ("limits.classes.stock", Kind::Stock),
    ("limits.classes.etf", Kind::Etf),
    ("limits.classes.index", Kind::Index),
    ("limits.classes.fx", Kind::Fx),
    ("limits.classes.cfd", Kind::Cfd),
    ("limits.classes.spread", Kind::Spread),
];

impl ClassLimits {
    /// The limit of a class.
    pub const fn of(&self, kind: Kind) -> Option<f64> {
        match kind {
            Kind::Stock => self.stock,
            Kind::Etf => self.etf,
            Kind::Index => self.index,
            Kind::Fx => self.fx,
            Kind::Cfd => self.cfd,
            Kind::Spread => self.spread,
        }
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            position_fraction: 0.20,
            book_fraction: 1.0,
            books: BTreeMap::new(),
            classes: ClassLimits::default(),
            gross_leverage: 1.0,
            largest_gross: None,
            daily_loss_fraction: 0.05,
            orders_a_minute: 100,
            price_collar: Bps(1_000.0),
            largest_order: None,
            fat_finger: Cash::from_raw(1_000_000 * Cash::SCALE),
            maintenance_margin: 0.25,
            margin_cushion: 0.25,
            open_positions: 50,
            step: Qty::whole(1),
        }
    }
}

impl Limits {
    /// No limit but the step: for measuring a book by itself.
    pub fn none() -> Limits {
        Limits {
            position_fraction: f64::INFINITY,
            book_fraction: f64::INFINITY,
            books: BTreeMap::new(),
            classes: ClassLimits::default(),
            gross_leverage: f64::INFINITY,
            largest_gross: None,
            daily_loss_fraction: f64::INFINITY,
            orders_a_minute: usize::MAX,
            price_collar: Bps(f64::INFINITY),
            largest_order: None,
            fat_finger: Cash::from_raw(i64::MAX),
            maintenance_margin: 0.0,
            margin_cushion: 0.0,
            open_positions: usize::MAX,
            step: Qty::whole(1),
        }
    }

    /// Refuses negative numbers, what is not a number, and a step of nothing.
    pub fn check(&self) -> Result<(), Error> {
        let numbers = [
            ("limits.position_fraction", self.position_fraction),
            ("limits.book_fraction", self.book_fraction),
            ("limits.gross_leverage", self.gross_leverage),
            ("limits.daily_loss_fraction", self.daily_loss_fraction),
            ("limits.price_collar", self.price_collar.0),
            ("limits.maintenance_margin", self.maintenance_margin),
            ("limits.margin_cushion", self.margin_cushion),
            ("limits.fat_finger", self.fat_finger.to_f64()),
            ("limits.largest_order", self.largest_order.unwrap_or(Cash::ZERO).to_f64()),
            ("limits.largest_gross", self.largest_gross.unwrap_or(Cash::ZERO).to_f64()),
        ];
        let classes = KINDS.map(|(key, kind)| (key, self.classes.of(kind).unwrap_or(0.0)));
        for (key, value) in numbers.into_iter().chain(classes) {
            if value.is_nan() || value < 0.0 {
                return Err(Error::CheckSetting { key, value, wanted: "0 or more" });
            }
        }
        if self.step <= Qty::ZERO {
            let value = self.step.to_f64();
            return Err(Error::CheckSetting { key: "limits.step", value, wanted: "above 0" });
        }
        self.books.iter().try_for_each(|(book, limits)| limits.check(book))
    }

    /// What a book is held to for itself.
    pub fn of_book(&self, book: &str) -> BookLimits {
        self.books.get(book).copied().unwrap_or_default()
    }
}

/// What the regime filter allows of a side (BRK-22).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stance {
    /// All of it.
    #[default]
    Open,
    /// Half the quantity.
    Halved,
    /// Nothing.
    Blocked,
}

/// The regime filter's word on both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Regime {
    /// Long side.
    pub long: Stance,
    /// Short side.
    pub short: Stance,
}

impl Regime {
    /// The word on one side.
    pub const fn stance(&self, side: Side) -> Stance {
        match side {
            Side::Long => self.long,
            Side::Short => self.short,
        }
    }
}
