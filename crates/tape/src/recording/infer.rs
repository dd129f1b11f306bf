//! The grid of a file that does not say it.

use market::depth::{DepthChange, Grid, Lots, Ticks};

use crate::Error;
use crate::messages::Messages;

/// The greatest common divisors of all prices and of all sizes; `messages` must count them on
/// the finest grid. A file that breaks off is judged by what came before.
pub(super) fn grid(messages: &mut dyn Messages) -> Result<Grid, Error> {
    let (mut tick, mut lot) = (0_u64, 0_u64);
    let mut block = Vec::new();
    loop {
        block.clear();
        if messages.read(&mut block).is_err() || block.is_empty() {
            break;
        }
        for (price, size) in block.iter().map(|message| place(&message.change)) {
            tick = divisor(tick, price.0.unsigned_abs());
            lot = divisor(lot, size.0.unsigned_abs());
        }
    }
    let fine = messages.grid();
    let steps = |count: u64| i64::try_from(count.max(1)).unwrap_or(i64::MAX);
    let (tick, lot) = (fine.price(Ticks(steps(tick))), fine.qty(Lots(steps(lot))));
    Grid::new(tick, lot).map_err(|error| Error::FindGrid { fault: error.to_string() })
}

/// Price and size of a change; zero where it has none.
fn place(change: &DepthChange) -> (Ticks, Lots) {
    match *change {
        DepthChange::Best { price, size, .. }
        | DepthChange::Level { price, size, .. }
        | DepthChange::Add { price, size, .. }
        | DepthChange::Replace { price, size, .. }
        | DepthChange::Trade { price, size, .. } => (price, size),
        DepthChange::Reduce { by, .. } => (Ticks::ZERO, by),
        DepthChange::Execute { size, .. } => (Ticks::ZERO, size),
        DepthChange::Clear | DepthChange::Delete { .. } | DepthChange::Gap { .. } => {
            (Ticks::ZERO, Lots::ZERO)
        }
    }
}

/// Euclid's; nothing and a number share the number.
fn divisor(mut a: u64, mut b: u64) -> u64 {
    if a != 0 && b.is_multiple_of(a) {
        return a;
    }
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::divisor;

    #[test]
    fn the_divisor_of_nothing_and_a_number_is_the_number() {
        assert_eq!(
            [divisor(0, 12), divisor(12, 0), divisor(0, 0), divisor(12, 18)],
            [12, 12, 0, 6]
        );
    }
}
