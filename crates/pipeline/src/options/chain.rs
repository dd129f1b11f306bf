//! A recorded chain at one moment: what is in it, what is refused and why, where its quotes
//! contradict each other, and the surface through the rest.

use std::collections::BTreeMap;

use base::{Day, Span, Ts};
use market::{ExerciseStyle, OptionQuote, OptionRight, Price};
use pricing::chain::{
    Basis, Chain, Kind, Pair, Quote, Rate, Violation, check, check_calendar, implied_term,
};
use pricing::surface::{Strip, Term, VolQuote};
use serde::Serialize;
use sim::options::{QuoteRules, Refusal, Spot, Trades, vet};
use tape::options::Counts;

use super::closes;
use super::fit::{self, Early, Fits, SliceFit};
use super::recorded::{Recorded, Rows, UNDERLYING};
use super::spot::{Carry, ImpliedSpot, implied_spot, years_left};
use super::words;
use crate::Error;

/// What is asked of a chain.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// When; the moment with the most quotes when none.
    pub at: Option<Ts>,
    /// Of which day that moment is; of any when none.
    pub day: Option<Day>,
    /// Price of the underlying; the file's, or that which the quotes imply, when none.
    pub spot: Option<f64>,
    /// Interest and payments.
    pub carry: Carry,
    /// Oldest age of a quote that is taken.
    pub oldest: Span,
    /// Expiries with fewer days left are not fitted: their wings are ticks, and would bind all
    /// later ones.
    pub least_days: f64,
}

/// Where the price of the underlying comes from.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SpotFrom {
    /// It was given.
    Given,
    /// The file states it.
    Stated,
    /// Call and put of one strike imply it.
    Implied(ImpliedSpot),
}

/// A volatility of one strike, out of the money.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Mark {
    /// The strike.
    pub strike: f64,
    /// At the bid; none where the file has last prices alone.
    pub bid: Option<f64>,
    /// At the middle, or at the last price.
    pub mid: f64,
    /// At the ask.
    pub ask: Option<f64>,
    /// As the file states it; it is shown, never fitted.
    pub stated: Option<f64>,
}

impl Mark {
    /// How far the stated volatility is from that of the price, where one is stated.
    pub fn stated_gap(&self) -> Option<f64> {
        Some((self.stated? - self.mid).abs())
    }
}

/// What call less put says of an expiry.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Forward {
    /// Price for delivery at expiry.
    pub value: f64,
    /// Standard error of it, by the pairs; none where it is the spot with its carry.
    pub error: Option<f64>,
    /// Strikes with all four sides.
    pub pairs: usize,
}

/// One expiry.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Expiry {
    /// Its day.
    pub day: Day,
    /// Years until its trading ends.
    pub years: f64,
    /// Quotes there were.
    pub quotes: u64,
    /// Of these refused, by reason.
    pub refused: BTreeMap<Refusal, u64>,
    /// Forward, where there is one.
    pub forward: Option<Forward>,
    /// Strikes out of the money whose quote has no volatility, or no second side.
    pub without: u64,
    /// Volatilities.
    pub marks: Vec<Mark>,
    /// Why it was not fitted.
    pub left_out: Option<&'static str>,
    /// What each model makes of it.
    pub fits: Vec<SliceFit>,
}

impl Expiry {
    /// Median of half the spread in volatility, where there are spreads.
    pub fn half_spread(&self) -> Option<f64> {
        let halves: Vec<f64> =
            self.marks.iter().filter_map(|mark| Some(0.5 * (mark.ask? - mark.bid?))).collect();
        (!halves.is_empty()).then(|| base::stats::median(&halves))
    }

    /// Median distance of the volatilities that the file states from those of its prices, where it
    /// states any.
    pub fn stated_gap(&self) -> Option<f64> {
        let gaps: Vec<f64> = self.marks.iter().filter_map(Mark::stated_gap).collect();
        (!gaps.is_empty()).then(|| base::stats::median(&gaps))
    }
}

/// A contradiction between quotes, and where.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fault {
    /// Which.
    pub what: String,
    /// Expiries.
    pub expiries: Vec<Day>,
    /// Strikes, ascending.
    pub strikes: Vec<f64>,
    /// What the trade would earn at bid and ask, a unit of the underlying.
    pub size: f64,
}

/// A chain looked at.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Look {
    /// Name of the file.
    pub name: String,
    /// The underlying.
    pub symbol: String,
    /// When its options may be exercised.
    pub style: ExerciseStyle,
    /// Form of the file.
    pub form: String,
    /// Rows read and passed over.
    pub counts: Counts,
    /// Moments in the file: how many, the first, the last.
    pub moments: (usize, Option<Ts>, Option<Ts>),
    /// The moment looked at.
    pub at: Ts,
    /// Price of the underlying.
    pub spot: f64,
    /// Where it comes from.
    pub spot_from: SpotFrom,
    /// Interest and payments assumed.
    pub carry: Carry,
    /// Quotes of the day that stood then.
    pub quotes: u64,
    /// Refused, by reason.
    pub refused: BTreeMap<Refusal, u64>,
    /// Expiries, ascending.
    pub expiries: Vec<Expiry>,
    /// Contradictions at bid and ask.
    pub faults: Vec<Fault>,
    /// How many there are between middles.
    pub faults_at_mid: usize,
    /// Arbitrage left in the surfaces.
    pub surface_faults: Vec<(fit::Model, pricing::surface::Fault)>,
}

/// Looks at a chain.
///
/// # Errors
/// [`Error::AskOptions`] where nothing stands at the moment, or the underlying has no price;
/// [`Error::ValueOptions`] where a surface can't be made.
pub fn look(recorded: &Recorded, question: &Question) -> Result<Look, Error> {
    let seen = match &recorded.rows {
        Rows::Quotes(quotes) => of_quotes(recorded, quotes, question)?,
        Rows::Closes(rows) => closes::seen(recorded, rows, question)?,
    };
    let Seen { mut look, strips } = seen;
    let fits: Fits = fit::both(look.spot, &strips)?;
    for expiry in &mut look.expiries {
        let of = fits.slices.iter().filter(|slice| slice.term.years == expiry.years);
        expiry.fits = of.copied().collect();
    }
    look.surface_faults = fits.faults;
    Ok(look)
}

/// A look before its surface.
pub(super) struct Seen {
    pub(super) look: Look,
    pub(super) strips: Vec<Strip>,
}

pub(super) fn asked(what: String) -> Error {
    Error::AskOptions { doing: "look at a chain", what }
}

impl Look {
    pub(super) fn new(recorded: &Recorded, at: Ts, spot: (f64, SpotFrom), carry: &Carry) -> Look {
        Look {
            name: recorded.name.clone(),
            symbol: recorded.symbol.clone(),
            style: recorded.root.style,
            form: recorded.form.clone(),
            counts: recorded.counts,
            moments: (0, None, None),
            at,
            spot: spot.0,
            spot_from: spot.1,
            carry: carry.clone(),
            quotes: 0,
            refused: BTreeMap::new(),
            expiries: Vec::new(),
            faults: Vec::new(),
            faults_at_mid: 0,
            surface_faults: Vec::new(),
        }
    }

    /// Whether it is of last prices, not of quotes.
    pub fn of_closes(&self) -> bool {
        self.expiries.iter().flat_map(|it| &it.marks).any(|mark| mark.bid.is_none())
    }

    /// Decides which expiries are fitted.
    pub(super) fn strips(
        &mut self,
        terms: Vec<(Term, Vec<VolQuote>)>,
        least_days: f64,
    ) -> Vec<Strip> {
        let mut strips = Vec::new();
        let soon = |term: &Term| term.years * 365.25 < least_days;
        let any_later = terms.iter().any(|(term, quotes)| !soon(term) && quotes.len() >= 5);
        for (expiry, (term, quotes)) in self.expiries.iter_mut().zip(terms) {
            expiry.left_out = match quotes.len() {
                ..5 => Some("fewer than five strikes have a volatility"),
                _ if soon(&term) && any_later => Some("too few days are left"),
                _ => None,
            };
            if expiry.left_out.is_none() {
                strips.push(Strip { term, quotes });
            }
        }
        strips
    }
}

/// Moments of a file with the number of quotes that became known then.
fn moments(quotes: &[OptionQuote]) -> BTreeMap<Ts, u64> {
    let mut found = BTreeMap::new();
    for quote in quotes {
        *found.entry(quote.known).or_default() += 1;
    }
    found
}

fn of_quotes(
    recorded: &Recorded,
    quotes: &[OptionQuote],
    question: &Question,
) -> Result<Seen, Error> {
    let moments = moments(quotes);
    let of_day = |at: &&Ts| question.day.is_none_or(|day| at.utc_day() == day);
    let fullest = moments.keys().filter(of_day).max_by_key(|at| (moments[*at], **at));
    let ends = |found: Option<(&Ts, &u64)>| found.map(|(at, _)| *at);
    let ends = (ends(moments.first_key_value()), ends(moments.last_key_value()));
    let Some(at) = question.at.or(fullest.copied()) else {
        return Err(none_of(recorded, ends, question.day.map(|day| day.to_string())));
    };
    let mut standing = BTreeMap::new();
    let of_day = |quote: &&OptionQuote| quote.known <= at && quote.known.utc_day() == at.utc_day();
    for quote in quotes.iter().filter(of_day) {
        standing.insert(quote.contract, *quote);
    }
    if standing.is_empty() {
        return Err(none_of(recorded, ends, Some(format!("the day of {at} before then"))));
    }
    let spot = spot_of(recorded, standing.values(), at, question)?;
    let mut look = Look::new(recorded, at, spot, &question.carry);
    look.moments = (moments.len(), ends.0, ends.1);
    look.quotes = standing.len() as u64;
    let chains = look.sort(standing.into_values(), question);
    let mut terms = Vec::new();
    for (index, chain) in chains.iter().enumerate() {
        terms.push(look.measure(index, chain, question)?);
    }
    look.contradictions(&chains, &terms);
    let strips = terms.into_iter().map(|(term, strip)| (term, strip.quotes)).collect();
    let strips = look.strips(strips, question.least_days);
    Ok(Seen { look, strips })
}

/// There is no quote where one was asked for.
fn none_of(recorded: &Recorded, ends: (Option<Ts>, Option<Ts>), when: Option<String>) -> Error {
    let Recorded { name, symbol, .. } = recorded;
    let (Some(first), Some(last)) = ends else {
        return asked(format!("{name} has no quote of {symbol}"));
    };
    let when = when.unwrap_or_default();
    asked(format!("{name} has no quote of {symbol} on {when}; it goes from {first} to {last}"))
}

fn spot_of<'a>(
    recorded: &Recorded,
    quotes: impl Iterator<Item = &'a OptionQuote>,
    at: Ts,
    question: &Question,
) -> Result<(f64, SpotFrom), Error> {
    if let Some(spot) = question.spot {
        return Ok((spot, SpotFrom::Given));
    }
    if let Some(spot) = recorded.spot {
        return Ok((spot, SpotFrom::Stated));
    }
    match implied_spot(quotes, at, &question.carry) {
        Some(implied) => Ok((implied.mid(), SpotFrom::Implied(implied))),
        None => Err(asked(format!(
            "no strike has both call and put quoted at {at}, so that the underlying has no price: \
             give --spot"
        ))),
    }
}

impl Look {
    /// Puts quotes by expiry; refuses and counts those that can't be traded on.
    fn sort(
        &mut self,
        quotes: impl Iterator<Item = OptionQuote>,
        question: &Question,
    ) -> Vec<Chain> {
        let (bid, ask) = match self.spot_from {
            SpotFrom::Implied(implied) => (implied.bid, implied.ask),
            SpotFrom::Given | SpotFrom::Stated => (self.spot, self.spot),
        };
        let price =
            |value: f64| Price::from_f64(value, base::Rounding::HalfEven).unwrap_or(Price::ZERO);
        let (bid, ask, trades) = (price(bid), price(ask), Trades::Not);
        let (instrument, now) = (UNDERLYING, self.at);
        let spot = Spot { instrument, at: now, known: now, bid, ask, trades };
        let (oldest, rate) = (question.oldest, question.carry.rate);
        let rules = QuoteRules { oldest, rate, ..QuoteRules::default() };
        let mut sound: BTreeMap<Day, (f64, BTreeMap<Price, Pair>)> = BTreeMap::new();
        let mut expiries: BTreeMap<Day, Expiry> = BTreeMap::new();
        for quote in quotes {
            let (day, years) = (quote.contract.expiry, years_left(&quote, now));
            let verdict = match years {
                None => Err(Refusal::Expired),
                Some(_) => vet(&quote, Some(&spot), now, &rules),
            };
            let expiry = expiries.entry(day).or_insert_with(|| Expiry::new(day, years));
            expiry.quotes += 1;
            match (verdict, years) {
                (Ok(()), Some(years)) => {
                    let of = sound.entry(day).or_insert_with(|| (years, BTreeMap::new()));
                    put(&mut of.1, &quote);
                }
                (verdict, _) => {
                    let reason = verdict.err().unwrap_or(Refusal::Expired);
                    *expiry.refused.entry(reason).or_default() += 1;
                    *self.refused.entry(reason).or_default() += 1;
                }
            }
        }
        let mut chains = Vec::new();
        for (day, expiry) in expiries {
            let made = sound
                .remove(&day)
                .and_then(|(years, pairs)| Chain::new(years, pairs.into_values().collect()).ok());
            // What has ended holds no chain; it stays in the counts alone.
            if let Some(chain) = made {
                self.expiries.push(expiry);
                chains.push(chain);
            }
        }
        chains
    }

    /// Forward and volatilities of an expiry.
    fn measure(
        &mut self,
        index: usize,
        chain: &Chain,
        question: &Question,
    ) -> Result<(Term, Strip), Error> {
        let (spot, carry, today) = (self.spot, &question.carry, self.at.utc_day());
        let american = self.style == ExerciseStyle::American;
        let expiry = &mut self.expiries[index];
        let (years, discount) = (chain.years(), carry.discount(chain.years()));
        let found = implied_term(chain, Rate::Discount(discount)).ok();
        let carried =
            (spot * (-carry.yield_rate * years).exp() - carry.paid(today, expiry.day)) / discount;
        let forward = found.map_or(carried, |found| found.term.forward);
        expiry.forward = Some(Forward {
            value: forward,
            error: found.map(|found| found.forward_error),
            pairs: found.map_or(0, |found| found.strikes),
        });
        let term = Term { years, forward, discount };
        let dividends = carry.between(today, expiry.day);
        let early = american.then_some(Early { spot, carry, dividends });
        let (strip, without) = fit::strip(chain, term, early.as_ref())?;
        expiry.without = without as u64;
        let mark = |quote: &VolQuote| Mark {
            strike: term.forward * quote.k.exp(),
            bid: Some(quote.bid),
            mid: quote.mid,
            ask: Some(quote.ask),
            stated: None,
        };
        expiry.marks = strip.quotes.iter().map(mark).collect();
        Ok((term, strip))
    }

    /// Where sound quotes contradict each other. American options may be exercised at once: their
    /// strikes and expiries are compared at the spot, without discount, and parity binds them not.
    fn contradictions(&mut self, chains: &[Chain], terms: &[(Term, Strip)]) {
        let american = self.style == ExerciseStyle::American;
        let spot = self.spot;
        let term = |at: usize| match american {
            true => Term { forward: spot, discount: 1.0, ..terms[at].0 },
            false => terms[at].0,
        };
        let mut at_mid = 0;
        let mut faults = Vec::new();
        for (at, chain) in chains.iter().enumerate() {
            let day = self.expiries[at].day;
            let error = self.expiries[at].forward.and_then(|it| it.error).unwrap_or(0.0);
            // A forward that is known to so much can't tell a smaller gain from none.
            let counts = |it: &&Violation| match it.kind {
                Kind::Parity => !american && it.size > 2.0 * error,
                _ => true,
            };
            let found = check(chain, term(at), Basis::Executable);
            faults.extend(found.iter().filter(counts).map(|it| fault(it, vec![day], 1.0)));
            at_mid += check(chain, term(at), Basis::Mid).iter().filter(counts).count();
            if let Some(near) = at.checked_sub(1) {
                let pair = |at: usize| (&chains[at], term(at));
                let unit = term(near).discount * term(near).forward;
                let days = vec![self.expiries[near].day, day];
                let found = check_calendar(pair(near), pair(at), Basis::Executable);
                faults.extend(found.iter().map(|it| fault(it, days.clone(), unit)));
                at_mid += check_calendar(pair(near), pair(at), Basis::Mid).len();
            }
        }
        (self.faults, self.faults_at_mid) = (faults, at_mid);
    }
}

fn fault(found: &Violation, expiries: Vec<Day>, unit: f64) -> Fault {
    let what = words::kind(found.kind);
    Fault { what, expiries, strikes: found.strikes.clone(), size: unit * found.size }
}

impl Expiry {
    pub(super) fn new(day: Day, years: Option<f64>) -> Expiry {
        Expiry {
            day,
            years: years.unwrap_or(0.0),
            quotes: 0,
            refused: BTreeMap::new(),
            forward: None,
            without: 0,
            marks: Vec::new(),
            left_out: None,
            fits: Vec::new(),
        }
    }
}

fn put(pairs: &mut BTreeMap<Price, Pair>, quote: &OptionQuote) {
    let strike = quote.contract.strike;
    let none = Pair { strike: strike.to_f64(), call: Quote::default(), put: Quote::default() };
    let pair = pairs.entry(strike).or_insert(none);
    let price = |offer: Option<market::Offer>| offer.map(|offer| offer.price.to_f64());
    let sides = Quote { bid: price(quote.bid), ask: price(quote.ask) };
    match quote.contract.right {
        OptionRight::Call => pair.call = sides,
        OptionRight::Put => pair.put = sides,
    }
}
