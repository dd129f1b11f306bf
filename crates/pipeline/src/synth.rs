//! A synthetic market streamed into the lake, symbol by symbol.

use base::{Digest, Span, Ts};
use lake::{
    Adjusted, Append, FundamentalRow, InstrumentRow, Lake, Manifest, Origin, Quality, ShortBar,
    Source, Table,
};
use market::{Candle, CorporateAction, Instrument, InstrumentId, Kind, Session};
use rayon::prelude::*;
use sim::synth::{Market, SymbolHistory, SynthConfig};

use crate::{Error, Progress};

/// Symbols made at once; more would only take memory.
const AT_ONCE: usize = 64;

/// What to make.
#[derive(Debug, Clone)]
pub struct SynthRequest {
    /// The market.
    pub config: SynthConfig,
    /// The dataset it becomes.
    pub dataset: String,
    /// Minutes of shorter bars, where they are wanted too.
    pub minutes: Option<u16>,
    /// When, told by the caller.
    pub at: Ts,
}

/// Streams the market into the lake: instruments, corporate actions, market values, daily bars.
/// The same request again is a no-op. At no time are more than a few symbols in memory.
pub fn fill(
    lake: &Lake,
    request: &SynthRequest,
    progress: &dyn Progress,
) -> Result<Vec<Manifest>, Error> {
    let market = Market::new(request.config.clone())?;
    let told = format!("{:?} {:?}", request.config, request.minutes);
    let append = Append {
        dataset: request.dataset.clone(),
        source: Source {
            name: format!(
                "synthetic market, seed {}, {} stocks, {} years, edge {:?}",
                request.config.seed,
                request.config.symbols,
                request.config.years,
                request.config.edge
            ),
            bytes: 0,
            sha256: Digest::of(told.as_bytes()),
        },
        read_as: "generated".to_owned(),
        origin: Origin::Synthetic,
        adjusted: Adjusted::None,
        at: request.at,
    };
    if let Some(done) = lake.find_append(Table::BarsDaily, &append.id())? {
        return Ok(vec![done]);
    }
    let mut stream = Stream { lake, append, manifests: Vec::new() };
    let mut ids: Vec<(InstrumentId, &Instrument)> = market.universe().iter().collect();
    ids.sort_by(|a, b| a.1.symbol.cmp(&b.1.symbol));
    stream.instruments(&ids, market.sessions())?;
    stream.histories(&market, &ids, request, progress)?;
    Ok(stream.manifests)
}

struct Stream<'a> {
    lake: &'a Lake,
    append: Append,
    manifests: Vec<Manifest>,
}

impl Stream<'_> {
    /// A writer, unless this table was filled before a crash.
    fn writer(&mut self, table: Table) -> Result<Option<lake::Writer>, Error> {
        if let Some(done) = self.lake.find_append(table, &self.append.id())? {
            self.manifests.push(done);
            return Ok(None);
        }
        Ok(Some(self.lake.write(table, self.append.clone())?))
    }

    fn instruments(
        &mut self,
        ids: &[(InstrumentId, &Instrument)],
        sessions: &[Session],
    ) -> Result<(), Error> {
        let Some(first) = sessions.first() else { return Ok(()) };
        let row = |(_, it): &(InstrumentId, &Instrument)| InstrumentRow {
            symbol: it.symbol.clone(),
            day: first.day,
            kind: format!("{:?}", it.kind).to_lowercase(),
            sector_etf: it.sector_etf.clone(),
            known: first.open,
        };
        let rows: Vec<InstrumentRow> = ids.iter().map(row).collect();
        if let Some(mut writer) = self.writer(Table::Instruments)? {
            writer.instruments(&rows)?;
            self.manifests.push(writer.finish(Quality::default())?);
        }
        Ok(())
    }

    fn histories(
        &mut self,
        market: &Market,
        ids: &[(InstrumentId, &Instrument)],
        request: &SynthRequest,
        progress: &dyn Progress,
    ) -> Result<(), Error> {
        let mut daily = self.writer(Table::BarsDaily)?;
        let mut caps = self.writer(Table::Fundamentals)?;
        let mut short = match request.minutes {
            Some(_) => self.writer(Table::BarsIntraday)?,
            None => None,
        };
        let mut actions: Vec<(String, CorporateAction)> = Vec::new();
        progress.begin("making the market", ids.len() as u64);
        for some in ids.chunks(AT_ONCE) {
            let made: Vec<SymbolHistory> = some
                .par_iter()
                .map(|(id, _)| market.symbol_series(*id))
                .collect::<Result<_, sim::Error>>()?;
            for ((_, instrument), history) in some.iter().zip(&made) {
                let symbol = &instrument.symbol;
                actions.extend(history.actions.iter().map(|a| (symbol.clone(), a.clone())));
                if let Some(writer) = &mut daily {
                    writer.daily(symbol, &timed(&history.candles, market.sessions()))?;
                }
                if let (Some(writer), Some(minutes)) = (&mut short, request.minutes) {
                    writer.intraday(symbol, &shorter(market, history, minutes)?)?;
                }
                if let Some(writer) = &mut caps
                    && instrument.kind == Kind::Stock
                {
                    writer.fundamentals(&market_caps(symbol, history, market.sessions()))?;
                }
                progress.step();
            }
        }
        progress.end();
        if let Some(mut writer) = self.writer(Table::CorporateActions)?
            && !actions.is_empty()
        {
            writer.actions(&actions)?;
            self.manifests.push(writer.finish(Quality::default())?);
        }
        // Bars last: an append is whole once they are there.
        for writer in [caps, short, daily].into_iter().flatten() {
            self.manifests.push(writer.finish(Quality::default())?);
        }
        Ok(())
    }
}

fn shorter(market: &Market, history: &SymbolHistory, minutes: u16) -> Result<Vec<ShortBar>, Error> {
    let length = Span::from_minutes(i64::from(minutes));
    let mut rows = Vec::new();
    for daily in &history.candles {
        for bar in market.intraday(history.instrument, daily, minutes)? {
            rows.push((bar.start, i32::from(minutes), bar.candle, bar.start + length));
        }
    }
    Ok(rows)
}

/// Bars with the close of their session, when they became known.
fn timed(candles: &[Candle], sessions: &[Session]) -> Vec<(Candle, Ts)> {
    candles.iter().map(|candle| (*candle, close_of(candle.day, sessions))).collect()
}

fn close_of(day: base::Day, sessions: &[Session]) -> Ts {
    let found = sessions.binary_search_by_key(&day, |session| session.day);
    found.map_or(day.plus(1).start(), |at| sessions[at].close)
}

/// Market values on the first session of each month.
fn market_caps(symbol: &str, history: &SymbolHistory, sessions: &[Session]) -> Vec<FundamentalRow> {
    let row = |(day, value)| FundamentalRow {
        symbol: symbol.to_owned(),
        period_end: day,
        field: "market_cap".to_owned(),
        value,
        known: close_of(day, sessions),
    };
    let mut month = 0;
    let first_of_month =
        |(day, _): &(base::Day, f64)| std::mem::replace(&mut month, day.month()) != day.month();
    history.market_caps().filter(first_of_month).map(row).collect()
}
