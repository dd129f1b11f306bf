//! Training time of our trees on a table of 44 columns, for comparison with a peer.
//!
//! `cargo run --release -p learn --example trees_speed -- X.bin Y.bin TRAIN_ROWS [THREADS]`
//! reads little-endian 32-bit floats, rows × 44 and rows. Settings are those of the peer script.
#![allow(clippy::disallowed_methods, clippy::disallowed_macros, clippy::print_stdout)]

use std::time::Instant;

use base::{Panel, RowKey, Seed, Ts};
use learn::split::everything;
use learn::trees::{TreeLearner, TreeParams};
use learn::{LabelSpan, Learner as _, Model as _, Samples};

const WIDTH: usize = 44;
/// Rows whose Shapley values are timed.
const EXPLAINED: usize = 2_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, x, y, train_rows, rest @ ..] = arguments.as_slice() else {
        return Err("usage: trees_speed X.bin Y.bin TRAIN_ROWS [THREADS]".into());
    };
    let samples = read(x, y)?;
    let border: usize = train_rows.parse()?;
    let train = samples.take(&(0..border).collect::<Vec<_>>());
    let test = samples.take(&(border..samples.len()).collect::<Vec<_>>());
    let params = TreeParams {
        n_estimators: 300,
        subsample: 0.8,
        colsample_bytree: 0.8,
        min_child_weight: 5.0,
        gamma: 0.1,
        reg_alpha: 0.1,
        scale_pos_weight: train.losses_per_win().ok_or("one class only")?,
        ..TreeParams::default()
    };
    let threads = rest.first().map_or(Ok(1), |text| text.parse())?;
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    let learner = TreeLearner { params, seed: Seed::root(1) };
    let begun = Instant::now();
    let model = pool.install(|| learner.fit(&everything(&train)))?;
    let fitted = begun.elapsed();
    let begun = Instant::now();
    let scores = model.predict_proba(test.panel())?;
    println!(
        "trees threads {threads} fit {:.2}s predict {:.3}s auc {:.4}",
        fitted.as_secs_f64(),
        begun.elapsed().as_secs_f64(),
        learn::score::roc_auc(&scores, test.labels())
    );
    let some = test.take(&(0..test.len().min(EXPLAINED)).collect::<Vec<_>>());
    let begun = Instant::now();
    let explanation = pool.install(|| model.explain(some.panel()))?;
    let taken = begun.elapsed().as_secs_f64();
    let strongest = &explanation.table()[0];
    println!(
        "explain {} rows {taken:.3}s, {:.1} µs a row; strongest {} {:.4}",
        some.len(),
        1e6 * taken / some.len() as f64,
        strongest.feature,
        strongest.mean_absolute
    );
    Ok(())
}

fn read(x: &str, y: &str) -> Result<Samples, Box<dyn std::error::Error>> {
    let floats = |path: &str| -> std::io::Result<Vec<f64>> {
        let bytes = std::fs::read(path)?;
        let parts = bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
        Ok(parts.map(f64::from).collect())
    };
    let (cells, labels) = (floats(x)?, floats(y)?);
    let mut panel = Panel::new((0..WIDTH).map(|column| format!("f{column}")));
    for (row, values) in cells.chunks_exact(WIDTH).enumerate() {
        panel.push(RowKey { at: Ts::from_seconds(row as i64), id: 0 }, values)?;
    }
    let spans = panel.keys().iter().map(|key| LabelSpan { starts: key.at, ends: key.at });
    let spans = spans.collect();
    Ok(Samples::new(panel, labels.iter().map(|&label| label > 0.5).collect(), spans)?)
}
