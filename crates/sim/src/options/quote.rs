//! Which quotes may be traded on.

use base::{Span, Ts};
use market::{
    Calendar, ExerciseStyle, InstrumentId, OptionContract, OptionQuote, OptionRight, Price,
    Session, Settlement,
};
use serde::{Deserialize, Serialize};

/// Whether an underlying can be bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trades {
    /// Shares, at the bid and ask stated.
    AsShares,
    /// A figure, such as an index.
    Not,
}

/// The price of an underlying.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spot {
    /// The underlying.
    pub instrument: InstrumentId,
    /// When the price stood.
    pub at: Ts,
    /// When it could be seen.
    pub known: Ts,
    /// What is bid; of a figure, the figure.
    pub bid: Price,
    /// What is asked; of a figure, the figure.
    pub ask: Price,
    /// Whether it can be bought.
    pub trades: Trades,
}

impl Spot {
    /// Halfway between bid and ask.
    pub fn mid(&self) -> f64 {
        (self.bid.to_f64() + self.ask.to_f64()) / 2.0
    }
}

/// Why an order was not filled, or a quote not traded on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// There is no quote.
    NoQuote,
    /// The quote was not known yet.
    NotKnownYet,
    /// The quote is older than the rules allow.
    Stale,
    /// A side is missing.
    OneSided,
    /// The bid is 0.
    ZeroBid,
    /// The bid is above the ask.
    Crossed,
    /// The bid equals the ask.
    Locked,
    /// The ask is below what exercise is worth: the quote or the price of the underlying is
    /// wrong.
    BelowIntrinsic,
    /// Fewer are shown than one unit needs.
    NoSize,
    /// Trading in the contract has ended.
    Expired,
    /// The underlying can't be bought.
    NotTradable,
    /// The quotes are not within the limit.
    Limit,
    /// The account could not stand the worst case of the position.
    Margin,
    /// The order has no legs, no units, a leg of ratio 0, or an asset twice.
    NotAnOrder,
    /// The time of the order ran out.
    TimedOut,
}

/// What is done with a quote that lacks the bid, or bids nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OneSided {
    /// It is refused.
    #[default]
    Refuse,
    /// A purchase may pay its ask; a sale is refused all the same.
    BuyAtAsk,
}

/// Which quotes an order may fill on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Arrival {
    /// The quote that stands when the order arrives. It assumes that nobody was faster.
    #[default]
    Standing,
    /// Only quotes that became known after the order was sent.
    NextQuote,
}

/// Rules for quotes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QuoteRules {
    /// Oldest age of a quote that is traded on.
    pub oldest: Span,
    /// Quotes without a bid.
    pub one_sided: OneSided,
    /// How far an ask may lie below what exercise is worth, a unit of the underlying: quote and
    /// underlying are seldom of the same instant.
    pub intrinsic_slack: Price,
    /// Interest a year; a European option is held to the discounted strike.
    pub rate: f64,
}

impl Default for QuoteRules {
    fn default() -> QuoteRules {
        QuoteRules {
            oldest: Span::from_minutes(5),
            one_sided: OneSided::Refuse,
            intrinsic_slack: Price::ZERO,
            rate: 0.0,
        }
    }
}

/// Checks a quote at a time, against the price of its underlying where there is one.
pub fn vet(
    quote: &OptionQuote,
    spot: Option<&Spot>,
    now: Ts,
    rules: &QuoteRules,
) -> Result<(), Refusal> {
    if quote.known > now {
        return Err(Refusal::NotKnownYet);
    }
    if (now - quote.at) > rules.oldest {
        return Err(Refusal::Stale);
    }
    let (Some(bid), Some(ask)) = (quote.bid, quote.ask) else {
        return Err(Refusal::OneSided);
    };
    if ask.price.raw() <= 0 || bid.price > ask.price {
        return Err(Refusal::Crossed);
    }
    if bid.price == ask.price {
        return Err(Refusal::Locked);
    }
    if bid.price.raw() <= 0 {
        return Err(Refusal::ZeroBid);
    }
    match spot.filter(|spot| spot.known <= now) {
        Some(spot) if is_below_intrinsic(quote, ask.price, spot, rules) => {
            Err(Refusal::BelowIntrinsic)
        }
        _ => Ok(()),
    }
}

/// True where buying at the ask and exercising would earn at once. Of a European option the
/// bound is that of the forward; dividends until expiry are not known here, so that a call is
/// held to the spot less the undiscounted strike.
fn is_below_intrinsic(quote: &OptionQuote, ask: Price, spot: &Spot, rules: &QuoteRules) -> bool {
    let contract = &quote.contract;
    let paid = contract.premium(ask + rules.intrinsic_slack);
    let exact = match contract.right {
        OptionRight::Call => contract.exercise_value(spot.bid),
        OptionRight::Put => contract.exercise_value(spot.ask),
    };
    let discounts = contract.style == ExerciseStyle::European && contract.right == OptionRight::Put;
    if !discounts || rules.rate == 0.0 {
        return paid < exact;
    }
    let years = f64::from((contract.expiry - quote.at.utc_day()).max(0)) / 365.0;
    let strike = contract.exercise_amount().to_f64() * (-rules.rate * years).exp();
    paid.to_f64() < strike - contract.shares.to_f64() * spot.ask.to_f64()
}

/// The last session of a contract: its expiry, or the session before where that is none.
pub(super) fn last_session(contract: &OptionContract) -> Option<Session> {
    let calendar = Calendar::of("XNYS").ok()?;
    match calendar.session(contract.expiry).ok()? {
        Some(session) => Some(*session),
        None => calendar.previous(contract.expiry).ok().copied(),
    }
}

/// When trading in a contract ends: the close of its last session, or of the one before where
/// it is settled by opening prices. `None` outside the years of the calendar.
pub fn trading_ends(contract: &OptionContract) -> Option<Ts> {
    let last = last_session(contract)?;
    match contract.settlement {
        Settlement::Physical | Settlement::CashAtClose => Some(last.close),
        Settlement::CashAtOpen => Some(Calendar::of("XNYS").ok()?.previous(last.day).ok()?.close),
    }
}
