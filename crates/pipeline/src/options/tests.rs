//! Chains made by a known surface, read back.

use base::{Day, Seed, Span, Ts};
use market::{ExerciseStyle, Offer, OptionContract, OptionQuote, OptionRight, Price};
use sim::options::Refusal;
use sim::options::synthetic::{SyntheticChains, SyntheticConfig};
use tape::options::{ChainRow, Counts, Root};

use super::chain::{Question, SpotFrom, look};
use super::fit::Model;
use super::moments::{Around, Moments};
use super::recorded::{Recorded, Rows, UNDERLYING};
use super::spot::{Carry, implied_spot};

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

/// Quotes of made chains, and the prices they were made from.
fn made(from: &str, to: &str) -> (Vec<OptionQuote>, Vec<f64>) {
    let config = SyntheticConfig {
        underlying: UNDERLYING,
        missing: 0.0,
        // Volatility stays where it reverts to, so that it is known.
        volatility_of_volatility: 0.0,
        ..SyntheticConfig::default()
    };
    let chains = SyntheticChains::new(config, (day(from), day(to)), Seed::root(3)).unwrap();
    let mut quotes = Vec::new();
    let mut spots = Vec::new();
    for moment in chains {
        quotes.extend(moment.quotes);
        spots.push(moment.spots[0].mid());
    }
    (quotes, spots)
}

fn recorded(quotes: Vec<OptionQuote>) -> Recorded {
    let counts = Counts { rows: quotes.len() as u64, ..Counts::default() };
    Recorded {
        name: "made".to_owned(),
        symbol: "X".to_owned(),
        root: Root::shares(UNDERLYING),
        form: "made".to_owned(),
        spot: None,
        counts,
        rows: Rows::Quotes(quotes),
    }
}

fn question() -> Question {
    Question {
        at: None,
        day: None,
        spot: None,
        carry: Carry::default(),
        oldest: Span::from_minutes(5),
        least_days: 2.0,
    }
}

fn around() -> Around {
    Around { carry: Carry::default(), splits: Vec::new(), oldest: Span::from_minutes(5) }
}

#[test]
fn calls_and_puts_give_back_the_price_they_were_made_from() {
    let (quotes, spots) = made("2022-01-03", "2022-01-14");
    let around = around();
    let moments: Vec<_> = Moments::new(&quotes, &around).collect();
    assert_eq!(moments.len(), spots.len());
    for (moment, spot) in moments.iter().zip(spots) {
        let found = moment.spots[0];
        let half = 0.5 * (found.ask.to_f64() - found.bid.to_f64());
        assert!((found.mid() - spot).abs() <= half + 1e-9, "{spot} {found:?}");
        assert_eq!(moment.closes.len(), 1, "each day of made chains is a close");
    }
}

#[test]
fn a_payment_before_expiry_is_in_the_price() {
    let (quotes, _) = made("2022-01-03", "2022-01-03");
    let now = quotes[0].known;
    let plain = implied_spot(quotes.iter(), now, &Carry::default()).unwrap();
    let dividends = vec![(plain.expiry, 1.5), (now.utc_day(), 9.0)];
    let carry = Carry { dividends, ..Carry::default() };
    let paid = implied_spot(quotes.iter(), now, &carry).unwrap();
    assert!((paid.mid() - plain.mid() - 1.5).abs() < 0.1, "{paid:?} {plain:?}");
}

#[test]
fn a_split_is_in_force_on_its_day_and_old_quotes_say_nothing_any_more() {
    let (quotes, _) = made("2022-01-03", "2022-01-05");
    let around = Around { splits: vec![(day("2022-01-04"), 7, 1)], ..around() };
    let counts: Vec<usize> = Moments::new(&quotes, &around).map(|it| it.actions.len()).collect();
    assert_eq!(counts, [0, 1, 0]);
    let late = Around { splits: vec![(day("2022-01-03"), 7, 1)], ..around };
    assert!(Moments::new(&quotes, &late).all(|it| it.actions.is_empty()));
}

#[test]
fn a_made_surface_is_found_again_without_arbitrage() {
    let (quotes, spots) = made("2022-01-03", "2022-01-03");
    let found = look(&recorded(quotes), &question()).unwrap();
    assert!(matches!(found.spot_from, SpotFrom::Implied(_)));
    assert!((found.spot / spots[0] - 1.0).abs() < 2e-3, "{} {}", found.spot, spots[0]);
    assert!(found.surface_faults.is_empty(), "{:?}", found.surface_faults);
    assert!(found.faults.is_empty(), "{:?}", found.faults);
    let fitted: Vec<_> = found.expiries.iter().filter(|it| !it.fits.is_empty()).collect();
    assert!(fitted.len() >= 4, "{}", fitted.len());
    for expiry in fitted {
        let svi = expiry.fits.iter().find(|fit| fit.model == Model::Svi).unwrap();
        assert!((svi.at_money() - 0.2).abs() < 0.03, "{} {}", expiry.day, svi.at_money());
        assert!(svi.error.inside > 0.7, "{:?}", svi.error);
    }
}

/// Middles of quotes as last prices, all of which traded, with a stated volatility of 127 %.
fn closes(quotes: &[OptionQuote], spot: f64) -> Vec<ChainRow> {
    let file_day = quotes[0].known.utc_day();
    let price = |value: f64| Price::from_f64(value, base::Rounding::HalfEven).unwrap();
    let row = |contract: Option<OptionContract>, close: f64| ChainRow {
        underlying: UNDERLYING,
        contract,
        file_day,
        known: quotes[0].known,
        close: price(close),
        volume: 5,
        open_interest: None,
        volatility: contract.map(|_| 1.27),
        delta: None,
    };
    let of = |quote: &OptionQuote| {
        let mid = 0.5 * (quote.bid?.price.to_f64() + quote.ask?.price.to_f64());
        Some(row(Some(quote.contract), mid))
    };
    let mut rows: Vec<ChainRow> = quotes.iter().filter_map(of).collect();
    rows.push(row(None, spot));
    rows
}

#[test]
fn last_prices_are_fitted_and_stated_volatilities_are_not() {
    let (quotes, spots) = made("2022-01-03", "2022-01-03");
    let rows = Rows::Closes(closes(&quotes, spots[0]));
    let found = look(&Recorded { rows, ..recorded(Vec::new()) }, &question()).unwrap();
    assert!(found.of_closes() && found.surface_faults.is_empty());
    let fitted: Vec<_> = found.expiries.iter().filter(|it| !it.fits.is_empty()).collect();
    assert!(fitted.len() >= 4, "{}", fitted.len());
    for expiry in fitted {
        let at_money = expiry.fits[0].at_money();
        assert!((at_money - 0.2).abs() < 0.03, "{} {at_money}", expiry.day);
        assert!(expiry.stated_gap().unwrap() > 0.8, "{}", expiry.day);
    }
}

#[test]
fn what_did_not_trade_has_no_volatility() {
    let (quotes, spots) = made("2022-01-03", "2022-01-03");
    let mut rows = closes(&quotes, spots[0]);
    let traded =
        look(&Recorded { rows: Rows::Closes(rows.clone()), ..recorded(Vec::new()) }, &question())
            .unwrap();
    let expiry = traded.expiries.last().unwrap();
    let near: Price = "100".parse().unwrap();
    let same = |row: &&mut ChainRow| {
        row.contract.is_some_and(|it| it.expiry == expiry.day && it.strike == near)
    };
    rows.iter_mut().filter(same).for_each(|row| row.volume = 0);
    let rows = Rows::Closes(rows);
    let found = look(&Recorded { rows, ..recorded(Vec::new()) }, &question()).unwrap();
    let without = found.expiries.last().unwrap();
    assert_eq!(without.without, expiry.without + 1);
    assert_eq!(without.marks.len() + 1, expiry.marks.len());
}

/// The quote of a contract, changed.
fn changed(
    quotes: &mut [OptionQuote],
    which: impl Fn(&OptionContract) -> bool,
    change: impl Fn(&mut OptionQuote),
) {
    let quote = quotes.iter_mut().find(|quote| which(&quote.contract) && quote.bid.is_some());
    change(quote.unwrap());
}

fn offer(price: f64) -> Option<Offer> {
    Some(Offer { price: Price::from_raw((price * Price::SCALE as f64) as i64), size: 1 })
}

#[test]
fn what_can_not_be_traded_on_is_refused_by_its_reason() {
    let (mut quotes, _) = made("2022-01-03", "2022-01-03");
    let expiry = quotes[200].contract.expiry;
    let of = |strike: &'static str, right: OptionRight| {
        move |it: &OptionContract| {
            it.expiry == expiry && it.strike == strike.parse().unwrap() && it.right == right
        }
    };
    let (call, put) = (OptionRight::Call, OptionRight::Put);
    changed(&mut quotes, of("100", call), |quote| quote.ask = offer(0.01));
    changed(&mut quotes, of("101", call), |quote| quote.bid = None);
    changed(&mut quotes, of("102", put), |quote| quote.bid = quote.ask);
    changed(&mut quotes, of("90", call), |quote| {
        (quote.bid, quote.ask) = (offer(1.0), offer(2.0));
    });
    changed(&mut quotes, of("98", put), |quote| quote.at = quote.at - Span::from_hours(3));
    let found = look(&recorded(quotes), &question()).unwrap();
    let one = |reason| found.refused.get(&reason).copied().unwrap_or(0);
    for reason in [Refusal::Crossed, Refusal::Locked, Refusal::BelowIntrinsic, Refusal::Stale] {
        assert_eq!(one(reason), 1, "{reason:?} {:?}", found.refused);
    }
    assert!(one(Refusal::OneSided) >= 1);
}

#[test]
fn a_dear_middle_strike_is_a_butterfly_and_its_place_is_told() {
    let (mut quotes, _) = made("2022-01-03", "2022-01-03");
    let expiry = quotes[200].contract.expiry;
    let strike: Price = "100".parse().unwrap();
    let which = |it: &OptionContract| {
        it.expiry == expiry && it.strike == strike && it.right == OptionRight::Call
    };
    changed(&mut quotes, which, |quote| {
        let more = |offer: Option<Offer>| {
            offer.map(|it| Offer { price: it.price + "0.9".parse().unwrap(), ..it })
        };
        (quote.bid, quote.ask) = (more(quote.bid), more(quote.ask));
    });
    let found = look(&recorded(quotes), &question()).unwrap();
    let fault = found.faults.iter().find(|it| it.what.contains("butterfly")).unwrap();
    assert_eq!(fault.expiries, [expiry]);
    assert!(fault.strikes.contains(&100.0), "{fault:?}");
    assert!(fault.size > 0.1 && fault.size < 0.9, "{fault:?}");
}

#[test]
fn early_exercise_lowers_the_volatilities_of_puts() {
    let (quotes, _) = made("2022-01-03", "2022-01-03");
    let carry = Carry { rate: 0.08, ..Carry::default() };
    let american = recorded(quotes.clone());
    let mut european = recorded(quotes);
    european.root.style = ExerciseStyle::European;
    let asked = Question { carry, ..question() };
    let (one, other) = (look(&american, &asked).unwrap(), look(&european, &asked).unwrap());
    let (one, other) = (one.expiries.last().unwrap(), other.expiries.last().unwrap());
    let lowered = one.marks.iter().zip(&other.marks).filter(|(a, b)| a.mid < b.mid - 1e-6).count();
    assert!(lowered > 3, "{lowered}");
    assert!(one.marks.iter().zip(&other.marks).all(|(a, b)| a.mid <= b.mid + 1e-9));
}

#[test]
fn a_moment_without_quotes_is_told_with_the_file_s_ends() {
    let (quotes, _) = made("2022-01-03", "2022-01-04");
    let file = recorded(quotes);
    let asked = Question { day: Some(day("2023-01-04")), ..question() };
    let told = look(&file, &asked).unwrap_err().to_string();
    assert!(told.contains("2022-01-03") && told.contains("2023-01-04"), "{told}");
    let asked = Question { at: Some(Ts::from_seconds(0)), ..question() };
    assert!(look(&file, &asked).is_err());
}
