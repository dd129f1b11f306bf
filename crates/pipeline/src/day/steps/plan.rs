//! Step 5: expected value, size, limits.

use ::desk::Line;
use ::desk::journal::Record;
use base::{Prob, Rounding, Ts};
use books::breakout::bet::Signal as BetSignal;
use books::breakout::book::{PLAN_TIMER, PlannedFade};
use books::breakout::opposing::Watch;
use books::breakout::overlay::Express;
use books::breakout::{BreakoutBook, regime};
use features::Setup;
use market::{Calendar, Event, InstrumentId, Side, What};
use serde::{Deserialize, Serialize};

use super::look::found;
use super::session::is_over;
use super::spreads::{self, Spreads};
use crate::Error;
use crate::day::desk::{Desk, Numbers};
use crate::day::{BOOK, Scoring, Sending, Walk, brake, records};
use crate::history::History as _;
use crate::lake_history::LakeHistory;

/// What the plan came to.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Planned {
    /// Names of the intents that may trade.
    pub(crate) intents: Vec<String>,
    /// What was refused: name and reason.
    pub(crate) refused: Vec<(String, String)>,
    /// What a dry run would send.
    pub(crate) would_send: Vec<String>,
    /// Until when a person may decide.
    pub(crate) expires: Option<Ts>,
}

/// 5. Signals become intents, or refusals with a reason. What was planned before is not planned
///    again, and nothing is planned for a session that is over.
pub(crate) fn plan(walk: &Walk<'_>) -> Result<(), Error> {
    let dry = walk.request.sending == Sending::DryRun;
    let is_over = is_over(walk)?;
    let spreads = if is_over { Spreads::default() } else { spreads::choose(walk)? };
    let look = || -> Result<(Desk, Planned), Error> {
        let mut desk = walk.desk(BreakoutBook::default())?;
        if !is_over {
            let seen = desk.engine.state().seen.clone();
            desk = walk.desk(book(walk, &spreads, &|intent| seen.contains(intent))?)?;
            wish(walk, &mut desk)?;
        }
        let mut planned = planned(walk, &desk);
        planned.refused.extend(spreads.refused());
        Ok((desk, planned))
    };
    walk.store.prepared_step(&walk.key("plan"), &walk.inputs(), look, |tx, (desk, planned)| {
        if !dry {
            records::write(walk, tx, &desk)?;
        }
        let expires = tx.now() + walk.request.approve_within;
        Ok::<Planned, Error>(Planned { expires: Some(expires), ..planned })
    })?;
    Ok(())
}

/// Lets the book say what it wants.
fn wish(walk: &Walk<'_>, desk: &mut Desk) -> Result<(), Error> {
    for (instrument, price) in marks(walk, desk)? {
        desk.engine.mark(instrument, price)?;
    }
    let at = walk.not_before(&desk.engine, walk.planned_at());
    if walk.request.sending == Sending::DryRun {
        // The engine of a dry run is thrown away; it hears of halts here.
        for command in brake::commands(walk, (desk.engine.state(), &desk.numbers))? {
            desk.tell(&Event { at, known: at, what: What::Command(command) })?;
        }
    }
    let what = What::Timer { name: PLAN_TIMER.to_owned() };
    desk.tell(&Event { at, known: at, what })
}

/// What was planned, if the step has run.
pub(crate) fn outcome(walk: &Walk<'_>) -> Result<Planned, Error> {
    let record = walk.store.read(|tx| tx.step_record(&walk.key("plan")))?;
    match record.map(|record| record.output).filter(|output| !output.is_null()) {
        Some(output) => serde_json::from_value(output).map_err(Error::ReadAccount),
        None => Ok(Planned::default()),
    }
}

/// What became of this session's intents, told by the journal.
fn planned(walk: &Walk<'_>, desk: &Desk) -> Planned {
    let mut planned = Planned::default();
    let ours = |line: &&Line| line.at >= walk.planned_at() && line.at < walk.session.close;
    for line in desk.before.iter().chain(&desk.journal.lines).filter(ours) {
        match &line.record {
            Record::Waiting { intent, .. } => planned.intents.push(intent.clone()),
            Record::Refused { intent, reason } => {
                planned.refused.push((intent.clone(), format!("{reason:?}")));
            }
            Record::WouldSend(request) => planned.would_send.push(format!(
                "{} {} {} {:?}",
                request.id,
                desk.numbers.symbol(request.instrument),
                request.qty,
                request.kind
            )),
            _ => {}
        }
    }
    planned
}

/// Last raw closes of the stocks that have a signal or a position.
fn marks(walk: &Walk<'_>, desk: &Desk) -> Result<Vec<(InstrumentId, market::Price)>, Error> {
    let history = walk.history()?;
    let mut marks = Vec::new();
    let held: Vec<InstrumentId> = desk.engine.view().positions().map(|(id, _)| id).collect();
    let found: Vec<InstrumentId> =
        found(walk)?.iter().filter_map(|one| desk.numbers.of(&one.symbol)).collect();
    for instrument in held.into_iter().chain(found) {
        let symbol = desk.numbers.symbol(instrument);
        let (bar, _) = history.session_bar(symbol, walk.previous.day)?;
        if let Some((candle, _)) = bar {
            let price = market::Price::from_f64(candle.close, Rounding::HalfEven)?;
            marks.push((instrument, price));
        }
    }
    Ok(marks)
}

/// The book with what is due today, but for intents that the engine has seen.
fn book(
    walk: &Walk<'_>,
    spreads: &Spreads,
    seen: &dyn Fn(&str) -> bool,
) -> Result<BreakoutBook, Error> {
    let history = walk.history()?;
    let config = &walk.request.config;
    let (numbers, equity) = walk.store.read(|tx| -> Result<_, Error> {
        let curve = tx.equity_curve(BOOK)?;
        let last = curve.last().map(|day| day.cash + day.positions);
        Ok((Numbers::read(tx)?, last.unwrap_or(walk.request.cash)))
    })?;
    let mut book = BreakoutBook::default();
    book.due_regime(regime::regime(history.context(), walk.previous.day, &config.regime));
    each_signal(walk, &numbers, |id, signal| {
        let intent = match (config.overlay.express, spreads.of(id)) {
            (Express::Shares, _) => signal.intent(config, equity)?,
            (Express::Spread, Some(pick)) => {
                let Some(spread) = numbers.of(&pick.spread.to_string()) else { return Ok(()) };
                signal.spread_intent(config, equity, (spread, pick))?
            }
            (Express::Spread, None) => return Ok(()),
        };
        if !seen(&intent.id) {
            book.due(intent);
        }
        Ok(())
    })?;
    for (instrument, fade) in due_fades(walk, history, &numbers)? {
        if !fade.ids().iter().any(|id| seen(id)) {
            book.due_fade(instrument, fade);
        }
    }
    Ok(book)
}

/// What the last session found and, where a model is needed, one has scored; by its name.
pub(super) fn each_signal(
    walk: &Walk<'_>,
    numbers: &Numbers,
    mut with: impl FnMut(&str, &BetSignal<'_>) -> Result<(), Error>,
) -> Result<(), Error> {
    let history = walk.history()?;
    let scores = walk.store.read(|tx| tx.scores_of_day(walk.previous.day, BOOK))?;
    for one in found(walk)? {
        let score = scores.iter().find(|score| score.signal == one.id());
        let confidence = score.and_then(|score| Prob::new(score.score).ok());
        if confidence.is_none() && walk.request.scoring == Scoring::Model {
            // Not scored: nobody knows what it is worth.
            continue;
        }
        let (Some(place), Some(instrument)) =
            (history.place_of(&one.symbol), numbers.of(&one.symbol))
        else {
            continue;
        };
        let stock = history.stock(place)?;
        let signal = BetSignal {
            instrument,
            symbol: &one.symbol,
            setup: &one.setup,
            candles: &stock.candles,
            factor: history.last_factor(place)?,
            confidence,
        };
        with(&one.id(), &signal)?;
    }
    Ok(())
}

/// Fades whose alert fell on the last session.
fn due_fades(
    walk: &Walk<'_>,
    history: &LakeHistory,
    numbers: &Numbers,
) -> Result<Vec<(InstrumentId, PlannedFade)>, Error> {
    let calendar = Calendar::of("XNYS")?;
    let last = walk.previous.day;
    let most = walk.request.config.label.max_bars;
    let from = last.plus(-(most as i32 * 7 / 5 + 10));
    let mut due = Vec::new();
    for session in calendar.between(from, last.plus(-1)) {
        let (signals, scores) = walk.store.read(|tx| -> Result<_, Error> {
            Ok((tx.signals_of_day(session.day, BOOK)?, tx.scores_of_day(session.day, BOOK)?))
        })?;
        for signal in signals {
            let low = scores.iter().any(|s| s.signal == signal.id && s.score < 0.5);
            let (true, Some(instrument)) = (low, numbers.of(&signal.symbol)) else { continue };
            let fade = fade(walk, history, &signal)?;
            due.extend(fade.map(|fade| (instrument, fade)));
        }
    }
    Ok(due)
}

/// The fade of a signal, where its alert fell on the last session.
fn fade(
    walk: &Walk<'_>,
    history: &LakeHistory,
    signal: &store::Signal,
) -> Result<Option<PlannedFade>, Error> {
    let config = &walk.request.config;
    let Some(place) = history.place_of(&signal.symbol) else { return Ok(None) };
    let setup: Setup =
        serde_json::from_value(signal.payload.clone()).map_err(Error::ReadAccount)?;
    let stock = history.stock(place)?;
    let after = stock.candles.partition_point(|candle| candle.day <= setup.day);
    let mut watch = Watch::new(&setup);
    let later = stock.candles[after..].iter().take(config.label.max_bars);
    let alerts = later.filter_map(|bar| watch.bar(bar).map(|entry| (bar.day, entry)));
    let last = alerts.last().filter(|(day, _)| *day == walk.previous.day);
    let Some((_, mut entry)) = last else { return Ok(None) };
    let factor = history.last_factor(place)?;
    let levels = [&mut entry.limit, &mut entry.alert, &mut entry.stop, &mut entry.farthest];
    for level in levels {
        *level /= factor;
    }
    let side = match setup.side {
        Side::Long => Side::Short,
        Side::Short => Side::Long,
    };
    let risk_pct = config.size.decent.risk_pct;
    Ok(Some(PlannedFade { primary: signal.id.clone(), side, entry, risk_pct }))
}
