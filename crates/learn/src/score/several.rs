//! Figures of several targets at once: those of each head under its name, and how much is lost
//! of what blind guessing loses, on average over the heads.

use std::collections::BTreeMap;

use base::bootstrap::Plan;
use base::stats::sigmoid;
use nets::layer::activation::softmax;

use super::card::measured;
use super::sheet::{Figure, Figures, Scored, Sheet};
use crate::reading::{Head, Reading, Says};
use crate::trees::Flow;
use crate::{Error, Forecasts, Targets};

/// Mean over the heads of the loss over that of blind guessing; 1 is no better than blind.
pub(super) const MAIN: &str = "relative_loss";

/// One head with what it foretold and what came.
pub(super) struct Part {
    name: String,
    forecasts: Forecasts,
    targets: Targets,
}

/// The heads, taken apart.
pub(super) fn parts(
    forecasts: &Forecasts,
    columns: &[Vec<f64>],
    reading: &Reading,
) -> Result<Vec<Part>, Error> {
    let heads: Vec<(String, Says)> = match reading {
        Reading::Heads(heads) => {
            heads.iter().map(|Head { name, says }| ((*name).to_owned(), *says)).collect()
        }
        _ => (1..=columns.len()).map(|at| (format!("target_{at}"), Says::Number)).collect(),
    };
    let wide: usize = heads.iter().map(|(_, says)| says.width()).sum();
    if heads.len() != columns.len() || wide > forecasts.outputs() {
        let (outputs, targets) = (forecasts.outputs(), columns.len());
        let what = format!("{outputs} numbers of {} heads for {targets} targets", heads.len());
        return Err(Error::Measure { what });
    }
    let mut begun = 0;
    let part = |((name, says), column): ((String, Says), &Vec<f64>)| {
        let of = begun..begun + says.width();
        begun = of.end;
        let values: Vec<f32> = forecasts.rows().flat_map(|row| row[of.clone()].to_vec()).collect();
        let (values, targets) = told(says, values, column);
        Part { name, forecasts: Forecasts::new(says.width(), values), targets }
    };
    Ok(heads.into_iter().zip(columns).map(part).collect())
}

/// Numbers of a head as forecasts of its target.
fn told(says: Says, mut values: Vec<f32>, column: &[f64]) -> (Vec<f32>, Targets) {
    match says {
        Says::Win => {
            values.iter_mut().for_each(|value| *value = sigmoid(f64::from(*value)) as f32);
            (values, Targets::Wins(column.iter().map(|target| *target == 1.0).collect()))
        }
        Says::Classes(count) => {
            softmax(&mut values, count as usize);
            let classes = column.iter().map(|target| *target as u32).collect();
            (values, Targets::Classes { classes, count })
        }
        Says::Number => (values, Targets::Numbers(column.to_vec())),
    }
}

fn scored(parts: &[Part]) -> impl Iterator<Item = (&str, Scored<'_>)> {
    parts.iter().map(|Part { name, forecasts, targets }| {
        (name.as_str(), Scored { forecasts, targets, reading: &Reading::Plain })
    })
}

/// The mean loss beside blind guessing's, over all rows.
pub(super) fn loss(parts: &[Part]) -> Result<f64, Error> {
    let scored: Vec<_> = scored(parts).collect();
    let rows: Vec<usize> = (0..parts.first().map_or(0, |part| part.targets.len())).collect();
    Ok(relative(&scored)?(&rows))
}

/// Figures of all heads, and the one of them together.
pub(super) fn count(parts: &[Part]) -> Result<usize, Error> {
    scored(parts).try_fold(1, |sum, (_, scored)| Ok(sum + scored.count()?))
}

/// All figures of all heads.
pub(super) fn sheet(
    parts: &[Part],
    (plan, go_on): (Plan, &dyn Fn() -> Flow),
) -> Result<Sheet, Error> {
    let scored: Vec<_> = scored(parts).collect();
    let (mut figures, mut blind) = (BTreeMap::new(), BTreeMap::new());
    let mut rows = 0;
    for (name, scored) in &scored {
        let sheet = scored.sheet_while(plan, go_on)?;
        rows = sheet.rows;
        let of = |figure: String| format!("{name}.{figure}");
        figures.extend(sheet.figures.into_iter().map(|(figure, found)| (of(figure), found)));
        blind.extend(sheet.blind.into_iter().map(|(figure, found)| (of(figure), found)));
    }
    figures.extend(measured([(MAIN, relative(&scored)?)], rows, (plan, go_on))?);
    blind.insert(MAIN.to_owned(), 1.0);
    let (kind, main) = ("several numbers".to_owned(), MAIN.to_owned());
    Ok(Sheet { rows, kind, main, figures, blind })
}

/// Heads with nothing to tell apart, where blind guessing loses nothing, do not count.
fn relative<'a>(scored: &'a [(&str, Scored<'_>)]) -> Result<Figure<'a>, Error> {
    let mut mains = Vec::with_capacity(scored.len());
    for (_, scored) in scored {
        let Figures { main, all, .. } = scored.figures()?;
        let blind = scored.blind()?.get(main).copied().filter(|blind| *blind > 0.0);
        let figure = all.into_iter().find(|(name, _)| *name == main);
        mains.extend(figure.zip(blind).map(|((_, figure), blind)| (figure, blind)));
    }
    Ok(Box::new(move |rows| {
        let lost: f64 = mains.iter().map(|(figure, blind)| figure(rows) / blind).sum();
        lost / mains.len() as f64
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::Seed;

    #[test]
    fn heads_are_scored_one_by_one_and_beside_blind_guessing() {
        let heads = vec![
            Head { name: "way", says: Says::Classes(2) },
            Head { name: "size", says: Says::Number },
        ];
        let (reading, columns) =
            (Reading::Heads(heads), vec![vec![0.0, 1.0, 1.0, 0.0], vec![1.0, 2.0, 3.0, 4.0]]);
        // Sure of each class, and the mean for each number.
        let values = [[9.0, -9.0, 2.5], [-9.0, 9.0, 2.5], [-9.0, 9.0, 2.5], [9.0, -9.0, 2.5]];
        let forecasts = Forecasts::new(3, values.concat());
        let parts = parts(&forecasts, &columns, &reading).unwrap();
        let plan = Plan { draws: 200, ..Plan::independent(Seed::root(1)) };
        let sheet = sheet(&parts, (plan, &|| Flow::Go)).unwrap();
        assert_eq!(sheet.figures["way.accuracy"].value, 1.0);
        assert!((sheet.figures["size.rmse"].value - sheet.blind["size.rmse"]).abs() < 1e-6);
        // One head loses nothing, the other all that blind guessing does.
        assert!((sheet.figures[MAIN].value - 0.5).abs() < 1e-6, "{sheet:?}");
        assert!((loss(&parts).unwrap() - 0.5).abs() < 1e-6);
    }

    #[test]
    fn targets_that_are_not_those_of_the_heads_are_refused() {
        let reading = Reading::Heads(vec![Head { name: "way", says: Says::Classes(2) }]);
        let said = |columns| reading.check(&Targets::Many(columns)).unwrap_err().to_string();
        assert!(said(vec![vec![0.0, 2.0]]).contains("of row 1 is 2, not a class from 0 to 1"));
        assert!(said(vec![vec![0.0], vec![0.0]]).contains("2 targets; the network wants way"));
    }
}
