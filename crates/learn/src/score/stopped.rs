//! What positions with a learned direction and barrier would have made, by the hard rule: stopped
//! where the price reaches the barrier, else held to the horizon, costs on (KO-8).

use std::rc::Rc;

use base::stats::mean;
use nets::loss::StopLoss;

use super::sheet::Figure;
use crate::Forecasts;

/// What is tuned for: the mean of what is lost as a share of the barrier.
pub(super) const MAIN: &str = "lost_per_barrier";

/// A position that was simulated.
#[derive(Debug, Clone, Copy)]
struct Position {
    /// Share of the price, after costs.
    made: f64,
    /// Share of the price.
    barrier: f64,
    stopped: bool,
}

impl Position {
    /// The position of a row for its two logits. Columns are return, fall and rise.
    fn of(row: usize, said: &[f32], columns: &[Vec<f64>], rule: &StopLoss) -> Position {
        let barrier = rule.barrier(f64::from(said[1]));
        let (gain, adverse) = match said[0] > 0.0 {
            true => (columns[0][row], columns[1][row]),
            false => (-columns[0][row], columns[2][row]),
        };
        let (made, _) = StopLoss { width: 0.0, ..*rule }.outcome(gain, adverse, barrier);
        Position { made, barrier, stopped: adverse >= barrier }
    }

    fn lost(&self) -> f64 {
        -self.made / self.barrier
    }
}

/// Figures of the positions that forecasts lead to.
pub(super) fn figures<'a>(
    forecasts: &Forecasts,
    columns: &[Vec<f64>],
    rule: &StopLoss,
) -> Vec<(&'static str, Figure<'a>)> {
    let rows = forecasts.rows().enumerate();
    let all: Rc<[Position]> =
        rows.map(|(row, said)| Position::of(row, said, columns, rule)).collect();
    let figures: [(&'static str, fn(&Position) -> f64); 5] = [
        ("barrier_bps", |it| 1e4 * it.barrier),
        (MAIN, Position::lost),
        ("made_bps", |it| 1e4 * it.made),
        ("stopped", |it| f64::from(u8::from(it.stopped))),
        ("won", |it| f64::from(u8::from(it.made > 0.0))),
    ];
    let figure = |(name, of): (&'static str, fn(&Position) -> f64)| {
        let all = all.clone();
        let over: Figure<'a> =
            Box::new(move |rows| mean(&rows.iter().map(|row| of(&all[*row])).collect::<Vec<_>>()));
        (name, over)
    };
    figures.map(figure).into()
}

/// The best of always long and always short, with the nearest, the middle or the farthest barrier.
pub(super) fn blind(rows: usize, columns: &[Vec<f64>], rule: &StopLoss) -> Forecasts {
    const SURE: f32 = 40.0;
    let ways = [-SURE, SURE].map(|way| [-SURE, 0.0, SURE].map(|barrier| [way, barrier]));
    let lost = |said: [f32; 2]| -> f64 {
        (0..rows).map(|row| Position::of(row, &said, columns, rule).lost()).sum()
    };
    let tried = ways.concat().into_iter().map(|said| (lost(said), said));
    let best = tried.min_by(|a, b| a.0.total_cmp(&b.0)).map_or([SURE; 2], |(_, said)| said);
    Forecasts::new(2, best.repeat(rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_stopped_where_its_side_reaches_the_barrier() {
        let rule = StopLoss { low: 0.01, high: 0.03, width: 0.001, cost: 0.0 };
        // Up two percent after a fall of one and a half; the middle barrier is two.
        let columns = [vec![0.02; 3], vec![0.015; 3], vec![0.025; 3]];
        let forecasts = Forecasts::new(2, vec![1.0, 0.0, 1.0, -40.0, -1.0, 0.0]);
        let all = figures(&forecasts, &columns, &rule);
        let found = |name: &str, row: usize| {
            all.iter().find(|(known, _)| *known == name).unwrap().1(&[row])
        };
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a} {b}");
        // Long and far enough off, long and too near, short and stopped by the rise.
        near(found("made_bps", 0), 200.0);
        near(found("made_bps", 1), -100.0);
        near(found("made_bps", 2), -200.0);
        near(found("stopped", 0) + found("stopped", 1) + found("stopped", 2), 2.0);
        near(found(MAIN, 0), -1.0);
    }

    #[test]
    fn blind_guessing_takes_the_better_side_and_barrier() {
        let rule = StopLoss { low: 0.01, high: 0.03, width: 0.001, cost: 0.0 };
        let columns = [vec![-0.02; 2], vec![0.03; 2], vec![0.005; 2]];
        // Always short behind the nearest barrier makes twice the barrier.
        assert_eq!(blind(2, &columns, &rule).values()[..2], [-40.0, -40.0]);
    }
}
