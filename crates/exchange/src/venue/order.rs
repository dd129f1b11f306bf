//! An order as the account keeps it, and as the broker shows it.

use base::Ts;
use market::{Cash, ClientOrderId, InstrumentId, Price, Qty};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::options::Combo;
use crate::figures::value_of;

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Side {
    Buy,
    Sell,
}

impl Side {
    pub(crate) fn other(self) -> Side {
        match self {
            Side::Buy => Side::Sell,
            Side::Sell => Side::Buy,
        }
    }

    pub(crate) fn signed(self, qty: Qty) -> Qty {
        match self {
            Side::Buy => qty.abs(),
            Side::Sell => -qty.abs(),
        }
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Side::Buy => "buy",
            Side::Sell => "sell",
        }
    }
}

/// How long an order may wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Tif {
    Day,
    Gtc,
    /// At the opening auction only.
    Opg,
    /// At the closing auction only.
    Cls,
    /// At once; what does not fill is taken back.
    Ioc,
    /// At once and whole, or not at all.
    Fok,
}

impl Tif {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Tif::Day => "day",
            Tif::Gtc => "gtc",
            Tif::Opg => "opg",
            Tif::Cls => "cls",
            Tif::Ioc => "ioc",
            Tif::Fok => "fok",
        }
    }

    /// True for orders that wait here for their moment and reach the exchange only then.
    pub(crate) fn is_timed(self) -> bool {
        !matches!(self, Tif::Day | Tif::Gtc)
    }
}

/// How far behind the best price a trailing stop follows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Trail {
    Price(Price),
    /// In hundredths of the best price.
    Percent(f64),
}

/// How an order may be filled.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    Market,
    Limit { limit: Price },
    Stop { stop: Price },
    StopLimit { stop: Price, limit: Price },
    Trailing { trail: Trail, best: Price },
}

impl Kind {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Kind::Market => "market",
            Kind::Limit { .. } => "limit",
            Kind::Stop { .. } => "stop",
            Kind::StopLimit { .. } => "stop_limit",
            Kind::Trailing { .. } => "trailing_stop",
        }
    }

    pub(crate) fn limit(self) -> Option<Price> {
        match self {
            Kind::Limit { limit } | Kind::StopLimit { limit, .. } => Some(limit),
            _ => None,
        }
    }

    pub(crate) fn stop(self, side: Side) -> Option<Price> {
        match self {
            Kind::Stop { stop } | Kind::StopLimit { stop, .. } => Some(stop),
            Kind::Trailing { trail, best } => Some(trailed(trail, best, side)),
            _ => None,
        }
    }
}

/// The stop price that follows the best price, in whole cents.
pub(crate) fn trailed(trail: Trail, best: Price, side: Side) -> Price {
    let away = match trail {
        Trail::Price(away) => away,
        Trail::Percent(percent) => {
            let raw = best.raw() as f64 * percent / 100.0;
            let cent = Price::from_raw(Price::SCALE / 100);
            Price::from_raw(raw as i64).round_to(cent, base::Rounding::HalfEven)
        }
    };
    let least = Price::from_raw(Price::SCALE / 100);
    match side {
        Side::Sell => (best - away).max(least),
        Side::Buy => best + away,
    }
}

/// Which orders belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Class {
    Simple,
    Bracket,
    Oco,
    Oto,
    /// Several parts at one net price.
    Mleg,
}

impl Class {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Class::Simple => "simple",
            Class::Bracket => "bracket",
            Class::Oco => "oco",
            Class::Oto => "oto",
            Class::Mleg => "mleg",
        }
    }
}

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    /// Taken while the market is closed.
    Accepted,
    New,
    PartiallyFilled,
    /// Waits for another order.
    Held,
    Filled,
    Canceled,
    Expired,
    Replaced,
    Rejected,
}

impl Status {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Status::Accepted => "accepted",
            Status::New => "new",
            Status::PartiallyFilled => "partially_filled",
            Status::Held => "held",
            Status::Filled => "filled",
            Status::Canceled => "canceled",
            Status::Expired => "expired",
            Status::Replaced => "replaced",
            Status::Rejected => "rejected",
        }
    }

    pub(crate) fn is_open(self) -> bool {
        matches!(self, Status::Accepted | Status::New | Status::PartiallyFilled | Status::Held)
    }
}

/// An order of the account. Its place among all orders is its number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Order {
    pub id: String,
    pub client_id: String,
    pub instrument: InstrumentId,
    pub symbol: String,
    pub asset_id: String,
    pub class: Class,
    pub kind: Kind,
    pub side: Side,
    pub tif: Tif,
    /// `None` until an order by value is worth its shares.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub qty: Option<Qty>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notional: Option<Cash>,
    pub extended: bool,
    pub intent: String,
    pub status: Status,
    pub filled: Qty,
    /// Price × quantity of all fills.
    pub value: Cash,
    pub submitted_at: Ts,
    pub updated_at: Ts,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filled_at: Option<Ts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canceled_at: Option<Ts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expired_at: Option<Ts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_at: Option<Ts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaced_at: Option<Ts>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaced_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaces: Option<String>,
    /// When it expires.
    pub expires: Ts,
    /// Number of the order that this one is a leg of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<usize>,
    pub legs: Vec<usize>,
    /// One cancels the others of its group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The exchange's name for it while it has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wire: Option<ClientOrderId>,
    /// How often it was sent.
    pub revision: u32,
    /// Its parts, of an order on options or on several things at one net price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub combo: Option<Box<Combo>>,
}

impl Order {
    /// What is not filled; zero where the quantity is not known yet.
    pub(crate) fn open_qty(&self) -> Qty {
        match self.qty {
            Some(qty) if self.status.is_open() => qty - self.filled,
            _ => Qty::ZERO,
        }
    }

    pub(crate) fn average_price(&self) -> Option<Price> {
        if self.filled == Qty::ZERO {
            return None;
        }
        let average = self.value.to_f64() / self.filled.to_f64();
        // Whole hundredths of a cent and a little more, as the broker shows it.
        let step = Price::from_raw(Price::SCALE / 1_000_000);
        Price::from_f64(average, base::Rounding::HalfEven)
            .ok()
            .map(|price| price.round_to(step, base::Rounding::HalfEven))
    }

    /// True for the leg that takes the loss of a pair.
    pub(crate) fn is_stop(&self) -> bool {
        matches!(self.kind, Kind::Stop { .. } | Kind::StopLimit { .. } | Kind::Trailing { .. })
    }

    /// As the broker shows it, legs left out.
    pub(crate) fn shown(&self) -> Value {
        let time = |at: Option<Ts>| at.map(|at| at.to_string());
        let text = |price: Option<Price>| price.map(|price| price.to_string());
        let (trail_price, trail_percent, best) = match self.kind {
            Kind::Trailing { trail: Trail::Price(away), best } => {
                (Some(away.to_string()), None, Some(best))
            }
            Kind::Trailing { trail: Trail::Percent(percent), best } => {
                (None, Some(percent.to_string()), Some(best))
            }
            _ => (None, None, None),
        };
        json!({
            "id": self.id,
            "client_order_id": self.client_id,
            "created_at": self.submitted_at.to_string(),
            "updated_at": self.updated_at.to_string(),
            "submitted_at": self.submitted_at.to_string(),
            "filled_at": time(self.filled_at),
            "expired_at": time(self.expired_at),
            "expires_at": self.expires.to_string(),
            "canceled_at": time(self.canceled_at),
            "failed_at": time(self.failed_at),
            "replaced_at": time(self.replaced_at),
            "replaced_by": self.replaced_by,
            "replaces": self.replaces,
            "asset_id": self.asset_id,
            "symbol": self.symbol,
            "asset_class": "us_equity",
            "notional": self.notional.map(|notional| notional.to_string()),
            "qty": match self.notional {
                Some(_) => None,
                None => self.qty.map(|qty| qty.to_string()),
            },
            "filled_qty": self.filled.to_string(),
            "filled_avg_price": text(self.average_price()),
            "order_class": self.class.word(),
            "order_type": self.kind.word(),
            "type": self.kind.word(),
            "side": self.side.word(),
            "position_intent": self.intent,
            "time_in_force": self.tif.word(),
            "limit_price": text(self.kind.limit()),
            "stop_price": text(self.kind.stop(self.side)),
            "status": self.status.word(),
            "extended_hours": self.extended,
            "legs": null,
            "trail_percent": trail_percent,
            "trail_price": trail_price,
            "hwm": text(best),
            "subtag": null,
            "source": null,
        })
    }

    /// Takes in a fill.
    pub(crate) fn fill(&mut self, qty: Qty, price: Price, at: Ts) {
        self.filled += qty.abs();
        self.value += value_of(price, qty.abs());
        self.updated_at = at;
        let whole = self.qty.is_some_and(|wanted| self.filled >= wanted);
        self.status = if whole { Status::Filled } else { Status::PartiallyFilled };
        self.filled_at = Some(at);
    }
}
