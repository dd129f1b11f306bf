//! What a print does to one certificate and its orders.

use base::Rounding;
use market::{InstrumentId, OrderKind, Price, Side};

use super::exchange::KnockOutExchange;
use super::print::Print;
use super::record::Rule;
use super::rules::Clash;
use super::submit::Working;
use crate::Error;

impl KnockOutExchange {
    /// Works one living certificate against a print.
    pub(super) fn work(&mut self, which: usize, print: &Print) -> Result<(), Error> {
        let (turbo, bar) = (self.certificates[which].turbo, print.bar());
        let (worst, best) = match turbo.terms().side {
            Side::Long => (bar.low.to_f64(), bar.high.to_f64()),
            Side::Short => (bar.high.to_f64(), bar.low.to_f64()),
        };
        let open = bar.open.to_f64();
        let watched = self.rules.watches(print.begins());
        self.mark.0 = open;
        if turbo.is_touched_by(open) && watched {
            let level = self.rules.unwound_at(open, worst);
            return self.kill(which, level, Rule::BarrierGap, print);
        }
        let certificate = InstrumentId(which as u32);
        let waits = self.orders.iter().any(|order| order.request.instrument == certificate);
        let quoted = waits
            && self.rules.hours.session(print.begins()).is_some()
            && !turbo.is_touched_by(open);
        if quoted {
            self.fill_at_open(which, print)?;
        }
        let touches = turbo.is_touched_by(worst);
        // Nobody quotes beyond the barrier, whether it is watched or not.
        let reached = if touches { turbo.barrier() } else { worst };
        if quoted && print.is_candle() {
            self.mark.0 = reached;
            self.fill_limit_buys(which, reached, print)?;
            if !(touches && watched && self.rules.clash == Clash::BarrierFirst) {
                self.fill_stops(which, reached, print)?;
            }
        }
        if touches && watched {
            let level = self.rules.unwound_at(turbo.barrier(), worst);
            return self.kill(which, level, Rule::BarrierTouched, print);
        }
        if quoted && print.is_candle() && !touches {
            self.mark.0 = best;
            self.fill_limit_sales(which, best, print)?;
        }
        Ok(())
    }

    fn fill_at_open(&mut self, which: usize, print: &Print) -> Result<(), Error> {
        let (bid, ask) = self.quotes(which, print.bar().open.to_f64())?;
        self.fill_where(which, print, |order| {
            let buys = order.pieces > 0;
            let quote = if buys { ask } else { bid };
            match order.request.kind {
                OrderKind::Limit { limit } => {
                    let within = if buys { ask <= limit } else { bid >= limit };
                    within.then_some((quote, Rule::LimitAtOpen))
                }
                OrderKind::Stop { stop } => (bid <= stop).then_some((bid, Rule::StopGap)),
                _ => Some((quote, Rule::QuoteAtOpen)),
            }
        })
    }

    fn fill_limit_buys(&mut self, which: usize, reached: f64, print: &Print) -> Result<(), Error> {
        let (_, ask) = self.quotes(which, reached)?;
        let tick = self.rules.tick;
        self.fill_where(which, print, |order| match order.request.kind {
            OrderKind::Limit { limit } if order.pieces > 0 && ask <= limit => {
                Some((limit.round_to(tick, Rounding::Down), Rule::LimitTouched))
            }
            _ => None,
        })
    }

    fn fill_stops(&mut self, which: usize, reached: f64, print: &Print) -> Result<(), Error> {
        let (bid, _) = self.quotes(which, reached)?;
        let tick = self.rules.tick;
        self.fill_where(which, print, |order| match order.request.kind {
            OrderKind::Stop { stop } if bid <= stop => {
                Some((stop.round_to(tick, Rounding::Down), Rule::StopTouched))
            }
            _ => None,
        })
    }

    fn fill_limit_sales(&mut self, which: usize, reached: f64, print: &Print) -> Result<(), Error> {
        let (bid, _) = self.quotes(which, reached)?;
        let tick = self.rules.tick;
        self.fill_where(which, print, |order| match order.request.kind {
            OrderKind::Limit { limit } if order.pieces < 0 && bid >= limit => {
                Some((limit.round_to(tick, Rounding::Up), Rule::LimitTouched))
            }
            _ => None,
        })
    }

    fn quotes(&self, which: usize, index: f64) -> Result<(Price, Price), Error> {
        let (turbo, spread) = (&self.certificates[which].turbo, self.mark.1);
        Ok((self.rules.bid(turbo, index, spread)?, self.rules.ask(turbo, index, spread)?))
    }

    /// Fills the certificate's orders that had arrived when the print began and that a rule has
    /// a price for, in the order in which they were sent.
    fn fill_where(
        &mut self,
        which: usize,
        print: &Print,
        priced: impl Fn(&Working) -> Option<(Price, Rule)>,
    ) -> Result<(), Error> {
        let certificate = InstrumentId(which as u32);
        let mut at = 0;
        while at < self.orders.len() {
            let order = &self.orders[at];
            let may = order.request.instrument == certificate && order.has_arrived(print.begins());
            match priced(order).filter(|_| may) {
                Some((price, rule)) => {
                    let order = self.orders.remove(at);
                    self.fill(order, price, rule, print)?;
                }
                None => at += 1,
            }
        }
        Ok(())
    }
}
