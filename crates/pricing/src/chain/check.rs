//! Where the quotes of a chain contradict each other.
//!
//! The conditions are those of Carr and Madan (2005), "A note on sufficient conditions for no
//! arbitrage": calls fall in strike, by no more than the discount, and are convex in it; at equal
//! forward moneyness they rise in time.

use serde::{Deserialize, Serialize};

use super::{Chain, Pair, Quote};
use crate::Right;
use crate::surface::Term;

/// At which prices a contradiction must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Basis {
    /// At the middle of bid and ask: what is wrong with the numbers.
    Mid,
    /// Buying at the ask and selling at the bid: what could be earned.
    Executable,
}

/// Which contradiction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Kind {
    /// The bid lies above the ask.
    Crossed(Right),
    /// Of two strikes the better one costs less than the worse one.
    Vertical(Right),
    /// Two strikes differ by more than the discounted distance between them.
    Width(Right),
    /// A strike costs more than the two about it mixed: the butterfly costs less than nothing.
    Butterfly(Right),
    /// Call less put is not the discounted distance of forward and strike.
    Parity,
    /// An option costs more than a later one at equal or better moneyness.
    Calendar(Right),
}

/// A contradiction, with the trade that would gain from it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Violation {
    /// Which.
    pub kind: Kind,
    /// Years to expiry: one, or two for a calendar.
    pub years: Vec<f64>,
    /// The strikes, ascending (for a calendar: the near expiry's, then the far one's).
    pub strikes: Vec<f64>,
    /// What the trade would earn today, per unit of the underlying and per unit of the option
    /// sold; for a calendar, as a share of the discounted forward.
    pub size: f64,
}

/// Smaller gains are rounding, not arbitrage, as a share of the forward.
const ROUNDING: f64 = 1e-12;

/// What an option costs and brings.
#[derive(Clone, Copy)]
struct Sides {
    strike: f64,
    bid: Option<f64>,
    ask: Option<f64>,
}

impl Basis {
    fn sides(self, strike: f64, quote: Quote) -> Sides {
        match self {
            Basis::Executable => Sides { strike, bid: quote.bid, ask: quote.ask },
            Basis::Mid => Sides { strike, bid: quote.mid(), ask: quote.mid() },
        }
    }

    fn column(self, chain: &Chain, right: Right) -> Vec<Sides> {
        chain.pairs().iter().map(|pair| self.sides(pair.strike, pair.quote(right))).collect()
    }
}

/// Every contradiction within one expiry, by kind, then by strike: crossed quotes, verticals
/// (neighbours on mid, every two strikes where executable), butterflies (for every strike the
/// best one), parity with `term`.
///
/// A parity violation is executable only as far as the forward can be traded at `term.forward`.
pub fn check(chain: &Chain, term: Term, basis: Basis) -> Vec<Violation> {
    let mut found = Vec::new();
    let years = chain.years();
    let least = ROUNDING * term.forward;
    let mut add = |kind: Kind, strikes: Vec<f64>, size: f64| {
        if size > least {
            found.push(Violation { kind, years: vec![years], strikes, size });
        }
    };
    for right in [Right::Call, Right::Put] {
        for pair in chain.pairs() {
            let size = pair.quote(right).spread().unwrap_or(0.0);
            add(Kind::Crossed(right), vec![pair.strike], -size);
        }
    }
    for right in [Right::Call, Right::Put] {
        let column = basis.column(chain, right);
        for (i, low) in column.iter().enumerate() {
            let ahead = if basis == Basis::Mid { 1 } else { column.len() };
            for high in column.iter().skip(i + 1).take(ahead) {
                let (better, worse) = if right == Right::Call { (low, high) } else { (high, low) };
                let strikes = || vec![low.strike, high.strike];
                let width = term.discount * (high.strike - low.strike);
                if let (Some(ask), Some(bid)) = (better.ask, worse.bid) {
                    add(Kind::Vertical(right), strikes(), bid - ask);
                }
                if let (Some(bid), Some(ask)) = (better.bid, worse.ask) {
                    add(Kind::Width(right), strikes(), bid - ask - width);
                }
            }
        }
        for (strikes, size) in butterflies(&column) {
            add(Kind::Butterfly(right), strikes, size);
        }
    }
    for pair in chain.pairs() {
        add(Kind::Parity, vec![pair.strike], parity(pair, term, basis));
    }
    found
}

/// What a strike's call less put lies outside of its due.
fn parity(pair: &Pair, term: Term, basis: Basis) -> f64 {
    let (call, put) = (basis.sides(pair.strike, pair.call), basis.sides(pair.strike, pair.put));
    let due = term.discount * (term.forward - pair.strike);
    let gap = |sold: Option<f64>, bought: Option<f64>| Some(sold? - bought?);
    let dear = gap(call.bid, put.ask).map_or(0.0, |brings| brings - due);
    let cheap = gap(call.ask, put.bid).map_or(0.0, |costs| due - costs);
    dear.max(cheap)
}

/// For every strike that can be sold: the two about it that cover it most cheaply, and what is
/// left of its price.
fn butterflies(column: &[Sides]) -> Vec<(Vec<f64>, f64)> {
    let mut found = Vec::new();
    for (i, body) in column.iter().enumerate() {
        let Some(bid) = body.bid else { continue };
        let mut best: Option<(Vec<f64>, f64)> = None;
        for (low, low_ask) in column[..i].iter().filter_map(|s| Some((s.strike, s.ask?))) {
            for (high, high_ask) in column[i + 1..].iter().filter_map(|s| Some((s.strike, s.ask?)))
            {
                let share = (high - body.strike) / (high - low);
                let size = bid - share * low_ask - (1.0 - share) * high_ask;
                if best.as_ref().is_none_or(|(_, most)| size > *most) {
                    best = Some((vec![low, body.strike, high], size));
                }
            }
        }
        found.extend(best);
    }
    found
}

/// Every option of the near chain that costs more than one of the far chain at the same forward
/// moneyness or a better one: by right, then by strike, each with the best far strike.
///
/// Prices are compared over the discounted forward, so gains are shares of it. On mids, the far
/// chain is also read between its strikes, which by convexity errs against the finding.
pub fn check_calendar(near: (&Chain, Term), far: (&Chain, Term), basis: Basis) -> Vec<Violation> {
    let mut found = Vec::new();
    for right in [Right::Call, Right::Put] {
        let (near_side, far_side) = (relative(near, right, basis), relative(far, right, basis));
        for sold in &near_side {
            let Some(bid) = sold.bid else { continue };
            let fits = |s: &&Sides| right.sign() * (sold.strike - s.strike) >= -1e-12;
            let bought = far_side.iter().filter(fits).filter_map(|s| Some((s.strike, s.ask?)));
            let between = (basis == Basis::Mid).then(|| read(&far_side, sold.strike)).flatten();
            let all = bought.chain(between.map(|price| (sold.strike, price)));
            let Some((ratio, ask)) = all.min_by(|x, y| x.1.total_cmp(&y.1)) else { continue };
            if bid - ask > ROUNDING {
                let strikes = vec![sold.strike * near.1.forward, ratio * far.1.forward];
                let years = vec![near.0.years(), far.0.years()];
                found.push(Violation {
                    kind: Kind::Calendar(right),
                    years,
                    strikes,
                    size: bid - ask,
                });
            }
        }
    }
    found
}

/// Strikes over the forward and prices over the discounted forward.
fn relative((chain, term): (&Chain, Term), right: Right, basis: Basis) -> Vec<Sides> {
    let unit = term.discount * term.forward;
    let scaled = |s: Sides| Sides {
        strike: s.strike / term.forward,
        bid: s.bid.map(|bid| bid / unit),
        ask: s.ask.map(|ask| ask / unit),
    };
    basis.column(chain, right).into_iter().map(scaled).collect()
}

/// The line between the two asks about a strike: never below a convex price.
fn read(column: &[Sides], strike: f64) -> Option<f64> {
    let next = column.partition_point(|s| s.strike <= strike);
    let (low, high) = (column.get(next.checked_sub(1)?)?, column.get(next)?);
    let share = (strike - low.strike) / (high.strike - low.strike);
    Some((1.0 - share) * low.ask? + share * high.ask?)
}
