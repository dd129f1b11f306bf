//! Networks as learners: toy problems, seeds, threads, files, checkpoints, bad input.

use base::{Panel, RowKey, Seed, Ts};
use learn::networks::{
    Checkpoint, Ended, NetworkLearner, NetworkModel, NetworkParams, Precision, Watch,
};
use learn::scaling::Missing;
use learn::split::everything;
use learn::trees::Flow;
use learn::{LabelSpan, Learner as _, Model as _, Samples, Targets};
use nets::layer::Position;
use nets::net::health::Latent;
use nets::net::mlp::Answer;
use nets::net::recurrent::Cell;
use nets::net::{
    DeepLob, Design, Dual, Health, KanNet, Mlp, Recurrent, RegimeGru, RegimeTransformer,
};
use rand::RngExt as _;

/// Rows of `columns` values that a hidden class shifts.
fn panel(rows: usize, columns: usize) -> (Panel, Vec<usize>, Vec<LabelSpan>) {
    let mut rng = Seed::root(3).child("rows").rng();
    let mut panel = Panel::new((0..columns).map(|at| format!("x{at}")));
    let (mut classes, mut spans) = (Vec::new(), Vec::new());
    for row in 0..rows {
        let class = rng.random_range(0..3usize);
        let draw = |_| 5.0 + 2.0 * (rng.random_range(-1.0..1.0) + (class as f64 - 1.0));
        let values: Vec<f64> = (0..columns).map(draw).collect();
        let at = Ts::from_seconds(row as i64);
        panel.push(RowKey { at, id: 0 }, &values).unwrap();
        classes.push(class);
        spans.push(LabelSpan { starts: at, ends: at });
    }
    (panel, classes, spans)
}

fn samples(rows: usize, columns: usize, targets: fn(&[usize]) -> Targets) -> Samples {
    let (panel, classes, spans) = panel(rows, columns);
    Samples::of(panel, targets(&classes), spans).unwrap()
}

fn wins(classes: &[usize]) -> Targets {
    Targets::Wins(classes.iter().map(|class| *class == 2).collect())
}

fn three(classes: &[usize]) -> Targets {
    Targets::Classes { classes: classes.iter().map(|class| *class as u32).collect(), count: 3 }
}

fn numbers(classes: &[usize]) -> Targets {
    Targets::Numbers(classes.iter().map(|class| *class as f64).collect())
}

fn many(count: usize, classes: &[usize]) -> Targets {
    let column: Vec<f64> = classes.iter().map(|class| *class as f64).collect();
    Targets::Many(vec![column; count])
}

fn learner(design: Design) -> NetworkLearner {
    let schedule = nets::optim::Schedule::Constant { rate: 0.01 };
    let params =
        NetworkParams { design, epochs: 30, batch: 32, schedule, ..NetworkParams::default() };
    NetworkLearner { params, seed: Seed::root(5) }
}

fn dense() -> NetworkLearner {
    learner(NetworkParams::default().design)
}

/// Share of rows whose largest output, or nearest number, is the class.
fn right(model: &NetworkModel, samples: &Samples) -> f64 {
    let forecasts = model.predict(samples.panel()).unwrap();
    let rows = forecasts.rows().zip(0..samples.len());
    let hit = |(outputs, row): (&[f32], usize)| {
        let wanted = samples.targets().number(row);
        let said = match outputs {
            [one] if matches!(samples.targets(), Targets::Wins(_)) => f64::from(one.round()),
            [one] => f64::from(one.round()),
            all => {
                let best = (0..all.len()).max_by(|a, b| all[*a].total_cmp(&all[*b])).unwrap();
                best as f64
            }
        };
        f64::from(u8::from(said == wanted))
    };
    rows.map(hit).sum::<f64>() / samples.len() as f64
}

#[test]
fn every_network_of_one_answer_learns_the_toy_problem() {
    let (steps, units) = (3, 8);
    let answer = Answer::Numbers { count: 1 };
    let recurrent =
        Recurrent { steps, inputs: 1, cell: Cell::Gru, units, layers: 1, answer: answer.clone() };
    let kan = KanNet { inputs: 1, hidden: vec![6], intervals: 5, degree: 3, answer };
    let gru = RegimeGru { steps, units, layers: 1, ..RegimeGru::default() };
    let transformer = RegimeTransformer {
        steps,
        width: 8,
        heads: 2,
        layers: 1,
        forward: 16,
        position: Position::Learned,
        ..RegimeTransformer::default()
    };
    let designs = [
        NetworkParams::default().design,
        Design::Recurrent(recurrent),
        Design::Kan(kan),
        Design::RegimeGru(gru),
        Design::RegimeTransformer(transformer),
    ];
    for design in designs {
        let regime = matches!(design, Design::RegimeGru(_) | Design::RegimeTransformer(_));
        let kinds: &[fn(&[usize]) -> Targets] =
            if regime { &[wins, three] } else { &[wins, three, numbers] };
        for targets in kinds {
            let samples = samples(400, 6, *targets);
            let model = learner(design.clone()).fit(&everything(&samples)).unwrap();
            let share = right(&model, &samples);
            let kind = samples.targets().kind();
            assert!(share > 0.8, "{} on {kind}: {share}", model.name());
        }
    }
}

#[test]
fn networks_of_several_heads_learn_several_numbers() {
    let health = Health { hidden: vec![16], latent: 4, ..Health::default() };
    let drawn = Health { kind: Latent::Drawn { divergence_weight: 0.01 }, ..health.clone() };
    let dual = Dual { still: 2, steps: 2, inputs: 2, units: 9, motor: 2, ..Dual::default() };
    let lob =
        DeepLob { steps: 2, levels: 2, filters: 4, branch: 4, units: 6, ..DeepLob::default() };
    for (design, columns) in [
        (Design::Health(health), 6),
        (Design::Health(drawn), 6),
        (Design::Dual(dual), 6),
        (Design::DeepLob(lob), 16),
    ] {
        let (panel, classes, spans) = panel(200, columns);
        let targets = match design {
            // Return to the horizon, fall and rise on the way.
            Design::Dual(_) => {
                let of = |f: fn(f64) -> f64| classes.iter().map(|c| f(*c as f64 - 1.0)).collect();
                let rise: fn(f64) -> f64 = |d| 0.01 + 0.01 * d;
                Targets::Many(vec![of(|d| 0.02 * d), of(|d| 0.01 - 0.01 * d), of(rise)])
            }
            Design::Health(_) => {
                let ones: Vec<usize> = classes.iter().map(|class| *class.min(&1)).collect();
                many(3, &ones)
            }
            _ => many(3, &classes),
        };
        let samples = Samples::of(panel, targets, spans).unwrap();
        let mut losses = Vec::new();
        let watch = Watch {
            after_epoch: &mut |epoch| {
                losses.push(epoch.watched_loss.unwrap());
                Flow::Go
            },
            resume: None,
        };
        let ended = learner(design).fit_watched(&everything(&samples), watch).unwrap();
        let Ended::Fitted(model) = ended else { panic!("nobody stopped it") };
        let (_, _, best) = model.record();
        let gain = losses[0] - best.unwrap();
        assert!(gain > 0.1 * losses[0].abs(), "{}: {} to {best:?}", model.name(), losses[0]);
    }
}

#[test]
fn one_seed_gives_one_model_whatever_the_threads() {
    let samples = samples(150, 4, wins);
    let fit = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let mut learner = dense();
        learner.params.shard_rows = 8;
        pool.install(|| learner.fit(&everything(&samples)).unwrap().to_bytes().unwrap())
    };
    assert_eq!(fit(1), fit(3));
}

#[test]
fn mixed_precision_learns_as_well_and_one_seed_gives_one_model_or_the_processor_refuses() {
    let samples = samples(400, 4, wins);
    let mut learner = dense();
    learner.params.shard_rows = 16;
    let whole = learner.fit(&everything(&samples)).unwrap();
    learner.params.precision = Precision::Mixed;
    let fit = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| learner.fit(&everything(&samples)))
    };
    if !nets::brief::is_fast_here() {
        let said = fit(1).unwrap_err().to_string();
        assert!(said.contains("set precision to whole"), "{said}");
        return;
    }
    let mixed = fit(1).unwrap();
    assert_eq!(mixed.to_bytes().unwrap(), fit(3).unwrap().to_bytes().unwrap());
    assert_ne!(mixed.to_bytes().unwrap(), whole.to_bytes().unwrap());
    let (mixed, whole) = (right(&mixed, &samples), right(&whole, &samples));
    assert!(mixed > whole - 0.03, "{mixed} of the rows are right, {whole} in whole precision");
}

#[test]
fn a_model_on_disk_predicts_what_it_did_and_is_found_out_when_touched() {
    let samples = samples(150, 4, three);
    let model = dense().fit(&everything(&samples)).unwrap();
    let mut artifact = model.to_artifact().unwrap();
    let again = NetworkModel::from_artifact(&artifact).unwrap();
    assert_eq!(again.predict(samples.panel()).unwrap(), model.predict(samples.panel()).unwrap());
    let last = artifact.bytes.len() - 1;
    artifact.bytes[last] ^= 1;
    assert!(NetworkModel::from_artifact(&artifact).is_err());
    for cut in [0, 10, last / 2] {
        assert!(NetworkModel::from_bytes(&artifact.bytes[..cut]).is_err());
    }
}

#[test]
fn a_training_stopped_and_resumed_ends_as_one_that_was_not() {
    let samples = samples(150, 4, wins);
    let fold = everything(&samples);
    let whole = dense().fit(&fold).unwrap();
    let mut stop_after = 3;
    let mut checkpoint: Option<Checkpoint> = None;
    loop {
        let mut after_epoch = |epoch: learn::networks::Epoch| match epoch.done >= stop_after {
            true => Flow::Stop,
            false => Flow::Go,
        };
        let watch = Watch { after_epoch: &mut after_epoch, resume: checkpoint.as_ref() };
        match dense().fit_watched(&fold, watch).unwrap() {
            Ended::Fitted(model) => {
                assert_eq!(model.to_bytes().unwrap(), whole.to_bytes().unwrap());
                return;
            }
            Ended::Stopped(left) => {
                checkpoint = Some(Checkpoint::from_bytes(left.bytes().to_vec()));
                stop_after += 4;
            }
        }
    }
}

fn stopped_early(samples: &Samples) -> Checkpoint {
    let watch = Watch { after_epoch: &mut |_| Flow::Stop, resume: None };
    match dense().fit_watched(&everything(samples), watch).unwrap() {
        Ended::Stopped(checkpoint) => checkpoint,
        Ended::Fitted(_) => panic!("it was to stop"),
    }
}

#[test]
fn a_checkpoint_of_another_problem_or_cut_short_is_refused() {
    let (one, other) = (samples(150, 4, wins), samples(151, 4, wins));
    let checkpoint = stopped_early(&one);
    let resume = |checkpoint: &Checkpoint, samples: &Samples| {
        let watch = Watch { after_epoch: &mut |_| Flow::Go, resume: Some(checkpoint) };
        dense().fit_watched(&everything(samples), watch).map(|_| ()).unwrap_err().to_string()
    };
    assert!(resume(&checkpoint, &other).contains("other rows"));
    let half = checkpoint.bytes()[..checkpoint.bytes().len() / 2].to_vec();
    assert!(resume(&Checkpoint::from_bytes(half), &one).contains("read network"));
}

#[test]
fn columns_are_found_by_name_and_a_missing_one_is_named() {
    let samples = samples(150, 4, wins);
    let model = dense().fit(&everything(&samples)).unwrap();
    let turned = samples.panel().select(&["x3", "x1", "x0", "x2"]).unwrap();
    assert_eq!(model.predict(&turned).unwrap(), model.predict(samples.panel()).unwrap());
    let error = model.predict(&samples.panel().select(&["x0", "x1", "x2"]).unwrap()).unwrap_err();
    let chain = format!("{error}: {}", std::error::Error::source(&error).unwrap());
    assert!(chain.contains("x3"), "{chain}");
}

/// What training says of rows spoilt in some way: what it mended, or why it refuses.
fn refusal(
    spoil: fn(&mut Vec<Vec<f64>>, &mut Vec<bool>),
    missing: Missing,
) -> Result<Vec<String>, String> {
    let (panel, classes, spans) = panel(60, 3);
    let mut rows: Vec<Vec<f64>> = (0..60).map(|row| panel.row(row)).collect();
    let mut labels: Vec<bool> = classes.iter().map(|class| *class == 2).collect();
    spoil(&mut rows, &mut labels);
    let mut spoilt = Panel::new(["a", "b", "c"]);
    for (row, key) in rows.iter().zip(panel.keys()) {
        spoilt.push(*key, row).unwrap();
    }
    labels.truncate(rows.len());
    let spans = spans[..rows.len()].to_vec();
    let samples = Samples::new(spoilt, labels, spans).map_err(|error| error.to_string())?;
    let mut learner = dense();
    learner.params.missing = missing;
    let model = learner.fit(&everything(&samples)).map_err(|error| error.to_string())?;
    let again = NetworkModel::from_bytes(&model.to_bytes().unwrap()).unwrap();
    assert_eq!(again.notes(), model.notes(), "what is on record is in the file");
    Ok(again.notes())
}

#[test]
fn bad_rows_are_refused_with_what_is_wrong() {
    use Missing::{MeanAndMark, Refuse};
    type Spoil = fn(&mut Vec<Vec<f64>>, &mut Vec<bool>);
    let table: [(Spoil, Missing, &str); 5] = [
        (|rows, _| rows[7][1] = f64::NAN, Refuse, "\"b\" lacks 1"),
        (|rows, _| rows[7][1] = f64::INFINITY, MeanAndMark, "\"b\" is infinite in row 7"),
        (
            |rows, _| rows.iter_mut().for_each(|row| row[2] = f64::NAN),
            MeanAndMark,
            "no value at all",
        ),
        (|_, labels| labels.fill(true), Refuse, "one class"),
        (|rows, _| rows.truncate(1), Refuse, "too few"),
    ];
    for (spoil, missing, said) in table {
        let found = refusal(spoil, missing).unwrap_err();
        assert!(found.contains(said), "{said}: {found}");
    }
}

#[test]
fn what_can_be_mended_is_mended_and_on_record() {
    use Missing::{MeanAndMark, Refuse};
    type Spoil = fn(&mut Vec<Vec<f64>>, &mut Vec<bool>);
    let table: [(Spoil, Missing, &[&str]); 4] = [
        (|_, _| {}, Refuse, &[]),
        (|rows, _| rows[7][1] = f64::NAN, MeanAndMark, &["their mean stands in", ": b"]),
        (
            |rows, _| rows.iter_mut().for_each(|row| (row[0], row[2]) = (4.0, 0.0)),
            Refuse,
            &["never vary", ": a, c"],
        ),
        // The last three of twenty are watched.
        (|rows, _| rows.truncate(20), Refuse, &["a batch of 32 rows", "17 are learned from"]),
    ];
    for (spoil, missing, wanted) in table {
        let notes = refusal(spoil, missing).unwrap();
        assert_eq!(notes.len(), wanted.len().min(1), "{wanted:?}: {notes:?}");
        assert!(wanted.iter().all(|words| notes[0].contains(words)), "{wanted:?}: {notes:?}");
    }
}

#[test]
fn a_batch_that_must_hold_a_larger_group_says_so() {
    let (panel, classes, spans) = panel(60, 3);
    let relevance = classes.iter().map(|class| *class as f64).collect();
    let groups = (0..60).map(|row| row / 20).collect();
    let samples = Samples::of(panel, Targets::Ranks { relevance, groups }, spans).unwrap();
    let mut learner = dense();
    (learner.params.batch, learner.params.watched_share) = (16, 0.0);
    let notes = learner.fit(&everything(&samples)).unwrap().notes();
    assert!(notes[0].contains("the largest group has 20"), "{notes:?}");
}

#[test]
fn class_weights_that_are_not_one_for_each_class_are_refused_with_both_counts() {
    let weights = |count: usize| vec![1.0; count];
    let answer = |count| Answer::Classes { count: 3, weights: weights(count), smoothing: 0.0 };
    let dense = |count: usize| match NetworkParams::default().design {
        Design::Mlp(mlp) => Design::Mlp(Mlp { answer: answer(count), ..mlp }),
        other => other,
    };
    let gru = |count: usize| {
        let class_weights = weights(count);
        Design::RegimeGru(RegimeGru { steps: 3, units: 4, class_weights, ..RegimeGru::default() })
    };
    let transformer = |count: usize| {
        let class_weights = weights(count);
        let small = RegimeTransformer { steps: 3, width: 8, ..RegimeTransformer::default() };
        Design::RegimeTransformer(RegimeTransformer { class_weights, ..small })
    };
    let fit = |design: Design, targets: fn(&[usize]) -> Targets| {
        let mut learner = learner(design);
        learner.params.epochs = 1;
        let samples = samples(60, 6, targets);
        let fitted = learner.fit(&everything(&samples));
        fitted.map(drop).map_err(|error| error.to_string())
    };
    for design in [&dense as &dyn Fn(usize) -> Design, &gru, &transformer] {
        fit(design(3), three).unwrap();
        for count in [2, 4] {
            let said = fit(design(count), three).unwrap_err();
            let wanted = format!("{count} class weights for targets of 3 classes");
            assert!(said.contains(&wanted), "{said}");
        }
    }
    assert!(fit(dense(2), wins).unwrap_err().contains("positive_weight"));
    fit(gru(2), wins).unwrap();
}

#[test]
fn a_loss_that_explodes_is_an_error() {
    let samples = samples(100, 4, numbers);
    let mut learner = dense();
    learner.params.schedule = nets::optim::Schedule::Constant { rate: 1e30 };
    learner.params.optimiser = nets::optim::Optimiser::Sgd { momentum: 0.0, decay: 0.0 };
    learner.params.clip = None;
    let error = learner.fit(&everything(&samples)).unwrap_err();
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("at step"), "{cause}");
}

#[test]
fn a_blow_up_on_the_very_last_step_is_an_error() {
    let samples = samples(40, 4, numbers);
    // One step in all: its own loss is sound, what it leaves is not.
    let last = |rate: f64| {
        let mut learner = dense();
        learner.params.schedule = nets::optim::Schedule::Constant { rate };
        learner.params.optimiser = nets::optim::Optimiser::Sgd { momentum: 0.0, decay: 0.0 };
        (learner.params.epochs, learner.params.batch) = (1, 64);
        (learner.params.clip, learner.params.watched_share) = (None, 0.0);
        let error = learner.fit(&everything(&samples)).unwrap_err();
        std::error::Error::source(&error).unwrap().to_string()
    };
    let weight = last(1e39);
    assert!(weight.contains("a weight is") && weight.contains("at step 1"), "{weight}");
    let output = last(1e30);
    assert!(output.contains("an output is") && output.contains("lower the"), "{output}");
}
