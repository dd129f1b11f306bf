//! What the figures rest on, in words.

use report::{Part, Section};

use crate::depth::words::{healing, queue, travel};

use super::outcome::Outcome;
use super::page::percent;
use super::settings::{Limit, PaceChoice, Posture, Risk};

/// The section.
pub(super) fn assumptions(found: &Outcome) -> Section {
    let (settings, rules) = (&found.settings, &found.settings.rules);
    let market = &found.market;
    let mut lines = vec![
        format!(
            "The recording reacts to nothing but the footprint of our own children: {}. Nobody in \
             it changes a mind because we trade, so what large orders cost is told too low.",
            healing(rules.impact)
        ),
        format!(
            "An order travels {}, an answer {}; a worker looks every {:.3} s and decides on what \
             it had received by then.",
            travel(&rules.to_venue),
            travel(&rules.to_us),
            settings.every.seconds()
        ),
        format!("Place in the queue: {}.", queue(rules.queue)),
        format!(
            "Fees: {} bp resting, {} bp taking, {} a unit.",
            rules.fees.maker_bps, rules.fees.taker_bps, rules.fees.per_unit
        ),
        format!(
            "Each parent has {:.3} s; children are of {} units or more and {}. {}",
            found.length.seconds(),
            found.least_child,
            posture(settings.posture),
            limits(found)
        ),
        format!(
            "Costs are told against quotes and trades at the times when they were received, fills \
             at the times when they happened; {:.3} s after the end the middle counts as what \
             stayed. This looks back, and no decision did.",
            found.reversion.seconds()
        ),
        format!(
            "The market: {} changes of the best prices and {} trades of {} units from {} to {}.",
            market.quotes, market.trades, market.volume, market.from, market.to
        ),
        "Intervals are of 2,000 draws of orders, two neighbours at a time; ten orders at least."
            .to_owned(),
    ];
    lines.extend(settings.paces.iter().map(pace));
    for (fault, times) in &found.faults {
        lines.push(format!("Of the recording, {times} times: {fault}."));
    }
    Section { title: "What was assumed".to_owned(), parts: vec![Part::List(lines)] }
}

const fn posture(posture: Posture) -> &'static str {
    match posture {
        Posture::Aggressive => "take at once",
        Posture::PassiveFirst => "wait at our side's best price, then take",
    }
}

fn limits(found: &Outcome) -> String {
    let settings = &found.settings;
    let price = match settings.limit {
        Limit::None => "No price limit".to_owned(),
        Limit::At(ticks) => {
            let price = market::Price::from_raw(found.tick.raw() * ticks.0);
            format!("Price limit: {price}")
        }
        Limit::Bps(bps) => format!("Price limit: {bps} bp beyond the middle at the start"),
    };
    match settings.participation {
        Some(most) => format!("{price}; at most {} of the volume.", percent(most)),
        None => format!("{price}; no limit of participation."),
    }
}

fn pace(choice: &PaceChoice) -> String {
    match choice {
        PaceChoice::Twap => "TWAP: in proportion to time.".to_owned(),
        PaceChoice::Vwap { volumes: None } => "VWAP: along an assumed U of volume over the whole \
             stretch, three times as much at its ends as in its middle; the recording's own \
             volume was not known in advance."
            .to_owned(),
        PaceChoice::Vwap { volumes: Some(volumes) } => {
            format!("VWAP: along the volumes given, {volumes:?}.")
        }
        PaceChoice::Pov { rate, catch_up } => format!(
            "POV: {} of all volume heard of, at most {} of it since the child before.",
            percent(*rate),
            percent(*catch_up)
        ),
        PaceChoice::AlmgrenChriss { risk: Risk::Urgency(urgency) } => {
            format!("Almgren-Chriss: urgency {urgency} (κT); 0 is TWAP.")
        }
        PaceChoice::AlmgrenChriss { risk: Risk::Market { aversion, volatility, temporary } } => {
            format!(
                "Almgren-Chriss: dislike of variance {aversion}, volatility {volatility} a root \
                 second, temporary impact {temporary} for one unit a second, as given."
            )
        }
    }
}
