//! Boosted trees beside XGBoost's histogram method, on one thread and on two.

use anyhow::{Context as _, Result};
use base::stats::{mean, median};
use base::{Panel, RowKey, Seed, Ts};
use learn::split::everything;
use learn::trees::{TreeLearner, TreeModel, TreeParams};
use learn::{LabelSpan, Learner as _, Model as _, Samples};
use rand::RngExt as _;

use crate::clock::timed;
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

/// Rows of the small problem: what a search fits thousands of times.
const SMALL_ROWS: usize = 2_000;

/// Training and prediction time, and the area under the curve on rows not trained on.
pub fn run(bench: &Bench) -> Result<Vec<Line>> {
    let (train_rows, test_rows) = bench.size.pick((200_000, 50_000), (5_000, 2_000));
    let trees: u32 = bench.size.pick(300, 30);
    let table = table(train_rows, test_rows);
    let folder = tempfile::tempdir_in(&bench.scratch)?;
    columns::write_f32(&folder.path().join("x.f32"), table.cells.iter().copied())?;
    let labels = table.labels.iter().map(|&label| if label { 1.0 } else { 0.0 });
    columns::write_f32(&folder.path().join("y.f32"), labels)?;
    let place = folder.path().display().to_string();
    let numbers = [train_rows.to_string(), trees.to_string(), SMALL_ROWS.to_string()];
    let arguments = [place.as_str(), &numbers[0], &numbers[1], &numbers[2]];
    let mut peer = Peer::start(bench, "trees.py", &arguments);
    let who = Peer::who(&peer, "XGBoost");
    let ours = Ours::new(&table, trees)?;
    let seeds = bench.size.pick(5, 1);
    let one = rounds(seeds, &mut peer, "fit 1", |seed| ours.fit(1, seed))?;
    let two = rounds(seeds, &mut peer, "fit 2", |seed| ours.fit(2, seed))?;
    let small = rounds(3 * seeds, &mut peer, "fit_small", |seed| ours.fit_small(seed))?;
    let model = ours.model(1, 1)?;
    let (mut predicted, mut peer_predicted) = (Vec::new(), Vec::new());
    for _ in 0..2 * seeds {
        predicted.push(ours.predict(&model)?);
        if let Ok(peer) = &mut peer {
            peer_predicted.push(peer.round::<f64>("predict")?);
        }
    }
    let line = |name: &str, (ours, peer): (Vec<f64>, Vec<f64>), most: f64| Line {
        name: format!("trees/{name}"),
        ours: Some(median(&ours)),
        peer: (!peer.is_empty()).then(|| median(&peer)),
        who: who.clone(),
        bar: Bar::RatioAtMost(most),
    };
    let seconds = |rounds: &Rounds| (firsts(&rounds.ours), firsts(&rounds.theirs));
    let mut lines = vec![
        line("fit_200k_x_44_one_thread_s", seconds(&one), 0.5),
        line("fit_200k_x_44_two_threads_s", seconds(&two), 0.66),
        line("fit_2k_x_44_s", seconds(&small), 0.5),
        line("predict_200k_x_44_s", (predicted, peer_predicted), 1.0),
    ];
    lines.push(auc_line(&one, who));
    Ok(lines)
}

/// How much less area under the curve we have, on average over the seeds.
fn auc_line(rounds: &Rounds, who: String) -> Line {
    let area = |runs: &[(f64, f64)]| mean(&runs.iter().map(|run| run.1).collect::<Vec<_>>());
    let name = "trees/auc_behind_peer";
    if rounds.theirs.is_empty() {
        return Line::missing(name, who, Bar::AtMost(0.002));
    }
    let behind = area(&rounds.theirs) - area(&rounds.ours);
    Line { who, ..Line::alone(name, behind, Bar::AtMost(0.002)) }
}

/// Seconds and the area under the curve of rounds that took turns.
#[derive(Default)]
struct Rounds {
    ours: Vec<(f64, f64)>,
    theirs: Vec<(f64, f64)>,
}

/// Rounds of both sides in turns, one a seed.
fn rounds(
    seeds: u64,
    peer: &mut Result<Peer>,
    ask: &str,
    mut run: impl FnMut(u64) -> Result<(f64, f64)>,
) -> Result<Rounds> {
    let mut rounds = Rounds::default();
    for seed in 1..=seeds {
        rounds.ours.push(run(seed)?);
        if let Ok(peer) = peer {
            rounds.theirs.push(peer.round(&format!("{ask} {seed}"))?);
        }
    }
    Ok(rounds)
}

fn firsts(runs: &[(f64, f64)]) -> Vec<f64> {
    runs.iter().map(|run| run.0).collect()
}

/// Our side: the rows, split.
struct Ours {
    train: Samples,
    small: Samples,
    test: Samples,
    trees: u32,
}

impl Ours {
    fn new(table: &Table, trees: u32) -> Result<Ours> {
        let samples = samples(table)?;
        let rows: Vec<usize> = (0..samples.len()).collect();
        let (train, test) = rows.split_at(table.train_rows);
        let small = &train[..SMALL_ROWS.min(train.len())];
        let (small, test) = (samples.take(small), samples.take(test));
        Ok(Ours { train: samples.take(train), small, test, trees })
    }

    fn learner(&self, samples: &Samples, seed: u64) -> Result<TreeLearner> {
        let params = TreeParams {
            n_estimators: self.trees,
            subsample: 0.8,
            colsample_bytree: 0.8,
            min_child_weight: 5.0,
            gamma: 0.1,
            reg_alpha: 0.1,
            scale_pos_weight: samples.losses_per_win().context("one class alone")?,
            ..TreeParams::default()
        };
        Ok(TreeLearner { params, seed: Seed::root(seed) })
    }

    /// Seconds of a fit and the area under the curve.
    fn fit(&self, threads: usize, seed: u64) -> Result<(f64, f64)> {
        let learner = self.learner(&self.train, seed)?;
        let train = everything(&self.train);
        let (seconds, model) = on(threads, || timed(|| learner.fit(&train)))?;
        let scores = model?.predict_proba(self.test.panel())?;
        Ok((seconds, learn::score::roc_auc(&scores, self.test.labels())))
    }

    fn fit_small(&self, seed: u64) -> Result<(f64, f64)> {
        let learner = self.learner(&self.small, seed)?;
        let train = everything(&self.small);
        let (seconds, model) = on(1, || timed(|| learner.fit(&train)))?;
        model?;
        Ok((seconds, 0.0))
    }

    fn model(&self, threads: usize, seed: u64) -> Result<TreeModel> {
        let learner = self.learner(&self.train, seed)?;
        Ok(on(threads, || learner.fit(&everything(&self.train)))??)
    }

    /// Seconds to predict all rows trained on.
    fn predict(&self, model: &TreeModel) -> Result<f64> {
        let (seconds, found) = on(1, || timed(|| model.predict(self.train.panel())))?;
        found?;
        Ok(seconds)
    }
}

/// Works with so many threads.
fn on<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> Result<T> {
    Ok(rayon::ThreadPoolBuilder::new().num_threads(threads).build()?.install(work))
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
        let (_, auc) = Ours::new(&table, 40).unwrap().fit(1, 1).unwrap();
        assert!(auc > 0.65, "{auc}");
    }
}
