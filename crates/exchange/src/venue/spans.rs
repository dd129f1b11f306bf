//! Bars of any length, gathered from those of the tape, and what is quoted around them.

use base::{Day, Rounding, Span, Ts};
use market::{Bar, Corporate, InstrumentId, LocalClock, Price, Session};
use sim::BarPrint;

use super::Venue;

/// How long a bar is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Frame {
    Minutes(i64),
    Day,
    Week,
    Months(u32),
}

impl Frame {
    /// Reads `5Min`, `1Hour`, `1Day`, `1Week`, `3Month` and their short forms.
    pub(super) fn read(text: &str) -> Option<Frame> {
        let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let count: i64 = text[..digits].parse().ok()?;
        match &text[digits..] {
            "Min" | "T" if (1..=59).contains(&count) => Some(Frame::Minutes(count)),
            "Hour" | "H" if (1..=23).contains(&count) => Some(Frame::Minutes(60 * count)),
            "Day" | "D" if count == 1 => Some(Frame::Day),
            "Week" | "W" if count == 1 => Some(Frame::Week),
            "Month" | "M" if [1, 2, 3, 4, 6, 12].contains(&count) => {
                Some(Frame::Months(count as u32))
            }
            _ => None,
        }
    }

    /// When the bar begins that a moment of a session belongs to.
    fn start(self, at: Ts, day: Day) -> Ts {
        let first = match self {
            Frame::Minutes(minutes) => {
                let step = Span::from_minutes(minutes).nanos();
                return Ts::from_nanos(at.nanos().div_euclid(step) * step);
            }
            Frame::Day => day,
            Frame::Week => day.plus(-(day.weekday() as i32)),
            Frame::Months(months) => {
                let (year, month, _) = day.ymd();
                let month = (month - 1) / months * months + 1;
                Day::from_ymd(year as i16, month as i8, 1).unwrap_or(day)
            }
        };
        LocalClock::NewYork.midnight(first).unwrap_or(first.start())
    }
}

/// A bar of any length.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spanned {
    pub start: Ts,
    pub bar: Bar,
    /// Typical price × volume, for the average.
    value: f64,
}

impl Spanned {
    pub(crate) fn of(start: Ts, bar: Bar) -> Spanned {
        let typical = (bar.high.to_f64() + bar.low.to_f64() + bar.close.to_f64()) / 3.0;
        Spanned { start, bar, value: typical * bar.volume as f64 }
    }

    fn join(&mut self, next: &Spanned) {
        self.bar.high = self.bar.high.max(next.bar.high);
        self.bar.low = self.bar.low.min(next.bar.low);
        self.bar.close = next.bar.close;
        self.bar.volume += next.bar.volume;
        self.value += next.value;
    }

    /// Price by volume, as well as a bar knows it.
    pub(crate) fn average(&self) -> f64 {
        match self.bar.volume {
            0 => self.bar.close.to_f64(),
            volume => self.value / volume as f64,
        }
    }

    fn divided(mut self, ratio: f64) -> Spanned {
        let bar = &mut self.bar;
        for price in [&mut bar.open, &mut bar.high, &mut bar.low, &mut bar.close] {
            *price = Price::from_raw((price.raw() as f64 / ratio).round() as i64);
        }
        bar.volume = (bar.volume as f64 * ratio).round() as u64;
        self
    }
}

/// What is asked of one symbol.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    pub frame: Frame,
    pub from: Ts,
    pub to: Ts,
    /// Divide by later splits.
    pub splits: Splits,
}

/// What is done about splits that came later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Splits {
    Raw,
    Adjusted,
}

impl Venue {
    /// The session's bars of a symbol that are known now.
    pub(super) fn known_bars(&self, instrument: InstrumentId, session: &Session) -> Vec<BarPrint> {
        if session.open >= self.state.now {
            return Vec::new();
        }
        let mut bars = self.tape.bars(instrument, session);
        bars.retain(|print| print.end <= self.state.now);
        bars
    }

    /// Bars of a symbol, ascending, at most so many and one more.
    pub(crate) fn spans(
        &self,
        instrument: InstrumentId,
        asked: &Asked,
        most: usize,
    ) -> Vec<Spanned> {
        let sessions = self.tape.sessions();
        // A bar of months may begin long before the moment asked for.
        let from = asked.from.utc_day();
        let first = sessions.partition_point(|session| session.day < from.plus(-1));
        let mut found: Vec<Spanned> = Vec::new();
        for session in &sessions[first..] {
            if session.open >= self.state.now || session.open > asked.to || found.len() > most + 1 {
                break;
            }
            let ratio = match asked.splits {
                Splits::Raw => 1.0,
                Splits::Adjusted => self.later_splits(instrument, session.day),
            };
            for piece in self.pieces(instrument, session, asked.frame) {
                if piece.start < asked.from || piece.start > asked.to {
                    continue;
                }
                let piece = piece.divided(ratio);
                match found.last_mut() {
                    Some(last) if last.start == piece.start => last.join(&piece),
                    _ => found.push(piece),
                }
            }
        }
        found.truncate(most + 1);
        found
    }

    fn pieces(&self, instrument: InstrumentId, session: &Session, frame: Frame) -> Vec<Spanned> {
        let is_over = session.close <= self.state.now;
        if !matches!(frame, Frame::Minutes(_)) && is_over {
            let Some(candle) = self.tape.candle(instrument, session.day) else {
                return Vec::new();
            };
            let bar = candle.to_bar(1.0).ok();
            let start = frame.start(session.open, session.day);
            return bar.map(|bar| Spanned::of(start, bar)).into_iter().collect();
        }
        let mut found: Vec<Spanned> = Vec::new();
        for print in self.known_bars(instrument, session) {
            let piece = Spanned::of(frame.start(print.start, session.day), print.bar);
            match found.last_mut() {
                Some(last) if last.start == piece.start => last.join(&piece),
                _ => found.push(piece),
            }
        }
        found
    }

    /// The product of the splits after a day, as far as they are known now.
    fn later_splits(&self, instrument: InstrumentId, day: Day) -> f64 {
        let today = self.today();
        let ratios =
            self.tape.listing(instrument).actions.iter().filter_map(|action| match action.action {
                Corporate::Split { ratio } if action.ex_day > day && action.ex_day <= today => {
                    Some(ratio)
                }
                _ => None,
            });
        ratios.product()
    }

    /// The session of today as one bar, as far as it is known.
    pub(crate) fn day_so_far(&self, instrument: InstrumentId) -> Option<Bar> {
        self.pieces(instrument, self.session()?, Frame::Day).first().map(|piece| piece.bar)
    }

    /// The last bar of a symbol that is known now, of this session or of one before.
    pub(crate) fn last_bar(&self, instrument: InstrumentId) -> Option<BarPrint> {
        let sessions = &self.tape.sessions()[..=self.state.session];
        sessions
            .iter()
            .rev()
            .take(10)
            .find_map(|session| self.known_bars(instrument, session).pop())
    }

    /// Bid and ask around a price, in whole cents and never the same.
    pub(crate) fn quote(&self, close: Price) -> (f64, f64) {
        quote(close, self.state.half_spread_bps)
    }
}

/// Bid and ask around a price, in whole cents and never the same.
pub(crate) fn quote(close: Price, half_spread_bps: f64) -> (f64, f64) {
    let cent = Price::from_raw(Price::SCALE / 100);
    let away = (close.raw() as f64 * half_spread_bps * 1e-4) as i64;
    let bid = Price::from_raw(close.raw() - away).round_to(cent, Rounding::Down).max(cent);
    let ask = Price::from_raw(close.raw() + away).round_to(cent, Rounding::Up);
    (bid.to_f64(), ask.max(bid + cent).to_f64())
}
