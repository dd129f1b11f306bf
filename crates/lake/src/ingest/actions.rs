//! Splits and dividends, as far as they can be read off adjusted prices or factors.

use base::{Day, Rounding};
use market::{Corporate, CorporateAction, Price};

use super::gathered::RawBar;
use crate::Error;

/// A row of a factor file: what prices up to and on a day are to be multiplied by.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Factor {
    pub symbol: String,
    pub day: Day,
    pub price: f64,
    pub split: f64,
    pub reference: f64,
}

/// Moves of a factor smaller than this are the rounding of four-byte prices.
const LEAST_MOVE: f64 = 2e-4;
/// A factor that moves by this and more is taken for a split.
const SPLIT_MOVE: f64 = 0.15;

/// Actions between the rows of factor files (LEAN, `factor_files`): going from one row to the
/// next, the split factor changes by 1 ÷ ratio, the price factor by 1 − dividend ÷ reference.
pub(crate) fn from_factors(
    mut factors: Vec<Factor>,
) -> Result<Vec<(String, CorporateAction)>, Error> {
    factors.sort_by(|a, b| (&a.symbol, a.day).cmp(&(&b.symbol, b.day)));
    let mut actions = Vec::new();
    for pair in factors.windows(2).filter(|pair| pair[0].symbol == pair[1].symbol) {
        let (old, new) = (&pair[0], &pair[1]);
        let ex_day = old.day.plus(1);
        let mut push = |action| {
            let action = CorporateAction { ex_day, known: ex_day.start(), action };
            actions.push((old.symbol.clone(), action));
        };
        if old.split > 0.0 && (new.split / old.split - 1.0).abs() > LEAST_MOVE {
            push(Corporate::Split { ratio: new.split / old.split });
        }
        if new.price > 0.0 && old.price < new.price && old.reference > 0.0 {
            let amount = old.reference * (1.0 - old.price / new.price);
            push(Corporate::Dividend { amount: Price::from_f64(amount, Rounding::HalfEven)? });
        }
    }
    Ok(actions)
}

/// Actions between bars that carry a close and an adjusted close. Two habits are known: the
/// adjusted close of all days before an action is lower (Yahoo's history), or only that of the
/// day before it (rows kept as they were seen day by day).
pub(crate) fn from_adjusted(bars: &[RawBar]) -> Result<Vec<CorporateAction>, Error> {
    let ratios: Vec<f64> = bars.iter().map(|bar| bar.adjusted_close / bar.close).collect();
    let off = |ratio: f64| (ratio - 1.0).abs() > LEAST_MOVE;
    let marked = ratios.iter().filter(|ratio| off(**ratio)).count();
    let only_marks = marked * 20 < ratios.len();
    let mut actions = Vec::new();
    for at in 1..bars.len() {
        let step = match only_marks {
            true => ratios[at - 1],
            false => ratios[at - 1] / ratios[at],
        };
        if !step.is_finite() || !off(step) {
            continue;
        }
        let ex_day = bars[at].day;
        let action = if (step - 1.0).abs() >= SPLIT_MOVE {
            Corporate::Split { ratio: 1.0 / step }
        } else if step < 1.0 {
            let amount = bars[at - 1].close * (1.0 - step);
            Corporate::Dividend { amount: Price::from_f64(amount, Rounding::HalfEven)? }
        } else {
            continue;
        };
        actions.push(CorporateAction { ex_day, known: ex_day.start(), action });
    }
    Ok(actions)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bars(rows: &[(f64, f64)]) -> Vec<RawBar> {
        let bar = |(day, (close, adjusted_close)): (usize, &(f64, f64))| RawBar {
            day: Day::from_number(day as i32),
            time: None,
            open: *close,
            high: *close,
            low: *close,
            close: *close,
            volume: 1.0,
            adjusted_close: *adjusted_close,
            known: None,
            line: 0,
        };
        rows.iter().enumerate().map(bar).collect()
    }

    #[test]
    fn a_dividend_is_read_off_a_rescaled_history() {
        let found = from_adjusted(&bars(&[(100.0, 98.0), (100.0, 98.0), (98.0, 98.0)])).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].ex_day, Day::from_number(2));
        let Corporate::Dividend { amount } = &found[0].action else { panic!("{found:?}") };
        assert!((amount.to_f64() - 2.0).abs() < 1e-9);
    }

    #[test]
    fn a_split_is_read_off_a_single_marked_day() {
        let mut rows = vec![(70.0, 70.0); 60];
        rows[30] = (70.0, 10.0);
        rows[31..].fill((10.0, 10.0));
        let found = from_adjusted(&bars(&rows)).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].ex_day, Day::from_number(31));
        let Corporate::Split { ratio } = found[0].action else { panic!("{found:?}") };
        assert!((ratio - 7.0).abs() < 1e-9);
    }
}
