//! Certificates, cash, and the way of a print through them.

use std::collections::BTreeSet;

use base::Ts;
use market::{
    Broker, BrokerEvent, Cash, ClientOrderId, Held, InstrumentId, OrderRequest, OrderState, Price,
    Qty, Snapshot,
};
use pricing::knockout::{MonthTurn, Turbo};
use serde::{Deserialize, Serialize};

use super::print::Print;
use super::record::{Happened, Proof, Record, Rule};
use super::rules::{IssuerRules, MeanRange};
use super::submit::Working;
use crate::Error;

/// A listed certificate and what we hold of it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Certificate {
    /// Its strike and barrier now.
    pub turbo: Turbo,
    /// Pieces that we hold; never negative.
    pub pieces: i64,
    /// Average price paid for them.
    pub average_price: Price,
    /// True once it was knocked out.
    pub is_dead: bool,
    /// True until it is dead or taken off the list.
    pub is_listed: bool,
}

/// An issuer's certificates on one index, and our account with the broker that trades them.
///
/// Written down with serde and read back, it goes on as if nothing had happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnockOutExchange {
    #[serde(deserialize_with = "IssuerRules::checked")]
    pub(super) rules: IssuerRules,
    pub(super) certificates: Vec<Certificate>,
    pub(super) cash: Cash,
    pub(super) orders: Vec<Working>,
    /// Every order ever sent that is done.
    pub(super) done: BTreeSet<ClientOrderId>,
    pub(super) answers: Vec<BrokerEvent>,
    pub(super) records: Vec<Record>,
    pub(super) last: Option<Print>,
    /// Of the prints seen.
    pub(super) range: MeanRange,
    /// The level of the index at which positions are marked, and the spread there.
    pub(super) mark: (f64, f64),
}

impl KnockOutExchange {
    /// An account of so much cash, in whole cents and not negative, with no certificate listed.
    pub fn new(rules: IssuerRules, cash: Cash) -> Result<KnockOutExchange, Error> {
        rules.check()?;
        if cash.is_negative() || cash != cash.to_cents() {
            let allowed = "an amount in whole cents, zero or more";
            return Err(Error::ReadSetting { field: "cash", value: cash.to_f64(), allowed });
        }
        Ok(KnockOutExchange {
            rules,
            certificates: Vec::new(),
            cash,
            orders: Vec::new(),
            done: BTreeSet::new(),
            answers: Vec::new(),
            records: Vec::new(),
            last: None,
            range: MeanRange::default(),
            mark: (0.0, 0.0),
        })
    }

    /// Lists a certificate as it stands now; its number counts up from zero. Refused where the
    /// last price of the index has touched its barrier already.
    pub fn list(&mut self, turbo: Turbo) -> Result<InstrumentId, Error> {
        if let Some(last) = &self.last {
            turbo.quote(last.bar().close.to_f64(), 0.0).map_err(Error::ListCertificate)?;
        }
        let id = InstrumentId(self.certificates.len() as u32);
        let (pieces, average_price) = (0, Price::ZERO);
        let (is_dead, is_listed) = (false, true);
        self.certificates.push(Certificate { turbo, pieces, average_price, is_dead, is_listed });
        Ok(id)
    }

    /// Takes a certificate off the list: from now on it neither lives nor dies and takes no order.
    /// Refused while pieces of it are held or an order for it waits; once dead, nothing changes.
    pub fn delist(&mut self, certificate: InstrumentId) -> Result<(), Error> {
        let waits = self.orders.iter().any(|order| order.request.instrument == certificate);
        let Some(listed) = self.certificates.get_mut(certificate.index()) else {
            let (field, value) = ("certificate", f64::from(certificate.0));
            return Err(Error::ReadSetting { field, value, allowed: "one that was listed" });
        };
        if waits || listed.pieces != 0 {
            let (field, value) = ("pieces", listed.pieces as f64);
            let allowed = "zero without a waiting order: sell and cancel first";
            return Err(Error::ReadSetting { field, value, allowed });
        }
        listed.is_listed = false;
        Ok(())
    }

    /// Takes in the next piece of the index's path. A print that no index makes, or that goes
    /// back in time, is refused and changes nothing; after any other error the run must stop.
    pub fn on_print(&mut self, print: &Print) -> Result<(), Error> {
        print.check(self.last.as_ref())?;
        let begins = print.begins();
        self.finance(print)?;
        self.release(begins);
        let bar = print.bar();
        let spread = self.rules.spread_points(begins, self.range.points());
        self.mark = (bar.open.to_f64(), spread);
        for which in 0..self.certificates.len() {
            if self.certificates[which].is_listed {
                self.work(which, print)?;
            }
        }
        self.range.take(&bar);
        self.last = Some(*print);
        self.mark =
            (bar.close.to_f64(), self.rules.spread_points(print.ends(), self.range.points()));
        Ok(())
    }

    /// The listed certificates, dead ones too, in the order of their numbers.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// Cash, in whole cents.
    pub fn cash(&self) -> Cash {
        self.cash
    }

    /// What the positions would bring at the bid of the last price seen, in whole cents. Outside
    /// the issuer's hours that is what it would bid.
    pub fn positions(&self) -> Cash {
        let worth = |certificate: &Certificate| {
            let (index, spread) = self.mark;
            let bid = self.rules.bid(&certificate.turbo, index, spread).unwrap_or(Price::ZERO);
            bid.times(Qty::whole(certificate.pieces)).to_cents()
        };
        let held = |certificate: &&Certificate| certificate.pieces != 0;
        self.certificates.iter().filter(held).map(worth).sum()
    }

    /// Cash and positions.
    pub fn equity(&self) -> Cash {
        self.cash + self.positions()
    }

    /// All that happened, oldest first.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// The issuer's prices now, by the last price seen: bid and ask of a living certificate
    /// within hours. Orders sent now will meet others.
    pub fn quote(&self, certificate: InstrumentId) -> Option<(Price, Price)> {
        let listed = self.certificates.get(certificate.index())?;
        let (last, (index, spread)) = (self.last?, self.mark);
        self.rules.hours.session(last.ends())?;
        if !listed.is_listed || listed.turbo.is_touched_by(index) {
            return None;
        }
        let bid = self.rules.bid(&listed.turbo, index, spread).ok()?;
        Some((bid, self.rules.ask(&listed.turbo, index, spread).ok()?))
    }

    /// Moves strikes and barriers over the nights since the last print, by the index's clock.
    fn finance(&mut self, print: &Print) -> Result<(), Error> {
        let Some(last) = self.last else { return Ok(()) };
        let clock = self.rules.index_hours.clock;
        let day = |at: Ts| clock.shown_at(at).utc_day();
        let (from, to) = (day(last.begins()), day(print.begins()));
        if to <= from {
            return Ok(());
        }
        let month_begins = (from.year(), from.month()) != (to.year(), to.month());
        let turn = if month_begins { MonthTurn::Begins } else { MonthTurn::Within };
        let days = (to - from) as u32;
        for which in 0..self.certificates.len() {
            let certificate = &mut self.certificates[which];
            if !certificate.is_listed {
                continue;
            }
            let turbo = certificate.turbo.after_night(days, turn).map_err(Error::Finance)?;
            certificate.turbo = turbo;
            let (strike, barrier) = (turbo.strike(), turbo.barrier());
            let certificate = InstrumentId(which as u32);
            let what = Happened::Financed { certificate, days, strike, barrier };
            self.record(print.begins(), what, Proof::of(print, Rule::Overnight));
        }
        Ok(())
    }

    /// Kills a certificate: pays what is left where the issuer unwound, and ends its orders.
    pub(super) fn kill(
        &mut self,
        which: usize,
        index: f64,
        rule: Rule,
        print: &Print,
    ) -> Result<(), Error> {
        let turbo = self.certificates[which].turbo;
        let residual = self.rules.residual(&turbo, index)?;
        let held = &mut self.certificates[which];
        let pieces = std::mem::take(&mut held.pieces);
        (held.average_price, held.is_dead, held.is_listed) = (Price::ZERO, true, false);
        let amount = residual.times(Qty::whole(pieces)).to_cents();
        self.cash += amount;
        self.mark.0 = index;
        let certificate = InstrumentId(which as u32);
        self.end_orders(certificate, "knocked out");
        let at = if rule == Rule::BarrierGap { print.begins() } else { print.ends() };
        if pieces != 0 {
            let order = ClientOrderId::derive("knock-out", &which.to_string());
            self.answer_fill(
                order,
                certificate,
                (-pieces, residual, Cash::ZERO),
                (at, rule, print),
            );
        }
        let what = Happened::KnockedOut { certificate, index, residual, pieces, amount };
        self.record(at, what, Proof::of(print, rule));
        Ok(())
    }

    pub(super) fn record(&mut self, at: Ts, what: Happened, proof: Proof) {
        let (cash, equity) = (self.cash, self.equity());
        let known = proof.print.known();
        self.records.push(Record { at, known, what, proof, cash, equity });
    }
}

impl Broker for KnockOutExchange {
    fn submit(&mut self, at: Ts, order: &OrderRequest) {
        self.take(at, order);
    }

    fn cancel(&mut self, at: Ts, order: &ClientOrderId) {
        let arrival = at.max(self.clock()) + self.rules.latency;
        if let Some(working) = self.orders.iter_mut().find(|one| one.request.id == *order) {
            working.cancelled = Some(working.cancelled.map_or(arrival, |first| first.min(arrival)));
        }
    }

    fn drain(&mut self, into: &mut Vec<BrokerEvent>) {
        into.append(&mut self.answers);
    }

    fn snapshot(&self) -> Snapshot {
        let held = |(at, one): (usize, &Certificate)| Held {
            instrument: InstrumentId(at as u32),
            qty: Qty::whole(one.pieces),
            average_price: one.average_price,
        };
        let living = |(_, one): &(usize, &Certificate)| one.pieces != 0;
        let mut open_orders: Vec<_> =
            self.orders.iter().map(|one| one.request.id.clone()).collect();
        open_orders.sort();
        Snapshot {
            cash: self.cash,
            positions: self.certificates.iter().enumerate().filter(living).map(held).collect(),
            open_orders,
        }
    }
}

impl KnockOutExchange {
    /// When the last print became known.
    pub(super) fn clock(&self) -> Ts {
        self.last.map_or(Ts::MIN, |last| last.known())
    }

    /// Ends all orders of a certificate.
    fn end_orders(&mut self, certificate: InstrumentId, reason: &str) {
        let mut at = 0;
        while at < self.orders.len() {
            if self.orders[at].request.instrument == certificate {
                let order = self.orders.remove(at);
                self.finish(order, OrderState::Cancelled, reason);
            } else {
                at += 1;
            }
        }
    }
}
