//! Figures of any model on rows of any kind of target, each with its interval, beside what
//! somebody would score who knows the targets' spread and nothing else.

use std::collections::BTreeMap;
use std::rc::Rc;

use base::bootstrap::Plan;
use base::{Interval, Prob, stats};
use serde::{Deserialize, Serialize};

use super::card::{FIGURES, measured, on_rows};
use super::{several, stopped};
use crate::trees::{Flow, ndcg_of_groups};
use crate::{Error, Forecasts, Reading, Targets};

/// What a model scores on some rows, and what blind guessing would.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sheet {
    /// Rows scored.
    pub rows: usize,
    /// What the targets are.
    pub kind: String,
    /// The figure that is tuned for; less is better.
    pub main: String,
    /// Figures by name, with intervals; one that does not exist is left out.
    pub figures: BTreeMap<String, Interval>,
    /// The same figures for the one forecast that fits these rows best when it may not look at
    /// any column: the share of wins, the mean, the shares of classes, no order.
    pub blind: BTreeMap<String, f64>,
}

/// One figure of some units.
pub(super) type Figure<'a> = Box<dyn Fn(&[usize]) -> f64 + 'a>;

/// Figures by name, and what they are of.
pub(super) struct Figures<'a> {
    /// The one that is tuned for.
    pub(super) main: &'static str,
    /// What is drawn: rows, or groups of rows.
    units: usize,
    pub(super) all: Vec<(&'static str, Figure<'a>)>,
}

/// What is scored against what.
#[derive(Debug, Clone, Copy)]
pub struct Scored<'a> {
    /// What the model said.
    pub forecasts: &'a Forecasts,
    /// What came.
    pub targets: &'a Targets,
    /// How they are to be read.
    pub reading: &'a Reading,
}

impl Scored<'_> {
    /// The figure that is tuned for, on all rows: log loss, root of the mean square, pinball loss,
    /// one minus the NDCG; of several targets the mean loss over that of blind guessing, and of a
    /// simulated stop loss what is lost as a share of the barrier.
    pub fn loss(&self) -> Result<f64, Error> {
        if let Some(parts) = self.parts()? {
            return several::loss(&parts);
        }
        self.figures()?.loss()
    }

    /// All figures; the plan says how rows are drawn for the intervals. One that these rows do not
    /// have is left out; a loss that is no number is an error.
    pub fn sheet(&self, plan: Plan) -> Result<Sheet, Error> {
        self.sheet_while(plan, &|| Flow::Go)
    }

    /// The same; `go_on` is asked before each draw, and ends the work with [`Error::Stopped`].
    pub fn sheet_while(&self, plan: Plan, go_on: &dyn Fn() -> Flow) -> Result<Sheet, Error> {
        if let Some(parts) = self.parts()? {
            return several::sheet(&parts, (plan, go_on));
        }
        let figures = self.figures()?;
        figures.loss()?;
        let Figures { main, units, all } = figures;
        let (kind, main) = (self.targets.kind().to_owned(), main.to_owned());
        let (figures, blind) = (measured(all, units, (plan, go_on))?, self.blind()?);
        Ok(Sheet { rows: self.targets.len(), kind, main, figures, blind })
    }

    /// Figures in all.
    pub fn count(&self) -> Result<usize, Error> {
        match self.parts()? {
            Some(parts) => several::count(&parts),
            None => Ok(self.figures()?.all.len()),
        }
    }

    /// The heads, where there are several with a target each.
    fn parts(&self) -> Result<Option<Vec<several::Part>>, Error> {
        self.check()?;
        match (self.targets, self.reading) {
            (Targets::Many(_), Reading::Stopped(_)) => Ok(None),
            (Targets::Many(columns), reading) => {
                several::parts(self.forecasts, columns, reading).map(Some)
            }
            _ => Ok(None),
        }
    }

    fn check(&self) -> Result<(), Error> {
        let (rows, given) = (self.targets.len(), self.forecasts.rows().len());
        if rows == 0 || rows != given {
            return Err(Error::Measure { what: format!("{given} forecasts for {rows} rows") });
        }
        self.forecasts.check()?;
        self.reading.check(self.targets)
    }

    pub(super) fn figures(&self) -> Result<Figures<'_>, Error> {
        let (main, rows) = (main_figure(self.targets, self.reading), self.targets.len());
        let of_rows = |all| Figures { main, units: rows, all };
        Ok(match (self.targets, self.reading) {
            (Targets::Wins(wins), _) => of_rows(self.of_wins(wins)?),
            (Targets::Numbers(numbers), Reading::Quantiles(levels)) => {
                of_rows(self.of_quantiles(numbers, levels))
            }
            (Targets::Numbers(numbers), _) => of_rows(self.of_numbers(numbers)),
            (Targets::Classes { classes, .. }, _) => of_rows(self.of_classes(classes)),
            (Targets::Ranks { .. }, _) => {
                let (units, all) = self.of_ranks();
                Figures { main, units, all }
            }
            (Targets::Many(columns), Reading::Stopped(rule)) if self.width() == 2 => {
                of_rows(stopped::figures(self.forecasts, columns, rule))
            }
            (Targets::Many(_), _) => {
                let what = "several targets are scored head by head".to_owned();
                return Err(Error::Measure { what });
            }
        })
    }

    fn of_wins<'a>(&'a self, wins: &'a [bool]) -> Result<Vec<(&'static str, Figure<'a>)>, Error> {
        let at = if self.forecasts.outputs() == 2 { 1 } else { 0 };
        let probs = self.forecasts.rows().enumerate().map(|(row, outputs)| {
            Prob::new(f64::from(outputs[at])).map_err(|source| Error::Predict { row, source })
        });
        let probs: Rc<[Prob]> = probs.collect::<Result<_, _>>()?;
        let figures = FIGURES.map(|(name, figure)| {
            let probs = probs.clone();
            let of_rows = move |rows: &[usize]| on_rows(figure, (&probs, wins, Prob::HALF), rows);
            (name, Box::new(of_rows) as Figure<'a>)
        });
        Ok(figures.into())
    }

    fn of_numbers<'a>(&'a self, numbers: &'a [f64]) -> Vec<(&'static str, Figure<'a>)> {
        let said = move |row: usize| f64::from(self.forecasts.values()[row * self.width()]);
        let gap = move |row: usize| said(row) - numbers[row];
        let pairs = move |rows: &[usize]| -> (Vec<f64>, Vec<f64>) {
            rows.iter().map(|&row| (said(row), numbers[row])).unzip()
        };
        let square = move |rows: &[usize]| mean(rows, |row| gap(row).powi(2));
        vec![
            (
                "correlation",
                Box::new(move |rows| {
                    let (said, came) = pairs(rows);
                    stats::correlation(&said, &came)
                }),
            ),
            ("mae", Box::new(move |rows| mean(rows, |row| gap(row).abs()))),
            (
                "r2",
                Box::new(move |rows| {
                    let (_, came) = pairs(rows);
                    let middle = stats::mean(&came);
                    1.0 - square(rows) / mean(rows, |row| (numbers[row] - middle).powi(2))
                }),
            ),
            (
                "rank_correlation",
                Box::new(move |rows| {
                    let (said, came) = pairs(rows);
                    stats::correlation(&stats::ranks(&said), &stats::ranks(&came))
                }),
            ),
            ("rmse", Box::new(move |rows| square(rows).sqrt())),
        ]
    }

    fn of_quantiles<'a>(
        &'a self,
        numbers: &'a [f64],
        levels: &'a [f64],
    ) -> Vec<(&'static str, Figure<'a>)> {
        let gap = move |row: usize, at: usize| {
            numbers[row] - f64::from(self.forecasts.values()[row * self.width() + at])
        };
        let count = levels.len() as f64;
        let over = move |of: &dyn Fn(usize, f64) -> f64| {
            levels.iter().enumerate().map(|(at, level)| of(at, *level)).sum::<f64>() / count
        };
        // How far the share of outcomes below each quantile lies from its level, on average.
        let miss = move |rows: &[usize]| {
            over(&|at, level| {
                (mean(rows, |row| f64::from(u8::from(gap(row, at) <= 0.0))) - level).abs()
            })
        };
        let pinball = move |rows: &[usize]| {
            over(&|at, level| {
                mean(rows, |row| (level * gap(row, at)).max((level - 1.0) * gap(row, at)))
            })
        };
        vec![("coverage_gap", Box::new(miss)), ("pinball", Box::new(pinball))]
    }

    fn of_classes<'a>(&'a self, classes: &'a [u32]) -> Vec<(&'static str, Figure<'a>)> {
        let said = self.forecasts.classes();
        let called = said.clone();
        let right = move |rows: &[usize]| {
            mean(rows, |row| f64::from(u8::from(called[row] == classes[row])))
        };
        let width = self.width();
        let loss = move |rows: &[usize]| {
            mean(rows, |row| {
                let share = self.forecasts.values()[row * width + classes[row] as usize];
                -f64::from(share).clamp(1e-15, 1.0).ln()
            })
        };
        let f1 = move |rows: &[usize]| macro_f1(rows, &said, classes, width);
        vec![
            ("accuracy", Box::new(right)),
            ("log_loss", Box::new(loss)),
            ("macro_f1", Box::new(f1)),
        ]
    }

    /// Groups, and figures over them.
    fn of_ranks(&self) -> (usize, Vec<(&'static str, Figure<'_>)>) {
        let found: Rc<[f64]> = self.ndcg(self.forecasts.values()).into();
        let (units, lost) = (found.len(), found.clone());
        let all: Vec<(&'static str, Figure<'_>)> = vec![
            ("ndcg", Box::new(move |groups| mean(groups, |group| found[group]))),
            ("ndcg_loss", Box::new(move |groups| 1.0 - mean(groups, |group| lost[group]))),
        ];
        (units, all)
    }

    /// Normalised discounted gain of each group, in order of groups.
    fn ndcg(&self, scores: &[f32]) -> Vec<f64> {
        let rows = 0..self.targets.len();
        let groups: Vec<i64> = rows.clone().filter_map(|row| self.targets.group(row)).collect();
        let relevance: Vec<f32> = rows.map(|row| self.targets.number(row) as f32).collect();
        ndcg_of_groups(&groups, &relevance, scores)
    }

    fn width(&self) -> usize {
        self.forecasts.outputs()
    }

    pub(super) fn blind(&self) -> Result<BTreeMap<String, f64>, Error> {
        let rows = self.targets.len();
        let numbers: Vec<f64> = (0..rows).map(|row| self.targets.number(row)).collect();
        let said: Vec<f32> = match (self.targets, self.reading) {
            (Targets::Numbers(_), Reading::Quantiles(levels)) => {
                levels.iter().map(|level| stats::quantile(&numbers, *level) as f32).collect()
            }
            (Targets::Many(columns), Reading::Stopped(rule)) => {
                return self.figures_of(&stopped::blind(rows, columns, rule));
            }
            (Targets::Classes { count, .. }, _) => {
                let of = |class: u32| numbers.iter().filter(|n| **n == f64::from(class)).count();
                (0..*count).map(|class| of(class) as f32 / rows as f32).collect()
            }
            // In no order: all at once would keep the rows' own, which may be the right one.
            (Targets::Ranks { .. }, _) => return Ok(self.blind_order()),
            _ => vec![stats::mean(&numbers) as f32],
        };
        self.figures_of(&Forecasts::new(said.len(), said.repeat(rows)))
    }

    /// The figures of other forecasts.
    fn figures_of(&self, forecasts: &Forecasts) -> Result<BTreeMap<String, f64>, Error> {
        let blind = Scored { forecasts, ..*self };
        let Figures { units, all, .. } = blind.figures()?;
        let every: Vec<usize> = (0..units).collect();
        let found = all.into_iter().map(|(name, figure)| (name.to_owned(), figure(&every)));
        Ok(found.filter(|(_, value)| value.is_finite()).collect())
    }

    /// Expected gain of an order drawn by lot: the mean over some draws.
    fn blind_order(&self) -> BTreeMap<String, f64> {
        const DRAWS: usize = 64;
        let rows = self.targets.len();
        let drawn = |draw: usize| -> f64 {
            let lot = |row: usize| base::Seed::root(row as u64).index(draw as u64).number();
            let scores: Vec<f32> = (0..rows).map(|row| (lot(row) >> 40) as f32).collect();
            stats::mean(&self.ndcg(&scores))
        };
        let found = (0..DRAWS).map(drawn).sum::<f64>() / DRAWS as f64;
        [("ndcg", found), ("ndcg_loss", 1.0 - found)].map(|(n, v)| (n.to_owned(), v)).into()
    }
}

impl Figures<'_> {
    /// The figure that is tuned for, of all units.
    fn loss(&self) -> Result<f64, Error> {
        let every: Vec<usize> = (0..self.units).collect();
        let found = self.all.iter().find(|(name, _)| *name == self.main);
        let loss = found.map_or(f64::NAN, |(_, figure)| figure(&every));
        if !loss.is_finite() {
            let what = format!("{} is {loss} on these rows; bring the targets to scale", self.main);
            return Err(Error::Measure { what });
        }
        Ok(loss)
    }
}

/// The figure that is tuned for; less is better.
pub fn main_figure(targets: &Targets, reading: &Reading) -> &'static str {
    match (targets, reading) {
        (Targets::Wins(_) | Targets::Classes { .. }, _) => "log_loss",
        (Targets::Numbers(_), Reading::Quantiles(_)) => "pinball",
        (Targets::Numbers(_), _) => "rmse",
        (Targets::Ranks { .. }, _) => "ndcg_loss",
        (Targets::Many(_), Reading::Stopped(_)) => stopped::MAIN,
        (Targets::Many(_), _) => several::MAIN,
    }
}

fn mean(rows: &[usize], of: impl Fn(usize) -> f64) -> f64 {
    rows.iter().map(|&row| of(row)).sum::<f64>() / rows.len() as f64
}

/// Mean over the classes that occur of the harmonic mean of precision and recall.
fn macro_f1(rows: &[usize], said: &[u32], came: &[u32], count: usize) -> f64 {
    let mut tally = vec![[0.0f64; 3]; count];
    for &row in rows {
        let (said, came) = (said[row] as usize, came[row] as usize);
        tally[said][1] += 1.0;
        tally[came][2] += 1.0;
        if said == came {
            tally[said][0] += 1.0;
        }
    }
    let met: Vec<f64> = tally
        .iter()
        .filter(|[_, _, came]| *came > 0.0)
        .map(|[hit, said, came]| 2.0 * hit / (said + came))
        .collect();
    met.iter().sum::<f64>() / met.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::Seed;

    fn scored<'a>(forecasts: &'a Forecasts, targets: &'a Targets) -> Scored<'a> {
        Scored { forecasts, targets, reading: &Reading::Plain }
    }

    fn plan() -> Plan {
        Plan { draws: 200, ..Plan::independent(Seed::root(1)) }
    }

    #[test]
    fn a_forecast_of_the_mean_is_as_good_as_blind() {
        let targets = Targets::Numbers(vec![1.0, 2.0, 6.0]);
        let forecasts = Forecasts::new(1, vec![3.0; 3]);
        let sheet = scored(&forecasts, &targets).sheet(plan()).unwrap();
        assert!((sheet.figures["rmse"].value - sheet.blind["rmse"]).abs() < 1e-6);
        assert!((sheet.figures["mae"].value - 2.0).abs() < 1e-6);
        assert!(!sheet.figures.contains_key("correlation"));
    }

    #[test]
    fn a_forecast_that_is_no_number_is_an_error_and_not_a_figure_less() {
        let sets = [
            Targets::Numbers(vec![1.0, 2.0, 6.0]),
            Targets::Classes { classes: vec![0, 0, 0], count: 1 },
            Targets::Ranks { relevance: vec![1.0, 0.0, 2.0], groups: vec![0, 0, 0] },
            Targets::Many(vec![vec![1.0, 2.0, 3.0]]),
        ];
        for targets in sets {
            for value in [f32::NAN, f32::INFINITY] {
                let forecasts = Forecasts::new(1, vec![0.5, value, 0.25]);
                let scored = scored(&forecasts, &targets);
                for said in [scored.loss().map(drop), scored.sheet(plan()).map(drop)] {
                    let said = said.unwrap_err().to_string();
                    assert!(said.contains("row 1: output 0 is"), "{said}");
                }
            }
        }
    }

    #[test]
    fn a_sheet_that_is_not_wanted_any_more_is_not_finished() {
        let targets = Targets::Numbers(vec![1.0, 2.0, 6.0]);
        let forecasts = Forecasts::new(1, vec![3.0; 3]);
        let asked = std::cell::Cell::new(0);
        let go_on = || {
            asked.set(asked.get() + 1);
            if asked.get() == 300 { Flow::Stop } else { Flow::Go }
        };
        let ended = scored(&forecasts, &targets).sheet_while(plan(), &go_on);
        let said = ended.unwrap_err().to_string();
        assert!(said.contains("stopped after 1 of 5 figures"), "{said}");
        assert_eq!(asked.get(), 300);
    }

    #[test]
    fn a_main_figure_that_is_no_number_is_an_error() {
        let targets = Targets::Numbers(vec![1e200, -1e200, 0.0]);
        let forecasts = Forecasts::new(1, vec![0.0; 3]);
        for said in [
            scored(&forecasts, &targets).loss().map(drop),
            scored(&forecasts, &targets).sheet(plan()).map(drop),
        ] {
            let said = said.unwrap_err().to_string();
            assert!(said.contains("rmse is inf on these rows"), "{said}");
        }
    }

    #[test]
    fn classes_are_counted_as_by_hand() {
        let targets = Targets::Classes { classes: vec![0, 1, 1, 2], count: 3 };
        let said = [[0.8, 0.1, 0.1], [0.2, 0.5, 0.3], [0.6, 0.2, 0.2], [0.1, 0.1, 0.8]];
        let forecasts = Forecasts::new(3, said.concat());
        let all = scored(&forecasts, &targets).sheet(plan()).unwrap();
        assert!((all.figures["accuracy"].value - 0.75).abs() < 1e-12);
        let wanted = -(0.8f64.ln() + 0.5f64.ln() + 0.2f64.ln() + 0.8f64.ln()) / 4.0;
        assert!((all.figures["log_loss"].value - wanted).abs() < 1e-6);
        assert!(
            (all.figures["macro_f1"].value - (2.0 / 3.0 + 2.0 / 3.0 + 1.0) / 3.0).abs() < 1e-12
        );
        assert!((all.blind["accuracy"] - 0.5).abs() < 1e-12);
    }

    #[test]
    fn a_quantile_that_covers_its_share_has_no_gap() {
        let targets = Targets::Numbers((0..100).map(f64::from).collect());
        let forecasts = Forecasts::new(1, vec![89.5; 100]);
        let reading = Reading::Quantiles(vec![0.9]);
        let of = Scored { forecasts: &forecasts, targets: &targets, reading: &reading };
        let sheet = of.sheet(plan()).unwrap();
        assert!(sheet.figures["coverage_gap"].value < 1e-9, "{sheet:?}");
        assert_eq!(sheet.main, "pinball");
    }

    #[test]
    fn the_right_order_has_all_gain_and_a_lot_has_less() {
        let (relevance, groups) = (vec![3.0, 0.0, 1.0, 2.0, 0.0, 1.0], vec![0, 0, 0, 1, 1, 1]);
        let targets = Targets::Ranks { relevance: relevance.clone(), groups };
        let forecasts = Forecasts::new(1, relevance.iter().map(|r| *r as f32).collect());
        let sheet = scored(&forecasts, &targets).sheet(plan()).unwrap();
        assert!((sheet.figures["ndcg"].value - 1.0).abs() < 1e-12);
        assert!(sheet.blind["ndcg"] < 0.95);
    }
}
