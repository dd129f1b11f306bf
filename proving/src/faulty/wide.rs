//! What happens in wide worlds alone: settings, splits and dividends, and what must hold of plans
//! that wait for another instrument.

use anyhow::{Result, ensure};
use base::seed::Rng;
use base::{Span, Ts};
use desk::exit::{Phase, Way};
use desk::risk::BookLimits;
use desk::{Approval, EngineConfig, State};
use market::{Corporate, Event, InstrumentId, Price, What};
use rand::RngExt as _;

use super::Fault;
use super::world::{Happening, INSTRUMENTS, World};

/// High enough to be split once or twice in a world's days.
pub(super) const FIRST_PRICE: f64 = 160.0;
/// No split leaves a lower price.
const LOWEST: f64 = 30.0;
/// Most plans at a time, where the book is held to it.
const MOST_PLANS: usize = 2;
/// How long an intent waits for a person.
const PATIENCE: Span = Span::from_minutes(45);

/// Who approves, and what the book is held to.
pub(super) fn configure(config: &mut EngineConfig, rng: &mut Rng) {
    if rng.random_bool(0.5) {
        config.approval = Approval::Human { expires_after: PATIENCE };
    }
    if rng.random_bool(0.3) {
        let limits = BookLimits {
            open_positions: Some(MOST_PLANS),
            daily_loss_fraction: Some(0.01),
            orders_a_minute: Some(4),
            ..BookLimits::default()
        };
        config.limits.books = [("gambler".to_owned(), limits)].into();
    }
}

impl World {
    /// What companies do before a session.
    pub(super) fn companies(&mut self) {
        for index in 0..INSTRUMENTS {
            let instrument = InstrumentId(index as u32);
            let ratio = if self.more.random_bool(0.3) { 3.0 } else { 2.0 };
            let splits = self.more.random_bool(0.12) && self.prices[index] / ratio > LOWEST;
            let pays = self.more.random_bool(0.05);
            if splits {
                self.prices[index] /= ratio;
                self.company(instrument, Corporate::Split { ratio });
            }
            if pays {
                let amount = Price::from_raw(self.more.random_range(1..200) * (Price::SCALE / 100));
                self.company(instrument, Corporate::Dividend { amount });
            }
        }
    }

    fn company(&mut self, instrument: InstrumentId, action: Corporate) {
        let what = What::Corporate { instrument, action };
        self.at(self.now, Happening::Corporate(Event { at: self.now, known: self.now, what }));
    }

    /// It happens at the broker's, and we are told: at once, or when we are there again.
    pub(super) fn corporate(&mut self, event: Event) -> Result<()> {
        self.say(|| format!("{:?}", event.what));
        let What::Corporate { instrument, action } = &event.what else { return Ok(()) };
        match action {
            Corporate::Split { ratio } => {
                self.oracle.split(*instrument, *ratio);
                self.count(Fault::Split);
            }
            _ => self.count(Fault::Dividend),
        }
        self.far.on_corporate(&event)?;
        self.news.push(event);
        if self.more.random_bool(0.15) {
            let kills = [
                Fault::KilledBeforeCommit,
                Fault::KilledAfterCommit,
                Fault::KilledInFlush,
                Fault::KilledAfterFlush,
            ];
            self.doomed = Some(kills[self.more.random_range(0..kills.len())].clone());
        }
        self.tell_news()
    }

    /// Tells what companies did, until it is on record.
    pub(super) fn tell_news(&mut self) -> Result<()> {
        let (before, at) = (self.disk.kept.len(), self.now + self.offset);
        let news = self.news.iter().map(|event| Event { at, known: at, ..event.clone() });
        let news: Vec<Event> = news.collect();
        self.turn(&news)?;
        let is_split = |event: &Event| {
            matches!(event.what, What::Corporate { action: Corporate::Split { .. }, .. })
        };
        if self.disk.kept.len() > before || !news.iter().any(is_split) {
            self.news.clear();
            self.oracle.told_of_splits();
        }
        Ok(())
    }

    /// What a bar that the engine has taken in must have led to.
    pub(super) fn looks_at_bar(&self, event: &Event) -> Result<()> {
        let (Some(state), What::Bar { instrument, start, bar, .. }) = (self.state(), &event.what)
        else {
            return Ok(());
        };
        if self.config.limits.books.contains_key("gambler") {
            let plans: usize = state.plans.values().map(Vec::len).sum();
            ensure!(plans <= MOST_PLANS, "{plans} plans are more than the book may have");
        }
        left_what_was_touched(state, (*instrument, *start), (bar.low, bar.high))
    }
}

/// A plan that waits for a price of an instrument leaves once a bar of it that began after its
/// entry touches that price.
fn left_what_was_touched(
    state: &State,
    (instrument, start): (InstrumentId, Ts),
    (low, high): (Price, Price),
) -> Result<()> {
    for keeper in state.plans.values().flatten() {
        let Some(close) = keeper.plan.close_on.filter(|it| it.instrument == instrument) else {
            continue;
        };
        let whole = keeper.opened_at.is_some_and(|opened| start >= opened);
        let touched = match close.way {
            Way::Rises => high >= close.price,
            Way::Falls => low <= close.price,
        };
        let stays = keeper.phase == Phase::Open;
        ensure!(!(whole && touched && stays), "plan {} stays past {}", keeper.intent, close.price);
    }
    Ok(())
}
