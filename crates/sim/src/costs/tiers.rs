//! Published tiers of commission, each with its source and the date it was read.

use serde::{Deserialize, Serialize};

use crate::{Error, check_range};

/// Up to so many units a month, and the amount of each.
pub(super) type Tier = (f64, f64);

/// Interactive Brokers Pro, US stocks, tiered: shares a month and dollars a share
/// (interactivebrokers.co.uk, commissions of stocks, as of 2024).
pub(super) const IBKR_SHARES: [Tier; 5] = [
    (300_000.0, 0.0035),
    (3_000_000.0, 0.0020),
    (20_000_000.0, 0.0015),
    (100_000_000.0, 0.0010),
    (f64::INFINITY, 0.0005),
];

/// Shares that one US equity option delivers.
pub(super) const SHARES_A_CONTRACT: f64 = 100.0;

/// Interactive Brokers Pro, US options, smart routed: contracts a month and dollars a contract
/// (interactivebrokers.ca, commissions of options, as of 2024), for premiums of 0.10 and more,
/// of 0.05 and more, and below.
const IBKR_OPTIONS: [[Tier; 4]; 3] = [
    [(10_000.0, 0.65), (50_000.0, 0.50), (100_000.0, 0.25), (f64::INFINITY, 0.15)],
    [(10_000.0, 0.50), (50_000.0, 0.50), (100_000.0, 0.25), (f64::INFINITY, 0.15)],
    [(10_000.0, 0.25), (50_000.0, 0.25), (100_000.0, 0.25), (f64::INFINITY, 0.15)],
];

/// The tiers for options of that premium, dollars a share.
pub(super) fn ibkr_option_rates(premium: f64) -> &'static [Tier] {
    match premium {
        dear if dear >= 0.10 => &IBKR_OPTIONS[0],
        middling if middling >= 0.05 => &IBKR_OPTIONS[1],
        _ => &IBKR_OPTIONS[2],
    }
}

/// What `units` cost after `before` of the month, each part at the rate of its tier.
pub(super) fn marginal(tiers: &[Tier], before: f64, units: f64) -> f64 {
    let (mut from, mut cost) = (0.0, 0.0);
    for &(to, rate) in tiers {
        let part = (before + units).min(to) - before.max(from);
        cost += part.max(0.0) * rate;
        from = to;
    }
    cost
}

/// A venue for digital assets and our standing there.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name", deny_unknown_fields)]
pub enum CryptoVenue {
    /// Binance, spot, without the discount for paying in its own coin.
    BinanceSpot {
        /// The account's VIP level, 0 to 9: it hangs on volume and on coins held.
        vip: u8,
    },
    /// Binance, USD-margined futures, without that discount.
    BinanceUsdMargined {
        /// The account's VIP level, 0 to 9.
        vip: u8,
    },
    /// Alpaca.
    Alpaca {
        /// Dollars traded in digital assets in the last thirty days.
        volume_30d: f64,
    },
}

/// Rates of a venue, in basis points of the value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MakerTakerRates {
    /// Where the order waited.
    pub maker_bps: f64,
    /// Where it took.
    pub taker_bps: f64,
}

/// Maker and taker, basis points, by VIP level (Binance fee schedule, spot, as reprinted by two
/// others in 2026; the venue changes it now and then: check before relying on a level).
const BINANCE_SPOT: [(f64, f64); 10] = [
    (10.0, 10.0),
    (9.0, 10.0),
    (8.0, 10.0),
    (4.2, 6.0),
    (4.2, 5.4),
    (3.6, 4.8),
    (3.0, 4.2),
    (2.4, 3.6),
    (1.8, 3.0),
    (1.2, 2.4),
];

/// Maker and taker, basis points, by VIP level (Binance fee schedule, USD-margined futures: levels
/// 0 to 5 as reprinted in 2026; levels 6 to 9 continue the schedule and were not confirmed).
const BINANCE_USD_MARGINED: [(f64, f64); 10] = [
    (2.0, 5.0),
    (1.6, 4.0),
    (1.4, 3.5),
    (1.2, 3.2),
    (1.0, 3.0),
    (0.8, 2.7),
    (0.6, 2.5),
    (0.4, 2.2),
    (0.2, 2.0),
    (0.0, 1.7),
];

/// Dollars in thirty days from which on, maker and taker in basis points (Alpaca, maker and taker
/// fees, effective 2023-03-13).
const ALPACA: [(f64, f64, f64); 8] = [
    (0.0, 15.0, 25.0),
    (100_000.0, 12.0, 22.0),
    (500_000.0, 10.0, 20.0),
    (1_000_000.0, 8.0, 18.0),
    (10_000_000.0, 5.0, 15.0),
    (25_000_000.0, 2.0, 13.0),
    (50_000_000.0, 2.0, 12.0),
    (100_000_000.0, 0.0, 10.0),
];

impl CryptoVenue {
    /// The rates of that standing. The whole of an order pays one rate.
    pub fn rates(self) -> MakerTakerRates {
        let (maker_bps, taker_bps) = match self {
            CryptoVenue::BinanceSpot { vip } => BINANCE_SPOT[usize::from(vip.min(9))],
            CryptoVenue::BinanceUsdMargined { vip } => {
                BINANCE_USD_MARGINED[usize::from(vip.min(9))]
            }
            CryptoVenue::Alpaca { volume_30d } => {
                let tier = ALPACA.iter().rev().find(|tier| volume_30d >= tier.0);
                let (_, maker, taker) = *tier.unwrap_or(&ALPACA[0]);
                (maker, taker)
            }
        };
        MakerTakerRates { maker_bps, taker_bps }
    }

    pub(super) fn check(self) -> Result<(), Error> {
        match self {
            CryptoVenue::BinanceSpot { vip } | CryptoVenue::BinanceUsdMargined { vip } => {
                check_range("costs.commission.venue.vip", vip.into(), (0.0, 9.0), "in 0..=9")
            }
            CryptoVenue::Alpaca { volume_30d } => {
                let field = "costs.commission.venue.volume_30d";
                check_range(field, volume_30d, (0.0, 1e15), "in 0..=1e15")
            }
        }
    }
}
