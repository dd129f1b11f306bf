//! Where a setup's parts lie in the candles that end at its breakout.

use market::{Candle, Side};

use crate::moment::Moment;
use crate::pattern::setup::Setup;
use crate::spec::Input;

/// The candles from so many bars ago to so many bars ago, both included; `None` where history
/// does not reach.
pub(super) fn between(series: &[Candle], from_ago: usize, to_ago: usize) -> Option<&[Candle]> {
    let last = series.len().checked_sub(1)?;
    series.get(last.checked_sub(from_ago)?..=last.checked_sub(to_ago)?)
}

/// The bars of the rally, from its start to its extreme.
pub(super) fn rally<'a>(moment: &Moment<'a>, setup: &Setup) -> Option<&'a [Candle]> {
    between(moment.own, setup.rally_start_ago, setup.rally_end_ago)
}

/// The bars of the base, up to the bar before the breakout.
pub(super) fn base<'a>(moment: &Moment<'a>, setup: &Setup) -> Option<&'a [Candle]> {
    between(moment.own, setup.consol_start_ago, 1)
}

/// The stretch of another series over the days of a stretch of the own one.
pub(super) fn same_days<'a>(series: &'a [Candle], own: &[Candle]) -> Option<&'a [Candle]> {
    let (first, last) = (own.first()?.day, own.last()?.day);
    // A day has one candle at most, so the first day lies no more places than days from the end.
    let days = series.last()?.day.number().checked_sub(first.number())?.max(0) as usize + 1;
    let tail = &series[series.len().saturating_sub(days)..];
    let from = &tail[tail.partition_point(|candle| candle.day < first)..];
    let found = &from[..from.partition_point(|candle| candle.day <= last)];
    (found.first()?.day == first && found.last()?.day == last).then_some(found)
}

/// Change of the close over a stretch, as a fraction.
pub(super) fn change(stretch: &[Candle]) -> Option<f64> {
    super::ratio(stretch.last()?.close, stretch.first()?.close).map(|growth| growth - 1.0)
}

/// Mean volume; `None` where the source has none.
pub(super) fn mean_volume(stretch: &[Candle]) -> Option<f64> {
    let sum: f64 = stretch.iter().map(|candle| candle.volume).sum();
    (sum > 0.0).then(|| sum / stretch.len() as f64)
}

/// Mean of the true ranges of the last `bars` bars; `None` where history does not reach or
/// nothing moved.
pub(super) fn mean_true_range(series: &[Candle], bars: usize) -> Option<f64> {
    let recent = series.get(series.len().checked_sub(bars + 1)?..)?;
    let sum: f64 = recent.windows(2).map(|pair| pair[1].true_range(pair[0].close)).sum();
    (sum > 0.0).then(|| sum / bars as f64)
}

/// Mean close of the last `bars` bars.
pub(super) fn mean_close(series: &[Candle], bars: usize) -> Option<f64> {
    let recent = series.get(series.len().checked_sub(bars)?..)?;
    Some(recent.iter().map(|candle| candle.close).sum::<f64>() / bars as f64)
}

/// The level whose break was the signal: the base's far edge.
pub(super) fn broken_level(setup: &Setup) -> f64 {
    match setup.side {
        Side::Long => setup.consol_high,
        Side::Short => setup.consol_low,
    }
}

/// Bars from the rally's start to its extreme.
pub(super) fn rally_bars(setup: &Setup) -> f64 {
    (setup.rally_start_ago - setup.rally_end_ago) as f64
}

/// 100 × (the stock's change over the rally − another series' over the same days).
pub(super) fn rally_lead(moment: &Moment<'_>, setup: &Setup, other: Input) -> Option<f64> {
    let own = rally(moment, setup)?;
    let other = same_days(moment.context(other)?, own)?;
    Some(100.0 * (change(own)? - change(other)?))
}

/// How many of the bars hold a price in their range.
pub(super) fn touches(bars: &[Candle], level: f64) -> f64 {
    bars.iter().filter(|bar| (bar.low..=bar.high).contains(&level)).count() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::Day;
    use proptest::prelude::*;

    fn series(days: &[i32]) -> Vec<Candle> {
        days.iter().map(|&n| Candle { day: Day::from_number(n), ..Candle::default() }).collect()
    }

    proptest! {
        #[test]
        fn the_same_days_are_found_wherever_they_lie(
            days in prop::collection::btree_set(-40i32..40, 1..60),
            cut in 0usize..60, len in 1usize..20,
        ) {
            let days: Vec<i32> = days.into_iter().collect();
            let whole = series(&days);
            let start = cut % whole.len();
            let stretch = &whole[start..whole.len().min(start + len)];
            prop_assert_eq!(same_days(&whole, stretch), Some(stretch));
        }

        #[test]
        fn a_stretch_whose_first_or_last_day_is_missing_is_not_found(missing in 0usize..2) {
            let own = series(&[3, 4, 7, 8]);
            let mut other = series(&[1, 2, 3, 4, 7, 8, 9]);
            other.remove([2, 5][missing]);
            prop_assert_eq!(same_days(&other, &own), None);
        }
    }

    #[test]
    fn a_series_that_ended_before_has_none_of_the_days() {
        assert_eq!(same_days(&series(&[1, 2]), &series(&[5, 6])), None);
    }
}
