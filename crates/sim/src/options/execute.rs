//! One order against the quotes that stand.

use base::{Span, Ts};
use market::{Cash, Offer, Price};
use serde::{Deserialize, Serialize};

use super::account::Account;
use super::board::Board;
use super::fees::OptionFees;
use super::margin::MarginRule;
use super::order::{Asset, Combo, ComboId, ComboKind, Leg};
use super::quote::{OneSided, QuoteRules, Refusal, Trades, trading_ends, vet};
use crate::Error;

/// The price of a fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FillAt {
    /// A purchase pays the ask, a sale gets the bid.
    #[default]
    Touch,
    /// Halfway between bid and ask, rounded against us to the last decimal. Hardly any order
    /// fills so: this is for comparison.
    Mid,
}

/// What a price was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FillBasis {
    /// The ask was paid.
    PaidAsk,
    /// The bid was got.
    GotBid,
    /// Halfway between.
    AtMid,
}

/// What a fill rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuoteEvidence {
    /// When the quote stood.
    pub at: Ts,
    /// When it became known.
    pub known: Ts,
    /// How old it was at the fill.
    pub age: Span,
    /// Its bid.
    pub bid: Option<Offer>,
    /// Its ask.
    pub ask: Option<Offer>,
    /// What the price was.
    pub basis: FillBasis,
}

/// A trade in one asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OptionFill {
    /// The order.
    pub order: ComboId,
    /// What was traded.
    pub asset: Asset,
    /// When.
    pub at: Ts,
    /// How many; negative was sold.
    pub qty: i64,
    /// Price a unit of the underlying.
    pub price: Price,
    /// Commission and fees.
    pub fee: Cash,
    /// What it rests on.
    pub evidence: QuoteEvidence,
}

/// The rules of fills.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rules {
    /// Which quotes may be traded on.
    pub quotes: QuoteRules,
    /// At which price.
    pub fill_at: FillAt,
    /// What it costs beside.
    pub fees: OptionFees,
    /// What a position needs.
    pub margin: MarginRule,
}

/// The price of a leg, how many units of it are shown, and on what it rests.
struct Priced {
    price: Price,
    shown: u32,
    evidence: QuoteEvidence,
}

/// Fills an order as far as the sizes shown go and books it; what was filled is still on the
/// board. All legs fill in proportion, or none does.
pub fn execute(
    account: &mut Account,
    board: &Board,
    rules: &Rules,
    now: Ts,
    combo: &Combo,
) -> Result<Result<Vec<OptionFill>, Refusal>, Error> {
    let planned = match plan(board, rules, now, combo) {
        Ok(planned) => planned,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let trades: Vec<(Asset, i64, Price)> =
        planned.iter().map(|(leg, priced)| (leg.asset, leg.ratio, priced.price)).collect();
    let fees = rules.fees.of(now.utc_day(), &trades)?;
    let mut after = account.clone();
    for ((asset, qty, price), fee) in trades.iter().zip(&fees) {
        after.trade(*asset, *qty, *price, *fee);
    }
    let needed = |account: &Account| rules.margin.needed(account, board) - account.cash;
    // What lowers the need is always allowed: it gets out of trouble.
    if needed(&after) > Cash::ZERO && needed(&after) > needed(account) {
        return Ok(Err(Refusal::Margin));
    }
    *account = after;
    let mut fills = Vec::with_capacity(planned.len());
    for ((leg, priced), fee) in planned.iter().zip(fees) {
        let (order, asset, qty) = (combo.id, leg.asset, leg.ratio);
        let (price, evidence) = (priced.price, priced.evidence);
        fills.push(OptionFill { order, asset, at: now, qty, price, fee, evidence });
    }
    Ok(Ok(fills))
}

/// The legs with the numbers that can be filled and their prices.
fn plan(
    board: &Board,
    rules: &Rules,
    now: Ts,
    combo: &Combo,
) -> Result<Vec<(Leg, Priced)>, Refusal> {
    if !combo.is_sound() {
        return Err(Refusal::NotAnOrder);
    }
    let mut units = combo.units;
    let mut net = Cash::ZERO;
    let mut planned = Vec::with_capacity(combo.legs.len());
    for leg in &combo.legs {
        let priced = match &leg.asset {
            Asset::Option(_) => price_option(board, rules, now, leg)?,
            Asset::Shares(_) => price_shares(board, rules, now, leg)?,
        };
        let each = u32::try_from(leg.ratio.unsigned_abs()).map_err(|_| Refusal::NoSize)?;
        units = units.min(priced.shown / each);
        net += leg.asset.amount(priced.price, leg.ratio);
        planned.push((*leg, priced));
    }
    if units == 0 {
        return Err(Refusal::NoSize);
    }
    if matches!(combo.kind, ComboKind::NetLimit(limit) if net > limit) {
        return Err(Refusal::Limit);
    }
    for (leg, _) in &mut planned {
        leg.ratio *= i64::from(units);
    }
    Ok(planned)
}

fn price_option(board: &Board, rules: &Rules, now: Ts, leg: &Leg) -> Result<Priced, Refusal> {
    let contract = leg.asset.contract().ok_or(Refusal::NoQuote)?;
    if trading_ends(contract).is_none_or(|ends| now > ends) {
        return Err(Refusal::Expired);
    }
    let quote = board.quote_of(contract).ok_or(Refusal::NoQuote)?;
    let spot = board.spot_of(contract.underlying);
    match vet(quote, spot, now, &rules.quotes) {
        Ok(()) => {}
        Err(Refusal::OneSided | Refusal::ZeroBid)
            if rules.quotes.one_sided == OneSided::BuyAtAsk
                && leg.ratio > 0
                && rules.fill_at == FillAt::Touch
                && quote.ask.is_some() => {}
        Err(refusal) => return Err(refusal),
    }
    let side = if leg.ratio > 0 { quote.ask } else { quote.bid };
    let offer = side.ok_or(Refusal::OneSided)?;
    let (price, basis) = match (rules.fill_at, quote.bid, quote.ask) {
        (FillAt::Mid, Some(bid), Some(ask)) => {
            let sum = bid.price.raw() + ask.price.raw();
            (Price::from_raw(half_against(sum, leg.ratio)), FillBasis::AtMid)
        }
        _ if leg.ratio > 0 => (offer.price, FillBasis::PaidAsk),
        _ => (offer.price, FillBasis::GotBid),
    };
    let (at, known, age) = (quote.at, quote.known, now - quote.at);
    let evidence = QuoteEvidence { at, known, age, bid: quote.bid, ask: quote.ask, basis };
    Ok(Priced { price, shown: offer.size, evidence })
}

fn half_against(sum: i64, ratio: i64) -> i64 {
    if ratio > 0 { (sum + 1).div_euclid(2) } else { sum.div_euclid(2) }
}

/// Shares fill at the bid or ask stated, in any number: their sizes are not asked for here.
fn price_shares(board: &Board, rules: &Rules, now: Ts, leg: &Leg) -> Result<Priced, Refusal> {
    let spot = board.spot_of(leg.asset.underlying()).ok_or(Refusal::NoQuote)?;
    if spot.trades == Trades::Not {
        return Err(Refusal::NotTradable);
    }
    if spot.known > now {
        return Err(Refusal::NotKnownYet);
    }
    if (now - spot.at) > rules.quotes.oldest {
        return Err(Refusal::Stale);
    }
    if spot.bid > spot.ask || spot.bid.raw() <= 0 {
        return Err(Refusal::Crossed);
    }
    let (price, basis) =
        if leg.ratio > 0 { (spot.ask, FillBasis::PaidAsk) } else { (spot.bid, FillBasis::GotBid) };
    let offer = |price| Some(Offer { price, size: u32::MAX });
    let (bid, ask) = (offer(spot.bid), offer(spot.ask));
    let (at, known, age) = (spot.at, spot.known, now - spot.at);
    let evidence = QuoteEvidence { at, known, age, bid, ask, basis };
    Ok(Priced { price, shown: u32::MAX, evidence })
}
