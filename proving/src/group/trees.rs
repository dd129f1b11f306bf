//! Boosted trees beside XGBoost's histogram method, one thread each.

use anyhow::{Context as _, Result};
use base::{Panel, RowKey, Seed, Ts};
use learn::split::everything;
use learn::trees::{TreeLearner, TreeParams};
use learn::{LabelSpan, Learner as _, Model as _, Samples};
use rand::RngExt as _;

use crate::clock::{best, timed};
use crate::line::{Bar, Line};
use crate::peer::Peer;
use crate::{Bench, columns};

const WIDTH: usize = 44;

/// A table with few strong, some weak and many empty columns, and its labels.
struct Table {
    cells: Vec<f32>,
    labels: Vec<bool>,
    train_rows: usize,
}

/// Training time and the area under the curve on rows not trained on.
pub fn run(bench: &Bench) -> Result<Vec<Line>> {
    let (train_rows, test_rows) = bench.size.pick((200_000, 50_000), (5_000, 2_000));
    let rounds = bench.size.pick(3, 1);
    let table = table(train_rows, test_rows);
    let folder = tempfile::tempdir_in(&bench.scratch)?;
    columns::write_f32(&folder.path().join("x.f32"), table.cells.iter().copied())?;
    let labels = table.labels.iter().map(|&label| if label { 1.0 } else { 0.0 });
    columns::write_f32(&folder.path().join("y.f32"), labels)?;
    let trees: u32 = bench.size.pick(300, 30);
    let place = folder.path().display().to_string();
    let numbers = [train_rows.to_string(), trees.to_string()];
    let mut peer = Peer::start(bench, "trees.py", &[&place, &numbers[0], &numbers[1]]);
    let samples = samples(&table)?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        ours.push(fit(&samples, &table, trees)?);
        if let Ok(peer) = &mut peer {
            theirs.push(peer.round::<(f64, f64)>("fit")?);
        }
    }
    let who = match &peer {
        Ok(peer) => peer.version().to_owned(),
        Err(error) => format!("XGBoost can't run: {error}"),
    };
    let seconds = |runs: &[(f64, f64)]| best(&runs.iter().map(|run| run.0).collect::<Vec<_>>());
    let line = |name: &str, ours, peer, bar| Line {
        name: name.to_owned(),
        ours: Some(ours),
        peer,
        who: who.clone(),
        bar,
    };
    let auc = |runs: &[(f64, f64)]| runs.first().map(|run| run.1);
    Ok(vec![
        line(
            "trees/fit_200k_x_44_s",
            seconds(&ours),
            (!theirs.is_empty()).then(|| seconds(&theirs)),
            Bar::RatioAtMost(1.0),
        ),
        line("trees/auc", auc(&ours).context("no round")?, auc(&theirs), Bar::RatioAtLeast(0.998)),
    ])
}

/// Seconds of a fit and the area under the curve.
fn fit(samples: &Samples, table: &Table, trees: u32) -> Result<(f64, f64)> {
    let rows: Vec<usize> = (0..samples.len()).collect();
    let (train, test) = rows.split_at(table.train_rows);
    let (train, test) = (samples.take(train), samples.take(test));
    let params = TreeParams {
        n_estimators: trees,
        subsample: 0.8,
        colsample_bytree: 0.8,
        min_child_weight: 5.0,
        gamma: 0.1,
        reg_alpha: 0.1,
        scale_pos_weight: train.losses_per_win().context("one class alone")?,
        ..TreeParams::default()
    };
    let learner = TreeLearner { params, seed: Seed::root(1) };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
    let (seconds, model) = timed(|| pool.install(|| learner.fit(&everything(&train))));
    let scores = model?.predict_proba(test.panel())?;
    Ok((seconds, learn::score::roc_auc(&scores, test.labels())))
}

fn samples(table: &Table) -> Result<Samples> {
    let mut panel = Panel::new((0..WIDTH).map(|column| format!("f{column}")));
    for (row, cells) in table.cells.chunks_exact(WIDTH).enumerate() {
        let cells: Vec<f64> = cells.iter().map(|&cell| f64::from(cell)).collect();
        panel.push(RowKey { at: Ts::from_seconds(row as i64), id: 0 }, &cells)?;
    }
    let spans = panel.keys().iter().map(|key| LabelSpan { starts: key.at, ends: key.at });
    let spans = spans.collect();
    Ok(Samples::new(panel, table.labels.clone(), spans)?)
}

/// Standard normal columns, six of them coarse and four heavy-tailed; the label is the top 15 %
/// of a score with sines, products and thresholds in it, and logistic noise.
fn table(train_rows: usize, test_rows: usize) -> Table {
    let mut rng = Seed::root(1).child("trees").rng();
    let rows = train_rows + test_rows;
    let mut cells = Vec::with_capacity(rows * WIDTH);
    let mut scores = Vec::with_capacity(rows);
    for _ in 0..rows {
        let mut row = [0.0_f64; WIDTH];
        for pair in row.chunks_exact_mut(2) {
            // Box and Muller (1958).
            let (u, v): (f64, f64) = (1.0 - rng.random::<f64>(), rng.random());
            let (size, turn) = ((-2.0 * u.ln()).sqrt(), v * std::f64::consts::TAU);
            (pair[0], pair[1]) = (size * turn.cos(), size * turn.sin());
        }
        row[30..36].iter_mut().for_each(|cell| *cell = (*cell * 2.0).round() / 2.0);
        row[36..40].iter_mut().for_each(|cell| *cell = cell.exp());
        let u: f64 = rng.random::<f64>().clamp(1e-12, 1.0 - 1e-12);
        scores.push(score(&row) + (u / (1.0 - u)).ln());
        cells.extend(row.iter().map(|&cell| cell as f32));
    }
    let mut sorted = scores.clone();
    sorted.sort_by(f64::total_cmp);
    let border = sorted[rows * 85 / 100];
    Table { cells, labels: scores.iter().map(|&score| score > border).collect(), train_rows }
}

fn score(x: &[f64; WIDTH]) -> f64 {
    let when = |yes: bool| f64::from(u8::from(yes));
    (2.0 * x[0]).sin()
        + 0.8 * x[1] * x[2]
        + 0.7 * when(x[3] > 0.5) * x[4]
        + 0.5 * x[5].abs()
        + 0.4 * x[6] * when(x[30] > 0.0)
        + 0.3 * x[36].ln()
        + 0.3 * x[7]
        + 0.125 * x[8] * x[8]
        + 0.2 * x[9..14].iter().sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_label_can_be_learnt_from_the_columns() {
        let table = table(2_000, 1_000);
        let wins = table.labels.iter().filter(|&&label| label).count();
        assert!((400..=500).contains(&wins), "{wins}");
        let (_, auc) = fit(&samples(&table).unwrap(), &table, 40).unwrap();
        assert!(auc > 0.65, "{auc}");
    }
}
