//! Exits of a quantity that is not whole.
//!
//! Alpaca takes fractions of a share in orders that stand alone, for the day: no `oco`, no
//! `bracket`. A stop and a target for the same shares must be one order there, so behind a stop and
//! a target 10.5 shares stand in two:
//!
//! - the whole ones as an `oco`, like any others;
//! - the fraction behind a stop of its own. Its target is held back here, for whatever stands in
//!   place of the stop leaves the fraction bare. When the target has filled and no whole share is
//!   left, its price was there: the stop of the fraction is taken back, and the fraction is sold at
//!   the market in the name of the target.
//!
//! So the fraction is never without a stop, other than on its way out. What it pays: less than one
//! share of a position goes at the price after its target, not at it. And a position of less than a
//! whole share has no target at Alpaca; only its stop closes it, or the desk.
//!
//! Source: docs.alpaca.markets, "Fractional Trading" and "Placing Orders".

use market::{ClientOrderId, Qty};

use super::Alpaca;
use super::kept::Wanted;
use super::line::Line;
use super::packs::{Pack, Phase};
use crate::shelf::Kept;

/// The part of a quantity that is less than one share.
pub(super) fn fraction(qty: Qty) -> Qty {
    Qty::from_raw(qty.raw() % Qty::SCALE)
}

impl<L: Line> Alpaca<L> {
    /// A target and a stop of one group, as orders that Alpaca takes.
    pub(super) fn split(
        &self,
        (target, stop): (&Kept, &Kept),
        members: &[ClientOrderId],
    ) -> Vec<Wanted> {
        let (above, below) = (&target.request.id, &stop.request.id);
        let serves = |pack: &Pack| members.iter().any(|order| pack.serves(order));
        let free = self.free(below, |_, pack| serves(pack));
        let qty = self.shelf.open_qty(stop);
        let total = qty.min(free);
        let wanted = |orders: &[&ClientOrderId], qty| Wanted {
            instrument: stop.request.instrument,
            orders: orders.iter().copied().cloned().collect(),
            qty,
            is_remnant: false,
        };
        let standing = self.packs.values().find(|pack| {
            pack.open_legs().count() > 1 && pack.phase != Phase::Leaving && serves(pack)
        });
        // What stands was whole when it was placed, and is not torn down while it fills.
        let fits = |open: &Qty| *open <= total && total - *open < Qty::whole(1);
        let open = standing.map(Pack::open_qty).filter(fits);
        let whole = open.unwrap_or(total - fraction(total));
        let rest = total - whole;
        if rest == Qty::ZERO {
            return vec![wanted(&[above, below], qty)];
        }
        if whole > Qty::ZERO {
            return vec![wanted(&[above, below], whole), wanted(&[below], rest)];
        }
        match target.filled > Qty::ZERO {
            true => vec![Wanted { is_remnant: true, ..wanted(&[above], rest) }],
            false => vec![wanted(&[below], rest)],
        }
    }
}
