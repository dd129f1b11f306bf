//! The grid of an instrument's prices and sizes.

use std::fmt;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};

use serde::{Deserialize, Serialize};

use crate::{Error, Price, Qty};

macro_rules! whole_number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize,
            Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl $name {
            /// None.
            pub const ZERO: $name = $name(0);
        }

        impl Add for $name {
            type Output = $name;
            fn add(self, other: $name) -> $name {
                $name(self.0 + other.0)
            }
        }

        impl Sub for $name {
            type Output = $name;
            fn sub(self, other: $name) -> $name {
                $name(self.0 - other.0)
            }
        }

        impl Neg for $name {
            type Output = $name;
            fn neg(self) -> $name {
                $name(-self.0)
            }
        }

        impl AddAssign for $name {
            fn add_assign(&mut self, other: $name) {
                self.0 += other.0;
            }
        }

        impl SubAssign for $name {
            fn sub_assign(&mut self, other: $name) {
                self.0 -= other.0;
            }
        }

        impl std::iter::Sum for $name {
            fn sum<I: Iterator<Item = $name>>(items: I) -> $name {
                $name(items.map(|item| item.0).sum())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

whole_number! {
    /// A price as a whole number of the grid's smallest step. May be negative: calendar spreads
    /// and crude oil of April 2020 were.
    Ticks
}
whole_number! {
    /// A size as a whole number of the grid's smallest quantity.
    Lots
}

/// The steps of an instrument's prices and sizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grid {
    tick: Price,
    lot: Qty,
}

impl Grid {
    /// A grid; both steps must be positive.
    pub fn new(tick: Price, lot: Qty) -> Result<Grid, Error> {
        if tick.raw() <= 0 || lot.raw() <= 0 {
            return Err(Error::MakeGrid { tick, lot });
        }
        Ok(Grid { tick, lot })
    }

    /// The step of prices.
    pub const fn tick(&self) -> Price {
        self.tick
    }

    /// The step of sizes.
    pub const fn lot(&self) -> Qty {
        self.lot
    }

    /// The price in ticks; `None` where it does not lie on the grid.
    pub const fn ticks(&self, price: Price) -> Option<Ticks> {
        match price.raw() % self.tick.raw() {
            0 => Some(Ticks(price.raw() / self.tick.raw())),
            _ => None,
        }
    }

    /// The size in lots; `None` where it does not lie on the grid.
    pub const fn lots(&self, qty: Qty) -> Option<Lots> {
        match qty.raw() % self.lot.raw() {
            0 => Some(Lots(qty.raw() / self.lot.raw())),
            _ => None,
        }
    }

    /// The price of so many ticks.
    pub const fn price(&self, ticks: Ticks) -> Price {
        Price::from_raw(ticks.0 * self.tick.raw())
    }

    /// The quantity of so many lots.
    pub const fn qty(&self, lots: Lots) -> Qty {
        Qty::from_raw(lots.0 * self.lot.raw())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_between_two_ticks_is_not_on_the_grid() {
        let grid = Grid::new("0.25".parse().unwrap(), Qty::whole(1)).unwrap();
        assert_eq!(grid.ticks("4800.75".parse().unwrap()), Some(Ticks(19_203)));
        assert_eq!(grid.ticks("4800.80".parse().unwrap()), None);
        assert_eq!(grid.price(Ticks(-3)).to_string(), "-0.75");
    }

    #[test]
    fn a_grid_without_a_step_is_refused() {
        assert!(Grid::new(Price::ZERO, Qty::whole(1)).is_err());
        assert!(Grid::new(Price::from_raw(1), Qty::ZERO).is_err());
    }
}
