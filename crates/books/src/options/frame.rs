//! What is known of a moment before any episode: quotes, choices, and what is seen of markets.

use std::collections::BTreeMap;

use base::{Day, Ts};
use market::{InstrumentId, OptionContract, OptionQuote, Price};
use sim::options::backtest::Moment;
use sim::options::life::OptionAction;
use sim::options::select::Choice;
use sim::options::{Board, Leg, Spot};

use super::env::OptionEnvConfig;
use super::view::{MARKET, Markets};

/// A moment, made ready.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) now: Ts,
    pub(super) day: Day,
    pub(super) actions: Vec<(InstrumentId, OptionAction)>,
    pub(super) opens: Vec<(InstrumentId, Price)>,
    pub(super) closes: Vec<(InstrumentId, Price)>,
    /// Of every underlying, the price that stands.
    pub(super) spots: Vec<Spot>,
    /// By contract.
    quotes: Vec<OptionQuote>,
    /// Of each underlying and each structure, the legs; none where they could not be chosen.
    menu: Vec<Vec<Option<Vec<Leg>>>>,
    /// Of each underlying, what is seen of its market.
    pub(super) seen: Vec<[f32; MARKET]>,
}

impl Frame {
    /// The quote of a contract at this moment.
    pub(super) fn quote(&self, contract: &OptionContract) -> Option<&OptionQuote> {
        let found = self.quotes.binary_search_by(|quote| quote.contract.cmp(contract));
        found.ok().map(|at| &self.quotes[at])
    }

    /// The legs of a structure on an underlying.
    pub(super) fn legs(&self, underlying: usize, structure: usize) -> Option<&[Leg]> {
        self.menu[underlying][structure].as_deref()
    }
}

/// Makes moments ready, one after another; what is seen of one depends on no later one.
pub(super) fn frames(moments: Vec<Moment>, config: &OptionEnvConfig) -> Vec<Frame> {
    let mut markets = Markets::new(config);
    let mut spots: BTreeMap<InstrumentId, Spot> = BTreeMap::new();
    let mut frames = Vec::with_capacity(moments.len());
    for moment in moments {
        for (underlying, action) in &moment.actions {
            markets.adjust(*underlying, action);
        }
        spots.extend(moment.spots.iter().map(|spot| (spot.instrument, *spot)));
        let mut board = Board::default();
        spots.values().for_each(|spot| board.spot(*spot));
        moment.quotes.iter().for_each(|quote| board.quote(quote));
        let mut quotes = moment.quotes;
        quotes.sort_by_key(|quote| quote.contract);
        quotes.dedup_by_key(|quote| quote.contract);
        let mut menu = Vec::with_capacity(config.underlyings.len());
        let mut seen = Vec::with_capacity(config.underlyings.len());
        for underlying in &config.underlyings {
            let choice = Choice {
                board: &board,
                underlying: *underlying,
                now: moment.now,
                day: moment.day,
                days: config.days,
                rules: &config.rules.quotes,
                assumed: &config.assumed,
            };
            let legs = |structure| choice.legs(structure, &mut BTreeMap::new()).ok();
            menu.push(config.structures.iter().map(legs).collect());
            seen.push(markets.see(&choice));
        }
        frames.push(Frame {
            now: moment.now,
            day: moment.day,
            actions: moment.actions,
            opens: moment.opens,
            closes: moment.closes,
            spots: spots.values().copied().collect(),
            quotes,
            menu,
            seen,
        });
    }
    frames
}
