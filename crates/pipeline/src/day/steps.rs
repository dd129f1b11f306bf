//! The ten steps. Each is recorded as done in the same transaction as what it wrote.

use ::desk::journal::Record;
use base::{Day, Panel, Prob, RowKey, Ts};
use books::breakout::bet::Signal as BetSignal;
use books::breakout::book::{PLAN_TIMER, PlannedFade};
use books::breakout::opposing::Watch;
use books::breakout::{BreakoutBook, Candidate, find, regime};
use features::Setup;
use learn::Model as _;
use market::{
    Bar, BarSize, Broker as _, Calendar, Command, Event, InstrumentId, OrderState, Side, What,
};
use rayon::prelude::*;
use report::Page;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{
    Approval, Decision, Equity, Incident, IntentState, Score, Severity, Signal, StepOutcome, Tx,
};

use super::desk::{Desk, Numbers};
use super::{BOOK, Brake, Scoring, Sending, Walk, records};
use crate::history::History as _;
use crate::lake_history::LakeHistory;
use crate::{Error, models};

/// What the first step found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Downloaded {
    pub(crate) data_version: String,
    pub(crate) stocks: usize,
    pub(crate) with_last_bar: usize,
}

/// A setup of the last session, with its features.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Found {
    pub(crate) symbol: String,
    pub(crate) setup: Setup,
    /// Values of the side's features; absent where there is none.
    pub(crate) row: Vec<Option<f64>>,
}

impl Found {
    fn id(&self) -> String {
        format!("{}/{}/{}", self.setup.day, self.symbol, self.setup.side)
    }
}

/// What the plan came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Planned {
    /// Names of the intents that may trade.
    pub(crate) intents: Vec<String>,
    /// What was refused: name and reason.
    pub(crate) refused: Vec<(String, String)>,
    /// What a dry run would send.
    pub(crate) would_send: Vec<String>,
}

fn output<T>(outcome: StepOutcome<T>) -> Option<T> {
    outcome.output()
}

/// 1. The data are there up to the last session; their version is on record.
pub(crate) fn download(walk: &Walk<'_>) -> Result<(), Error> {
    let look = || -> Result<(Downloaded, Vec<String>), Error> {
        let history = walk.history()?;
        let count = history.count();
        let current: Vec<bool> = (0..count)
            .into_par_iter()
            .map(|place| {
                let stock = history.stock(place)?;
                Ok(stock.candles.last().is_some_and(|last| last.day == walk.previous.day))
            })
            .collect::<Result<_, Error>>()?;
        let with_last_bar = current.iter().filter(|is| **is).count();
        if with_last_bar == 0 {
            return Err(Error::FindBars { stocks: count, previous: walk.previous.day });
        }
        let symbols = (0..count).map(|at| history.symbol(InstrumentId(at as u32)).to_owned());
        let data_version = history.data_version();
        Ok((Downloaded { data_version, stocks: count, with_last_bar }, symbols.collect()))
    };
    let keep = |tx: &Tx<'_>, (found, symbols): (Downloaded, Vec<String>)| {
        Numbers::extend(tx, symbols.iter().map(String::as_str))?;
        tx.set("day/last", walk.request.session.to_string().into())?;
        Ok::<Downloaded, Error>(found)
    };
    walk.store.prepared_step(&walk.key("download"), &walk.inputs(), look, keep)?;
    Ok(())
}

/// 2. Features of every setup of the last session, by the same calculators as in training.
pub(crate) fn features(walk: &Walk<'_>) -> Result<(), Error> {
    let look = || -> Result<Vec<Found>, Error> {
        let history = walk.history()?;
        walk.progress.begin("features", history.count() as u64);
        let found: Vec<Vec<Found>> = (0..history.count())
            .into_par_iter()
            .map(|place| {
                let found = last_setups(walk, &history, place);
                walk.progress.step();
                found
            })
            .collect::<Result<_, Error>>()?;
        walk.progress.end();
        Ok(found.into_iter().flatten().collect())
    };
    walk.store.prepared_step(&walk.key("features"), &walk.inputs(), look, |_, found| {
        Ok::<Vec<Found>, Error>(found)
    })?;
    Ok(())
}

fn last_setups(walk: &Walk<'_>, history: &LakeHistory, place: usize) -> Result<Vec<Found>, Error> {
    let stock = history.stock(place)?;
    let found = find(&stock, history.context(), &walk.request.config)?;
    let last = found.into_iter().filter(|candidate| candidate.setup.day == walk.previous.day);
    let kept = last.map(|Candidate { setup, row, .. }| Found {
        symbol: history.symbol(stock.instrument).to_owned(),
        setup,
        row: row.into_iter().map(|value| value.is_finite().then_some(value)).collect(),
    });
    Ok(kept.collect())
}

fn found(walk: &Walk<'_>) -> Result<Vec<Found>, Error> {
    let record = walk.store.read(|tx| tx.step_record(&walk.key("features")))?;
    let output = record.map(|record| record.output).unwrap_or_default();
    if output.is_null() {
        return Ok(Vec::new());
    }
    serde_json::from_value(output).map_err(Error::ReadAccount)
}

/// 3. The setups become signals.
pub(crate) fn scan(walk: &Walk<'_>) -> Result<(), Error> {
    let found = found(walk)?;
    walk.store.step(&walk.key("scan"), &walk.inputs(), |tx| {
        for one in &found {
            let payload = serde_json::to_value(&one.setup).map_err(Error::ReadAccount)?;
            tx.record_signal(&Signal {
                id: one.id(),
                day: walk.previous.day,
                book: BOOK.to_owned(),
                symbol: one.symbol.clone(),
                payload,
            })?;
        }
        Ok::<usize, Error>(found.len())
    })?;
    Ok(())
}

/// 4. The newest model of each side says what it thinks of them.
pub(crate) fn score(walk: &Walk<'_>) -> Result<(), Error> {
    let found = found(walk)?;
    let look = || -> Result<Vec<Score>, Error> {
        let mut scores = Vec::new();
        for side in [Side::Long, Side::Short] {
            let of_side: Vec<&Found> = found.iter().filter(|f| f.setup.side == side).collect();
            let model = models::newest(walk.store, side)?;
            let Some(model) = model.filter(|_| walk.request.scoring == Scoring::Model) else {
                if walk.request.scoring == Scoring::Model && !of_side.is_empty() {
                    return Err(Error::FindModel { side });
                }
                continue;
            };
            if of_side.is_empty() {
                continue;
            }
            let panel = panel(side, &of_side)?.select(model.classifier.features());
            let confidences =
                model.classifier.predict_proba(&panel.map_err(books::Error::from)?)?;
            scores.extend(of_side.iter().zip(confidences).map(|(one, confidence)| Score {
                signal: one.id(),
                model: models::name(side),
                model_version: model.version.clone(),
                score: confidence.get(),
                payload: json!({"study_found_an_edge": model.has_edge}),
            }));
        }
        Ok(scores)
    };
    walk.store.prepared_step(&walk.key("score"), &walk.inputs(), look, |tx, scores| {
        for score in &scores {
            tx.record_score(score)?;
        }
        Ok::<usize, Error>(scores.len())
    })?;
    Ok(())
}

fn panel(side: Side, found: &[&Found]) -> Result<Panel, Error> {
    let names: &[&str] = match side {
        Side::Long => &features::breakout::LONG,
        Side::Short => &features::breakout::SHORT,
    };
    let mut panel = Panel::new(names.iter().copied());
    for (number, one) in found.iter().enumerate() {
        let row: Vec<f64> = one.row.iter().map(|value| value.unwrap_or(f64::NAN)).collect();
        let key = RowKey { at: one.setup.day.plus(1).start(), id: number as u32 };
        panel.push(key, &row).map_err(books::Error::from)?;
    }
    Ok(panel)
}

/// 5. Expected value, size, limits: signals become intents, or refusals with a reason.
pub(crate) fn plan(walk: &Walk<'_>) -> Result<Planned, Error> {
    let key = walk.key("plan");
    let look = || -> Result<(Desk, Planned), Error> {
        let mut desk = walk.desk(book(walk)?)?;
        let at = walk.planned_at();
        for (instrument, price) in marks(walk, &desk)? {
            desk.engine.mark(instrument, price)?;
        }
        let what = What::Timer { name: PLAN_TIMER.to_owned() };
        desk.tell(&Event { at, known: at, what })?;
        let planned = planned(&desk);
        Ok((desk, planned))
    };
    let done = walk.store.prepared_step(&key, &walk.inputs(), look, |tx, (desk, planned)| {
        if walk.request.sending != Sending::DryRun {
            records::write(walk, tx, &desk)?;
        }
        Ok::<Planned, Error>(planned)
    })?;
    let nothing = Planned { intents: Vec::new(), refused: Vec::new(), would_send: Vec::new() };
    Ok(output(done).unwrap_or(nothing))
}

fn planned(desk: &Desk) -> Planned {
    let mut planned = Planned { intents: Vec::new(), refused: Vec::new(), would_send: Vec::new() };
    for line in &desk.journal.lines {
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
            let price = market::Price::from_f64(candle.close, base::Rounding::HalfEven)?;
            marks.push((instrument, price));
        }
    }
    Ok(marks)
}

/// The book with what is due today.
fn book(walk: &Walk<'_>) -> Result<BreakoutBook, Error> {
    let history = walk.history()?;
    let config = &walk.request.config;
    let (numbers, scores, equity) = walk.store.read(|tx| -> Result<_, Error> {
        let scores = tx.scores_of_day(walk.previous.day, BOOK)?;
        let curve = tx.equity_curve(BOOK)?;
        let last = curve.last().map(|day| day.cash + day.positions);
        Ok((Numbers::read(tx)?, scores, last.unwrap_or(walk.request.cash)))
    })?;
    let mut book = BreakoutBook::default();
    book.due_regime(regime::regime(history.context(), walk.previous.day, &config.regime));
    for one in found(walk)? {
        let score = scores.iter().find(|score| score.signal == one.id());
        let confidence = score.and_then(|score| Prob::new(score.score).ok());
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
        book.due(signal.intent(config, equity)?);
    }
    due_fades(walk, &history, &numbers, &mut book)?;
    Ok(book)
}

/// Fades whose alert fell on the last session.
fn due_fades(
    walk: &Walk<'_>,
    history: &LakeHistory,
    numbers: &Numbers,
    book: &mut BreakoutBook,
) -> Result<(), Error> {
    let config = &walk.request.config;
    let calendar = Calendar::of("XNYS")?;
    let last = walk.previous.day;
    let most = config.label.max_bars;
    let from = last.plus(-(most as i32 * 7 / 5 + 10));
    for session in calendar.between(from, last.plus(-1)) {
        let (signals, scores) = walk.store.read(|tx| -> Result<_, Error> {
            Ok((tx.signals_of_day(session.day, BOOK)?, tx.scores_of_day(session.day, BOOK)?))
        })?;
        for signal in signals {
            let low = scores.iter().any(|s| s.signal == signal.id && s.score < 0.5);
            let place = history.place_of(&signal.symbol);
            let (true, Some(place)) = (low, place) else { continue };
            let setup: Setup =
                serde_json::from_value(signal.payload).map_err(Error::ReadAccount)?;
            let stock = history.stock(place)?;
            let after = stock.candles.partition_point(|candle| candle.day <= setup.day);
            let mut watch = Watch::new(&setup);
            let later = stock.candles[after..].iter().take(most);
            let alerts = later.filter_map(|bar| watch.bar(bar).map(|entry| (bar.day, entry)));
            let Some((day, mut entry)) = alerts.last() else { continue };
            let Some(instrument) = numbers.of(&signal.symbol).filter(|_| day == last) else {
                continue;
            };
            let factor = history.last_factor(place)?;
            for level in [&mut entry.level, &mut entry.stop, &mut entry.farthest] {
                *level /= factor;
            }
            let side = match setup.side {
                Side::Long => Side::Short,
                Side::Short => Side::Long,
            };
            let risk_pct = config.size.decent.risk_pct;
            let fade = PlannedFade { primary: signal.id, side, entry, risk_pct };
            book.due_fade(instrument, fade);
        }
    }
    Ok(())
}

/// 6. A person, or the rule for unattended mode, decides. Gives the intents that still wait; the
///    step is done once there are none.
pub(crate) fn approve(walk: &Walk<'_>, planned: &Planned) -> Result<Vec<String>, Error> {
    let waiting = walk.store.read(|tx| waiting(tx, planned))?;
    let by_person = walk.request.sending == Sending::Approved;
    if by_person && !waiting.is_empty() && walk.request.brake == Brake::Released {
        return Ok(waiting);
    }
    let decision = match (walk.request.sending, walk.request.brake) {
        (_, Brake::Pulled) => Some(("kill switch", Decision::Reject)),
        (Sending::Unattended, Brake::Released) => Some(("unattended", Decision::Approve)),
        _ => None,
    };
    walk.store.step(&walk.key("approve"), &walk.inputs(), |tx| {
        let mut decided = 0;
        if let Some((who, decision)) = decision {
            for intent in &waiting {
                decided += 1;
                tx.decide(&Approval {
                    intent: intent.clone(),
                    who: who.to_owned(),
                    at: walk.planned_at(),
                    decision,
                    reason: format!("{:?}", walk.request.sending),
                })?;
            }
        }
        Ok::<usize, Error>(decided)
    })?;
    Ok(Vec::new())
}

fn waiting(tx: &Tx<'_>, planned: &Planned) -> Result<Vec<String>, Error> {
    let mut waiting = Vec::new();
    for id in &planned.intents {
        let undecided = tx.approval(id)?.is_none();
        if undecided && tx.intent(id)?.is_some_and(|i| i.state == IntentState::Planned) {
            waiting.push(id.clone());
        }
    }
    Ok(waiting)
}

/// 7. Approved intents become orders, written down before anyone hears of them.
pub(crate) fn execute(walk: &Walk<'_>) -> Result<(), Error> {
    let look = || -> Result<Desk, Error> {
        let mut desk = walk.desk(BreakoutBook::default())?;
        let (day, at) = (walk.request.session, walk.sent_at());
        let decided = walk.store.read(|tx| -> Result<_, Error> {
            let mut decided = Vec::new();
            for intent in tx.intents_of_day(day, BOOK)? {
                if let Some(approval) = tx.approval(&intent.id)? {
                    decided.push(approval);
                }
            }
            Ok(decided)
        })?;
        for approval in decided {
            let (intent, who) = (approval.intent, approval.who);
            let command = match approval.decision {
                Decision::Approve if walk.request.brake == Brake::Released => {
                    Command::Approve { intent, who }
                }
                _ => Command::Reject { intent, who },
            };
            desk.tell(&Event { at, known: at, what: What::Command(command) })?;
        }
        Ok(desk)
    };
    walk.store.prepared_step(&walk.key("execute"), &walk.inputs(), look, |tx, desk| {
        if walk.request.sending != Sending::DryRun {
            records::write(walk, tx, &desk)?;
        }
        Ok::<usize, Error>(desk.journal.lines.len())
    })?;
    Ok(())
}

/// Tells the broker of orders that are written down and not sent. It knows an order by its name,
/// so telling it twice is telling it once.
pub(crate) fn transmit(walk: &Walk<'_>) -> Result<(), Error> {
    if walk.request.sending == Sending::DryRun || walk.request.brake == Brake::Pulled {
        return Ok(());
    }
    let mut desk = walk.desk(BreakoutBook::default())?;
    walk.store.transaction("breakout.transmit", |tx| {
        let drafts = tx.open_orders(BOOK)?.into_iter().filter(|o| o.state == OrderState::Draft);
        for order in drafts {
            desk.account.submit(walk.sent_at(), &order.request);
            tx.move_order(&order.id, OrderState::Sent, "to the simulated broker")?;
        }
        save(tx, &desk)
    })
}

fn save(tx: &Tx<'_>, desk: &Desk) -> Result<(), Error> {
    let state = serde_json::to_value(&desk.account).map_err(Error::ReadAccount)?;
    Ok(tx.put_simulated_account(BOOK, state)?)
}

/// 8. The session's bars: the exchange first, then the engine with its stops and targets.
pub(crate) fn manage(walk: &Walk<'_>) -> Result<(), Error> {
    let look = || -> Result<Desk, Error> {
        let mut desk = walk.desk(BreakoutBook::default())?;
        if walk.request.sending == Sending::DryRun {
            return Ok(desk);
        }
        for event in session_events(walk, &desk)? {
            desk.happen(&event)?;
        }
        Ok(desk)
    };
    walk.store.prepared_step(&walk.key("manage"), &walk.inputs(), look, |tx, desk| {
        if walk.request.sending != Sending::DryRun {
            records::write(walk, tx, &desk)?;
            save(tx, &desk)?;
        }
        Ok::<usize, Error>(desk.journal.lines.len())
    })?;
    Ok(())
}

/// What happened to stocks with a position or an order, in the order in which it was known.
fn session_events(walk: &Walk<'_>, desk: &Desk) -> Result<Vec<Event>, Error> {
    let (day, session) = (walk.request.session, walk.session);
    let after = day.plus(2).start();
    let history = LakeHistory::open(walk.lake, &walk.request.parts, after)?;
    let view = desk.engine.view();
    let mut concerned: Vec<InstrumentId> = view.positions().map(|(id, _)| id).collect();
    concerned.extend(view.orders().map(|order| order.request.instrument));
    concerned.sort_unstable();
    concerned.dedup();
    let mut events: Vec<(Ts, u8, Event)> = Vec::new();
    for instrument in concerned {
        let symbol = desk.numbers.symbol(instrument);
        let (bar, actions) = history.session_bar(symbol, day)?;
        for action in actions {
            let at = walk.sent_at();
            let what = What::Corporate { instrument, action: action.action };
            events.push((at, 0, Event { at, known: at, what }));
        }
        for bar in history.session_shorter(symbol, day)? {
            let prices = candle_bar(&bar.candle)?;
            let size = BarSize::Minutes(bar.minutes.clamp(1, 1_440) as u16);
            let what = What::Bar { instrument, size, start: bar.start, bar: prices };
            let end = bar.start + size.span();
            events.push((
                bar.known.max(end),
                1,
                Event { at: end, known: bar.known.max(end), what },
            ));
        }
        if let Some((candle, _)) = bar {
            let (size, start) = (BarSize::Daily, session.open);
            let what = What::Bar { instrument, size, start, bar: candle_bar(&candle)? };
            let at = session.close;
            events.push((at, 2, Event { at, known: at, what }));
        }
    }
    events.sort_by_key(|(known, order, _)| (*known, *order));
    Ok(events.into_iter().map(|(_, _, event)| event).collect())
}

fn candle_bar(candle: &market::Candle) -> Result<Bar, Error> {
    Ok(candle.to_bar(1.0)?)
}

/// 9. The broker's account against our ledger, to the cent and the share.
pub(crate) fn reconcile(walk: &Walk<'_>) -> Result<(), Error> {
    let look = || -> Result<(Desk, Vec<Incident>), Error> {
        let desk = walk.desk(BreakoutBook::default())?;
        let incidents = match walk.request.sending {
            // A dry run has no account that could differ.
            Sending::DryRun => Vec::new(),
            _ => differences(walk.request.session, walk.session.close, &desk),
        };
        Ok((desk, incidents))
    };
    walk.store.prepared_step(&walk.key("reconcile"), &walk.inputs(), look, |tx, found| {
        let (desk, incidents) = found;
        for incident in &incidents {
            tx.record_incident(incident)?;
        }
        if walk.request.sending != Sending::DryRun {
            let view = desk.engine.view();
            tx.put_equity(&Equity {
                book: BOOK.to_owned(),
                day: walk.request.session,
                currency: market::Currency::USD,
                cash: view.cash(),
                positions: desk.account.equity() - desk.account.cash(),
            })?;
        }
        Ok::<usize, Error>(incidents.len())
    })?;
    Ok(())
}

fn differences(day: Day, at: Ts, desk: &Desk) -> Vec<Incident> {
    let mut incidents = Vec::new();
    let mut tell = |what: &str, ours: String, theirs: String| {
        incidents.push(Incident {
            id: format!("{day}/reconcile/{what}"),
            at,
            severity: Severity::Critical,
            kind: "reconcile".to_owned(),
            detail: json!({"what": what, "ours": ours, "broker": theirs}),
            resolved: None,
            resolution: None,
        });
    };
    let snapshot = desk.account.snapshot();
    let view = desk.engine.view();
    if view.cash() != snapshot.cash {
        tell("cash", view.cash().to_string(), snapshot.cash.to_string());
    }
    let mut instruments: Vec<InstrumentId> = view.positions().map(|(id, _)| id).collect();
    instruments.extend(snapshot.positions.iter().map(|held| held.instrument));
    instruments.sort_unstable();
    instruments.dedup();
    for instrument in instruments {
        let (ours, theirs) = (view.qty(instrument), desk.account.position(instrument));
        if ours != theirs {
            let symbol = desk.numbers.symbol(instrument);
            tell(symbol, ours.to_string(), theirs.to_string());
        }
    }
    incidents
}

/// 10. The report is made; its digest is on record.
pub(crate) fn report(walk: &Walk<'_>, page: &Page) -> Result<(), Error> {
    let digest = base::Digest::of(page.html().as_bytes()).to_string();
    walk.store.step(&walk.key("report"), &walk.inputs(), |_| Ok::<String, Error>(digest))?;
    Ok(())
}
