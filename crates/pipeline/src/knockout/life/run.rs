//! The rule at work: bars in, certificates bought, held, and sold or dead.

use base::{Day, Seed, Ts};
use market::{
    Broker as _, BrokerEvent, Cash, ClientOrderId, InstrumentId, OrderKind, OrderRequest, Qty,
    TimeInForce,
};
use sim::knockout::{Happened, Hours, KnockOutExchange, Print, Record};

use super::chance::Chance;
use super::meter::{Meter, Weather};
use super::rule::{Settings, Start};
use super::trade::{Bought, Closed, Ended, Split, Trade, split};
use crate::Error;

/// A purchase on its way.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Buying {
    certificate: InstrumentId,
    weather: Weather,
}

/// What is held.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Holding {
    certificate: InstrumentId,
    session: u32,
    /// A sale is on its way.
    sells: bool,
}

/// The account of a rule over bars.
pub(super) struct Desk<'a> {
    settings: &'a Settings,
    exchange: KnockOutExchange,
    meter: Meter,
    /// Sessions begun, and the day of the last.
    session: (u32, Option<Day>),
    /// The session of the last purchase.
    last_bought: Option<u32>,
    buying: Option<Buying>,
    holding: Option<Holding>,
    /// Part of a session from a decision to its fill.
    bar: f64,
    pub(super) trades: Vec<Trade>,
    /// What was bought or sold, with its evidence.
    pub(super) fills: Vec<Record>,
    /// Sessions begun, for each print within one.
    pub(super) sessions: Vec<Option<u32>>,
    /// Account and index at the end of each day.
    pub(super) days: Vec<(Day, f64, f64)>,
    /// Purchases that were not filled: the certificate died or the cash was short.
    pub(super) missed: u64,
    /// Times that the money did not buy one piece.
    pub(super) unaffordable: u64,
    /// Sessions in which no barrier was worth it.
    pub(super) stayed_out: u64,
}

impl<'a> Desk<'a> {
    pub(super) fn new(settings: &'a Settings, bar: f64) -> Result<Desk<'a>, Error> {
        let exchange = KnockOutExchange::new(settings.rules.clone(), settings.cash);
        Ok(Desk {
            settings,
            exchange: exchange.map_err(Error::HoldKnockOut)?,
            meter: Meter::new(settings.window, settings.trend()),
            session: (0, None),
            last_bought: None,
            buying: None,
            holding: None,
            bar,
            trades: Vec::new(),
            fills: Vec::new(),
            sessions: Vec::new(),
            days: Vec::new(),
            missed: 0,
            unaffordable: 0,
            stayed_out: 0,
        })
    }

    /// Equity and cash now.
    pub(super) fn money(&self) -> (Cash, Cash) {
        (self.exchange.equity(), self.exchange.cash())
    }

    /// Takes in a print, hears what it did, and decides on what it showed.
    pub(super) fn step(&mut self, print: &Print) -> Result<(), Error> {
        let heard = self.exchange.records().len();
        self.exchange.on_print(print).map_err(Error::HoldKnockOut)?;
        let today = self.settings.rules.index_hours.session(print.begins());
        if let Some(day) = today.filter(|day| self.session.1 != Some(*day)) {
            self.session = (self.session.0 + 1, Some(day));
        }
        self.hear(heard)?;
        if let Some(day) = today {
            let bar = print.bar();
            self.meter.take(day, (bar.open.to_f64(), bar.close.to_f64()));
            self.decide(print)?;
        }
        self.sessions.push(today.map(|_| self.session.0));
        let point = (self.exchange.equity().to_f64(), print.bar().close.to_f64());
        let day = print.begins().utc_day();
        match self.days.last_mut() {
            Some(last) if last.0 == day => (last.1, last.2) = point,
            _ => self.days.push((day, point.0, point.1)),
        }
        Ok(())
    }

    fn hear(&mut self, heard: usize) -> Result<(), Error> {
        let records: Vec<Record> = self.exchange.records()[heard..].to_vec();
        for record in records {
            match record.what {
                Happened::Filled { certificate, pieces, price, amount, .. } => {
                    // In money, not in floats: no fee is exactly zero.
                    let due = price.times(Qty::whole(pieces)).to_cents();
                    let fee = (-amount - due).to_f64();
                    let index = record.proof.print.bar().open.to_f64();
                    self.fills.push(record.clone());
                    if pieces > 0 {
                        self.bought(certificate, (pieces, price, fee, index), &record);
                    } else {
                        self.closed((price, fee, index), Ended::Sold, &record);
                        self.exchange.delist(certificate).map_err(Error::HoldKnockOut)?;
                    }
                }
                Happened::KnockedOut { pieces: 1.., residual, index, .. } => {
                    self.fills.push(record.clone());
                    self.closed((residual, 0.0, index), Ended::KnockedOut, &record);
                }
                Happened::KnockedOut { .. } | Happened::Financed { .. } => {}
            }
        }
        self.listen()
    }

    /// Hears of orders that ended without a fill.
    fn listen(&mut self) -> Result<(), Error> {
        let mut answers = Vec::new();
        self.exchange.drain(&mut answers);
        let ended = answers
            .iter()
            .any(|answer| matches!(answer, BrokerEvent::Moved { state, .. } if state.is_done()));
        if !ended {
            return Ok(());
        }
        if let Some(buying) = self.buying.take() {
            self.missed += 1;
            self.exchange.delist(buying.certificate).map_err(Error::HoldKnockOut)?;
        } else if let Some(holding) = self.holding.filter(|holding| holding.sells) {
            // A sale that lapsed is sent again at the next decision.
            self.holding = Some(Holding { sells: false, ..holding });
        }
        Ok(())
    }

    fn bought(
        &mut self,
        certificate: InstrumentId,
        (pieces, paid, fee, index): (i64, market::Price, f64, f64),
        record: &Record,
    ) {
        let Some(buying) = self.buying.take() else { return };
        let begins = record.proof.print.begins();
        let bought = Bought {
            print: self.sessions.len(),
            at: record.at,
            turbo: self.exchange.certificates()[certificate.index()].turbo,
            index,
            pieces,
            paid,
            weather: buying.weather,
            start: start(&self.settings.rules.index_hours, begins),
            session: self.session.0,
            proof: record.proof,
        };
        let (number, split) = (self.trades.len() + 1, Split { fees: fee, ..Split::default() });
        let (ended, chance) = (Ended::Open, Chance::default());
        self.trades.push(Trade { number, bought, closed: None, ended, split, chance });
        self.holding = Some(Holding { certificate, session: self.session.0, sells: false });
    }

    fn closed(
        &mut self,
        (received, fee, index): (market::Price, f64, f64),
        ended: Ended,
        record: &Record,
    ) {
        let Some((held, trade)) = self.holding.take().zip(self.trades.last_mut()) else { return };
        let turbo = self.exchange.certificates()[held.certificate.index()].turbo;
        let closed = Closed { at: record.at, turbo, index, received, proof: record.proof };
        trade.split = split(&trade.bought, &closed, trade.split.fees + fee);
        (trade.closed, trade.ended) = (Some(closed), ended);
    }

    fn decide(&mut self, print: &Print) -> Result<(), Error> {
        let session = self.session.0;
        if let Some(holding) = &mut self.holding {
            if !holding.sells && session >= holding.session + self.settings.hold {
                holding.sells = true;
                let certificate = holding.certificate;
                let pieces = self.exchange.certificates()[certificate.index()].pieces;
                self.send(print, certificate, -pieces);
            }
            return Ok(());
        }
        if self.buying.is_some() || self.last_bought == Some(session) {
            return Ok(());
        }
        let Some(weather) = self.meter.weather() else { return Ok(()) };
        let close = print.bar().close.to_f64();
        let number = self.trades.len();
        let mean = self.meter.mean_close();
        let Some(side) = self.settings.side_of(number, close, mean) else { return Ok(()) };
        self.last_bought = Some(session);
        let rules = &self.settings.rules;
        let ahead =
            self.settings.ahead(start(&rules.index_hours, print.ends()), &weather, self.bar);
        let seed = Seed::root(self.settings.seed).child("choice").index(u64::from(session));
        let Some(turbo) = self.settings.choose(side, close, &ahead, seed)? else {
            self.stayed_out += 1;
            return Ok(());
        };
        let held = Error::HoldKnockOut;
        let certificate = self.exchange.list(turbo).map_err(held)?;
        let ask = rules.ask(&turbo, close, rules.spread.points).map_err(held)?;
        let spend = self.settings.stake * self.exchange.equity().to_f64();
        let pieces = (spend / ask.to_f64()).floor() as i64;
        if pieces < 1 {
            self.unaffordable += 1;
            return self.exchange.delist(certificate).map_err(held);
        }
        self.buying = Some(Buying { certificate, weather });
        self.send(print, certificate, pieces);
        Ok(())
    }

    fn send(&mut self, print: &Print, instrument: InstrumentId, pieces: i64) {
        let word = if pieces > 0 { "buy" } else { "sell" };
        let leg = format!("{word} {} {}", instrument.0, print.known().nanos());
        let order = OrderRequest {
            id: ClientOrderId::derive("knock-out life", &leg),
            instrument,
            qty: Qty::whole(pieces),
            kind: OrderKind::Market,
            tif: TimeInForce::Gtc,
            oco_group: None,
            parent: None,
            reduce_only: false,
        };
        self.exchange.submit(print.known(), &order);
    }
}

/// The local day, and the part of its session that is over.
fn start(hours: &Hours, at: Ts) -> Start {
    let shown = hours.clock.shown_at(at);
    let minute = shown.time_of_day().seconds() / 60.0;
    let (opens, closes) = (f64::from(hours.opens_minute), f64::from(hours.closes_minute));
    Start { day: shown.utc_day(), fraction: ((minute - opens) / (closes - opens)).clamp(0.0, 1.0) }
}
