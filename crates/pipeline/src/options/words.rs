//! Options in words.

use market::OptionContract;
use pricing::Right;
use pricing::chain::Kind;
use pricing::surface::Fault;
use sim::options::backtest::Ended;
use sim::options::life::LifeEvent;
use sim::options::select::{NoChoice, Stance, Structure, Target};
use sim::options::{FillBasis, Premium, Refusal};

/// A right.
pub const fn right(right: Right) -> &'static str {
    match right {
        Right::Call => "call",
        Right::Put => "put",
    }
}

fn target(target: Target) -> String {
    match target {
        Target::Delta(delta) => format!("a delta of {delta}"),
        Target::Moneyness(part) => format!("{:.0} % of the underlying's price", 100.0 * part),
    }
}

const fn stance(stance: Stance) -> &'static str {
    match stance {
        Stance::Long => "bought",
        Stance::Short => "sold",
    }
}

/// What a plan trades.
pub fn structure(structure: &Structure) -> String {
    match *structure {
        Structure::Vertical { right: of, stance: side, near, width } => format!(
            "A vertical of {}s, {} at {}, the other strike {width} further out",
            right(of),
            stance(side),
            target(near)
        ),
        Structure::IronCondor { put, call, width } => format!(
            "An iron condor: a put sold at {}, a call at {}, {width} to the strikes bought",
            target(put),
            target(call)
        ),
        Structure::Butterfly { right: of, centre, width } => {
            format!("A butterfly of {}s around {}, {width} to the wings", right(of), target(centre))
        }
        Structure::Straddle { stance: side, centre } => {
            format!("A straddle {} at {}", stance(side), target(centre))
        }
        Structure::Calendar { right: of, centre, apart } => format!(
            "A calendar of {}s at {}, expiries at least {apart} days apart",
            right(of),
            target(centre)
        ),
        Structure::CoveredCall { call } => format!("Shares with a call sold at {}", target(call)),
        Structure::Collar { put, call } => format!(
            "Shares with a put bought at {} and a call sold at {}",
            target(put),
            target(call)
        ),
    }
}

/// What a commission is reckoned by.
pub fn commission(commission: Premium) -> String {
    match commission {
        Premium::Flat(rate) => format!("commission of {rate} a contract"),
        Premium::Ibkr => "commission as Interactive Brokers takes it, 0.25 to 0.65 a contract by \
                          the premium"
            .to_owned(),
    }
}

/// A contract: expiry, strike, right.
pub fn contract(contract: &OptionContract) -> String {
    format!("{} {} {}", contract.expiry, contract.strike, right(contract.right))
}

/// Why a quote is not traded on, or an order not filled.
pub const fn refusal(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::NoQuote => "there is no quote",
        Refusal::NotKnownYet => "not known yet",
        Refusal::Stale => "stale: older than allowed",
        Refusal::OneSided => "one-sided: bid or ask is missing",
        Refusal::ZeroBid => "nobody bids",
        Refusal::Crossed => "crossed: the bid is above the ask",
        Refusal::Locked => "locked: the bid is the ask",
        Refusal::BelowIntrinsic => "the ask is below what exercise is worth",
        Refusal::NoSize => "fewer are shown than one unit needs",
        Refusal::Expired => "past expiry",
        Refusal::NotTradable => "the underlying can't be bought",
        Refusal::Limit => "not within the limit",
        Refusal::Margin => "the account could not stand the worst case",
        Refusal::NotAnOrder => "no order",
        Refusal::TimedOut => "its time ran out",
    }
}

/// A contradiction between quotes.
pub fn kind(kind: Kind) -> String {
    match kind {
        Kind::Crossed(it) => format!("crossed {}", right(it)),
        Kind::Vertical(it) => format!("{}s: the better strike costs less", right(it)),
        Kind::Width(it) => format!("{}s: strikes differ by more than their distance", right(it)),
        Kind::Butterfly(it) => format!("{}s: a butterfly costs less than nothing", right(it)),
        Kind::Parity => "call less put is not forward less strike".to_owned(),
        Kind::Calendar(it) => format!("{}s: the later expiry costs less", right(it)),
    }
}

/// An arbitrage in a surface.
pub fn fault(fault: &Fault) -> String {
    let days = |years: f64| format!("{:.1} days", 365.25 * years);
    match fault {
        Fault::Butterfly { years, between, least } => format!(
            "butterfly at {}, log-moneyness {:.3} to {:.3}: g falls to {least:.2e}",
            days(*years),
            between.0,
            between.1
        ),
        Fault::Wing { years, slope } => {
            format!("wing at {}: total variance rises by {slope:.3}, above 2", days(*years))
        }
        Fault::Calendar { years, between, gap } => format!(
            "calendar from {} to {}, log-moneyness {:.3} to {:.3}: total variance falls by {gap:.2e}",
            days(years.0),
            days(years.1),
            between.0,
            between.1
        ),
    }
}

/// Why nothing was chosen.
pub const fn no_choice(reason: NoChoice) -> &'static str {
    match reason {
        NoChoice::NoSpot => "the underlying has no price",
        NoChoice::NoExpiry => "no expiry lies within the days",
        NoChoice::NoStrike => "no sound quote near the target",
    }
}

/// Why a trade ended.
pub const fn ended(ended: Ended) -> &'static str {
    match ended {
        Ended::DaysLeft => "few days left",
        Ended::HeldDays => "held long enough",
        Ended::Profit => "its profit was reached",
        Ended::Stop => "its stop was reached",
        Ended::Expiry => "its options ended",
        Ended::StillOpen => "still open",
    }
}

/// What happened to a holding.
pub const fn event(event: LifeEvent) -> &'static str {
    match event {
        LifeEvent::Exercised => "exercised",
        LifeEvent::Assigned => "assigned at expiry",
        LifeEvent::AssignedEarly => "assigned early",
        LifeEvent::ExpiredWorthless => "ended worth nothing",
        LifeEvent::Adjusted => "adjusted",
    }
}

/// What a price was.
pub const fn basis(basis: FillBasis) -> &'static str {
    match basis {
        FillBasis::PaidAsk => "paid the ask",
        FillBasis::GotBid => "got the bid",
        FillBasis::AtMid => "halfway",
    }
}
