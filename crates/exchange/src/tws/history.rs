//! Bars of the past, and how they go on.

use base::{Span, Ts};
use market::{InstrumentId, LocalClock, Price};

use super::contracts;
use super::hall::Desk;
use super::messages::data::{
    HeadTimestamp, HeadTimestampRequest, HistoricalData, HistoricalDataBar, HistoricalDataEnd,
    HistoricalDataRequest, HistoricalDataUpdate,
};
use super::messages::tell;
use super::refusals::Refusal;
use super::times::{day_text, read_moment, seconds, stamp};
use super::wants::{Kept, Shown, Wants};
use crate::Venue;
use crate::venue::{Asked, Frame, Spanned, Splits};

/// Most bars in one answer.
const MOST_BARS: usize = 20_000;
/// Longest time that may be asked for.
const LONGEST_DAYS: i64 = 36_500;

/// Reads `5 mins`, `1 hour`, `1 day`, `1 week`, `1 month`.
fn frame(text: &str) -> Option<Frame> {
    let (count, unit) = text.trim().split_once(' ')?;
    let count: i64 = count.parse().ok()?;
    match (count, unit.trim()) {
        (1 | 2 | 3 | 5 | 10 | 15 | 20 | 30, "min" | "mins") => Some(Frame::Minutes(count)),
        (1 | 2 | 3 | 4 | 8, "hour" | "hours") => Some(Frame::Minutes(60 * count)),
        (1, "day" | "days") => Some(Frame::Day),
        (1, "week" | "weeks" | "W") => Some(Frame::Week),
        (1, "month" | "months" | "M") => Some(Frame::Months(1)),
        _ => None,
    }
}

/// Reads which price bars are made of.
pub(super) fn shown_price(text: Option<&str>) -> Option<Shown> {
    match text.unwrap_or_default() {
        "" | "TRADES" => Some(Shown::Trades),
        "BID" => Some(Shown::Bid),
        "ASK" => Some(Shown::Ask),
        "MIDPOINT" => Some(Shown::Midpoint),
        _ => None,
    }
}

/// Where a span begins that ends at a moment: `3 D` are three sessions, the rest calendar time.
fn begin(venue: &Venue, end: Ts, duration: &str) -> Option<Ts> {
    let (count, unit) = duration.trim().split_once(' ')?;
    let count: i64 = count.parse().ok().filter(|count| *count > 0)?;
    let days = match unit.trim() {
        "S" => return Some(end - Span::from_seconds(count.min(LONGEST_DAYS * 86_400))),
        "D" => {
            let sessions = venue.tape().sessions();
            let begun = sessions.partition_point(|session| session.open < end);
            let first = begun.saturating_sub(usize::try_from(count).ok()?);
            return sessions.get(first).map(|session| session.open.min(end));
        }
        "W" => count.saturating_mul(7),
        "M" => count.saturating_mul(31),
        "Y" => count.saturating_mul(366),
        _ => return None,
    };
    Some(end - Span::from_days(days.min(LONGEST_DAYS)))
}

/// A bar of trades, or of quotes around them.
pub(super) fn priced(venue: &Venue, price: Price, shown: Shown) -> f64 {
    let (bid, ask) = venue.quote(price);
    match shown {
        Shown::Trades => price.to_f64(),
        Shown::Bid => bid,
        Shown::Ask => ask,
        Shown::Midpoint => ((bid + ask) * 5e3).round() / 1e4,
    }
}

/// A bar as it is told; `format` 2 asks for seconds since 1970.
fn told(
    venue: &Venue,
    span: &Spanned,
    frame: Frame,
    (shown, format): (Shown, i32),
) -> HistoricalDataBar {
    let bar = &span.bar;
    let date = match (frame, format) {
        (Frame::Minutes(_), 2) => seconds(span.start).to_string(),
        (Frame::Minutes(_), _) => stamp(span.start),
        _ => day_text(LocalClock::NewYork.shown_at(span.start).utc_day()),
    };
    let trades = shown == Shown::Trades;
    let price = |price| Some(priced(venue, price, shown));
    HistoricalDataBar {
        date: Some(date),
        open: price(bar.open),
        high: price(bar.high),
        low: price(bar.low),
        close: price(bar.close),
        volume: Some(if trades { bar.volume.to_string() } else { "0".to_owned() }),
        wap: Some(if trades { format!("{:.4}", span.average()) } else { "0".to_owned() }),
        bar_count: Some(if trades { (bar.volume / 100).clamp(1, 1 << 30) as i32 } else { 0 }),
    }
}

impl Desk<'_> {
    pub(super) fn historical_data(&mut self, ask: &HistoricalDataRequest) -> Result<(), Refusal> {
        let id = ask.req_id.unwrap_or_default();
        let instrument = contracts::wanted(self.venue, id, ask.contract.as_ref())?;
        let size = ask.bar_size_setting.as_deref().unwrap_or_default();
        let frame = frame(size)
            .filter(|frame| !matches!(frame, Frame::Minutes(minutes) if *minutes < i64::from(self.venue.tape().minutes())))
            .ok_or_else(|| Refusal::invalid(id, format!("there are no bars of '{size}' here")))?;
        let what = ask.what_to_show.as_deref();
        let shown = shown_price(what).ok_or_else(|| {
            Refusal::invalid(id, format!("{} is not told here", what.unwrap_or_default()))
        })?;
        let goes_on = ask.keep_up_to_date == Some(true);
        let end = match ask.end_date_time.as_deref().unwrap_or_default() {
            "" => self.venue.now(),
            _ if goes_on => {
                let text = "bars that are kept up to date have no end date";
                return Err(Refusal::invalid(id, text));
            }
            text => read_moment(text).ok_or_else(|| {
                Refusal::new(
                    id,
                    10314,
                    "End Date/Time: The date, time, or time-zone entered is invalid.",
                )
            })?,
        };
        let duration = ask.duration.as_deref().unwrap_or_default();
        let from = begin(self.venue, end, duration).ok_or_else(|| {
            Refusal::invalid(id, format!("the duration '{duration}' can't be read"))
        })?;
        if goes_on {
            Wants::check_room(&self.line.wants.kept, id)?;
        }
        let spans = self.spans(id, instrument, (frame, from, end))?;
        let format = ask.format_date.unwrap_or(1);
        let bars = spans.iter().map(|span| told(self.venue, span, frame, (shown, format)));
        let data = HistoricalData { req_id: Some(id), historical_data_bars: bars.collect() };
        self.tell(tell::HISTORICAL_DATA, &data);
        let told = HistoricalDataEnd {
            req_id: Some(id),
            start_date_str: Some(stamp(from)),
            end_date_str: Some(stamp(end)),
        };
        self.tell(tell::HISTORICAL_DATA_END, &told);
        if goes_on {
            let from = spans.last().map_or(end, |span| span.start);
            self.line.wants.kept.insert(id, Kept { instrument, frame, shown, from });
        }
        Ok(())
    }

    fn spans(
        &self,
        id: i32,
        instrument: InstrumentId,
        (frame, from, end): (Frame, Ts, Ts),
    ) -> Result<Vec<Spanned>, Refusal> {
        let from = match frame {
            Frame::Minutes(_) => from,
            // A day begins long before its session.
            _ => LocalClock::NewYork
                .midnight(LocalClock::NewYork.shown_at(from).utc_day())
                .unwrap_or(from),
        };
        let asked = Asked { frame, from, to: end - Span::from_nanos(1), splits: Splits::Adjusted };
        let spans = self.venue.spans(instrument, &asked, MOST_BARS);
        let failed = |text: &str| {
            Refusal::new(id, 162, format!("Historical Market Data Service error message:{text}"))
        };
        match spans.len() {
            0 => Err(failed("HMDS query returned no data")),
            count if count > MOST_BARS => Err(failed("Time length exceed max.")),
            _ => Ok(spans),
        }
    }

    /// Tells the bars that came to be since the last time, for each request that goes on.
    pub(super) fn tell_kept(&mut self) {
        let kept: Vec<(i32, Kept)> =
            self.line.wants.kept.iter().map(|(id, kept)| (*id, *kept)).collect();
        for (id, Kept { instrument, frame, shown, from }) in kept {
            let asked = Asked { frame, from, to: Ts::MAX, splits: Splits::Adjusted };
            let spans = self.venue.spans(instrument, &asked, MOST_BARS);
            for span in &spans {
                let bar = told(self.venue, span, frame, (shown, 2));
                let told =
                    HistoricalDataUpdate { req_id: Some(id), historical_data_bar: Some(bar) };
                self.tell(tell::HISTORICAL_DATA_UPDATE, &told);
            }
            if let (Some(last), Some(kept)) = (spans.last(), self.line.wants.kept.get_mut(&id)) {
                kept.from = last.start;
            }
        }
    }

    pub(super) fn head_timestamp(&mut self, ask: &HeadTimestampRequest) -> Result<(), Refusal> {
        let id = ask.req_id.unwrap_or_default();
        let instrument = contracts::wanted(self.venue, id, ask.contract.as_ref())?;
        let tape = self.venue.tape();
        let first = tape.listing(instrument).candles.first().map(|candle| candle.day);
        let session = first.and_then(|day| {
            tape.sessions().iter().find(|session| session.day >= day).map(|session| session.open)
        });
        let at = session.ok_or_else(|| {
            Refusal::new(id, 162, "Historical Market Data Service error message:No head time stamp")
        })?;
        let head_timestamp =
            Some(if ask.format_date == Some(2) { seconds(at).to_string() } else { stamp(at) });
        self.tell(tell::HEAD_TIMESTAMP, &HeadTimestamp { req_id: Some(id), head_timestamp });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_bars_are_read_as_the_broker_writes_them() {
        let cases = [
            ("1 min", Some(Frame::Minutes(1))),
            ("30 mins", Some(Frame::Minutes(30))),
            ("1 hour", Some(Frame::Minutes(60))),
            ("8 hours", Some(Frame::Minutes(480))),
            ("1 day", Some(Frame::Day)),
            ("1 week", Some(Frame::Week)),
            ("1 month", Some(Frame::Months(1))),
            ("5 secs", None),
            ("7 mins", None),
            ("", None),
        ];
        for (text, wanted) in cases {
            assert_eq!(frame(text), wanted, "{text}");
        }
    }
}
