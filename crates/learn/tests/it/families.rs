//! The conformance suite of model families: each learns, is a function of its seed, survives the
//! way to disk, finds columns by name, and refuses what it does not learn.

use base::{Panel, RowKey, Seed, Ts};
use learn::calibrate::{Calibration, Platt};
use learn::family::{
    AverageParams, Calibrated, Family, FamilyEnded, FamilyLearner, FamilyWatch, Step, Trained,
};
use learn::logistic::LogisticParams;
use learn::networks::NetworkParams;
use learn::split::everything;
use learn::trees::{Flow, TreeParams};
use learn::{LabelSpan, Learner as _, Model as _, Samples, Targets};
use rand::RngExt as _;

fn families() -> Vec<FamilyLearner> {
    let network = NetworkParams { epochs: 40, ..NetworkParams::default() };
    let trees = TreeParams { n_estimators: 40, max_depth: 3, ..TreeParams::default() };
    let members = vec![Family::Trees(trees.clone()), Family::Network(network.clone())];
    let all = [
        Family::Average(AverageParams { members }),
        Family::Trees(trees),
        Family::Logistic(LogisticParams::default()),
        Family::Network(network),
    ];
    all.into_iter().map(|family| FamilyLearner { family, seed: Seed::root(11) }).collect()
}

/// Rows whose first column says more often than not whether they win.
fn samples() -> Samples {
    let mut rng = Seed::root(2).child("families").rng();
    let mut panel = Panel::new(["signal", "noise", "other"]);
    let (mut labels, mut spans) = (Vec::new(), Vec::new());
    for row in 0..400 {
        let values: Vec<f64> = (0..3).map(|_| rng.random_range(-1.0..1.0)).collect();
        labels.push(values[0] + rng.random_range(-0.3..0.3) > 0.0);
        let at = Ts::from_seconds(row);
        panel.push(RowKey { at, id: 0 }, &values).unwrap();
        spans.push(LabelSpan { starts: at, ends: at });
    }
    Samples::new(panel, labels, spans).unwrap()
}

#[test]
fn each_learns_the_toy_problem() {
    let samples = samples();
    for learner in families() {
        let model = learner.fit(&everything(&samples)).unwrap();
        let probs = model.predict_proba(samples.panel()).unwrap();
        let right = probs.iter().zip(samples.labels());
        let right = right.filter(|(prob, win)| (prob.get() > 0.5) == **win).count();
        assert!(right > 340, "{}: {right} of 400", learner.family.name());
    }
}

#[test]
fn each_is_a_function_of_its_seed() {
    let samples = samples();
    for learner in families() {
        let bytes = || learner.fit(&everything(&samples)).unwrap().to_bytes().unwrap();
        assert!(bytes() == bytes(), "{}", learner.family.name());
    }
}

#[test]
fn each_comes_back_from_disk_as_its_own_family() {
    let samples = samples();
    for learner in families() {
        let model = learner.fit(&everything(&samples)).unwrap();
        let again = Trained::from_artifact(&model.to_artifact().unwrap()).unwrap();
        let same =
            again.predict(samples.panel()).unwrap() == model.predict(samples.panel()).unwrap();
        assert!(same, "{}", learner.family.name());
        let text = serde_json::to_string(&learner).unwrap();
        assert_eq!(serde_json::from_str::<FamilyLearner>(&text).unwrap(), learner);
    }
}

#[test]
fn each_finds_columns_by_name_and_names_a_missing_one() {
    let samples = samples();
    for learner in families() {
        let name = learner.family.name();
        let model = learner.fit(&everything(&samples)).unwrap();
        let turned = samples.panel().select(&["other", "signal", "noise"]).unwrap();
        let same = model.predict(&turned).unwrap() == model.predict(samples.panel()).unwrap();
        assert!(same, "{name}");
        let error = model.predict(&samples.panel().select(&["other", "noise"]).unwrap());
        let error = error.map(|_| ()).unwrap_err();
        let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
        assert!(cause.contains("signal"), "{name}: {error}: {cause}");
    }
}

#[test]
fn each_refuses_one_class_alone() {
    let all = samples();
    let spans = all.spans().to_vec();
    let one = Samples::new(all.panel().clone(), vec![true; all.len()], spans).unwrap();
    for learner in families() {
        let error = learner.fit(&everything(&one)).map(|_| ()).unwrap_err();
        assert!(error.to_string().contains("400"), "{}: {error}", learner.family.name());
    }
}

#[test]
fn several_targets_are_for_networks_alone() {
    let all = samples();
    let column: Vec<f64> = all.labels().iter().map(|win| f64::from(u8::from(*win))).collect();
    let targets = Targets::Many(vec![column.clone(), column]);
    let many = Samples::of(all.panel().clone(), targets, all.spans().to_vec()).unwrap();
    for learner in families() {
        let network = matches!(learner.family, Family::Network(_));
        assert_eq!(learner.fit(&everything(&many)).is_ok(), network, "{}", learner.family.name());
    }
}

/// The toy rows in groups of ten that follow one another, by how high their signal is.
fn ordered() -> Samples {
    let all = samples();
    let signal = all.panel().column("signal").unwrap();
    let relevance = signal.iter().map(|value| (2.0 * (value + 1.0)).floor()).collect();
    let groups = (0..all.len() as i64).map(|row| row / 10).collect();
    let targets = Targets::Ranks { relevance, groups };
    Samples::of(all.panel().clone(), targets, all.spans().to_vec()).unwrap()
}

#[test]
fn trees_and_networks_put_groups_in_order() {
    let samples = ordered();
    for learner in families() {
        let name = learner.family.name();
        let Ok(model) = learner.fit(&everything(&samples)) else {
            assert!(["logistic", "average"].contains(&name), "{name}");
            continue;
        };
        let forecasts = model.predict(samples.panel()).unwrap();
        let scored = learn::score::Scored {
            forecasts: &forecasts,
            targets: samples.targets(),
            reading: &learn::Reading::Plain,
        };
        let lost = scored.loss().unwrap();
        assert!(lost < 0.02, "{name}: {lost}");
    }
}

#[test]
fn a_network_learns_an_order_by_lists_too_and_not_from_ties() {
    let samples = ordered();
    let mut learner = families().pop().unwrap();
    let order = serde_json::json!({ "order": { "by": "listwise" } });
    learner.family = learner.family.with("design.answer", &order).unwrap();
    let model = learner.fit(&everything(&samples)).unwrap();
    let forecasts = model.predict(samples.panel()).unwrap();
    let scored = learn::score::Scored {
        forecasts: &forecasts,
        targets: samples.targets(),
        reading: &learn::Reading::Plain,
    };
    assert!(scored.loss().unwrap() < 0.02);
    let Targets::Ranks { groups, .. } = samples.targets().clone() else { panic!() };
    let ties = Targets::Ranks { relevance: vec![1.0; samples.len()], groups };
    let ties = Samples::of(samples.panel().clone(), ties, samples.spans().to_vec()).unwrap();
    let said = learner.fit(&everything(&ties)).unwrap_err().to_string();
    assert!(said.contains("nothing to put in order"), "{said}");
}

#[test]
fn bytes_of_no_family_are_refused() {
    for bytes in [&b""[..], b"{", b"{}", b"{\"format\": \"x\"}", b"\x08\0\0\0\0\0\0\0{}      "] {
        assert!(Trained::from_bytes(bytes).is_err(), "{bytes:?}");
    }
}

/// Trains from a checkpoint, if any, until so many steps are done.
fn sitting(learner: &FamilyLearner, resume: Option<&[u8]>, until: u32) -> FamilyEnded {
    let mut after_step = |step: Step| if step.done == until { Flow::Stop } else { Flow::Go };
    let watch = FamilyWatch { after_step: &mut after_step, resume };
    learner.fit_watched(&everything(&samples()), watch).unwrap()
}

#[test]
fn each_that_is_broken_off_twice_ends_as_if_it_had_not_been() {
    for learner in families() {
        let whole = learner.fit(&everything(&samples())).unwrap();
        let mut ended = sitting(&learner, None, 3);
        for until in [7, 1000] {
            let FamilyEnded::Stopped(checkpoint) = &ended else { break };
            ended = sitting(&learner, Some(checkpoint), until);
        }
        let FamilyEnded::Fitted(model) = ended else { panic!("{}", learner.family.name()) };
        assert!(*model == whole, "{}", learner.family.name());
    }
}

#[test]
fn a_checkpoint_of_other_settings_or_cut_short_is_refused() {
    for learner in families() {
        let FamilyEnded::Stopped(checkpoint) = sitting(&learner, None, 3) else { continue };
        let other = FamilyLearner { seed: Seed::root(12), ..learner.clone() };
        let samples = samples();
        for (learner, bytes) in [(&other, &checkpoint[..]), (&learner, &checkpoint[..90])] {
            let watch = FamilyWatch { after_step: &mut |_| Flow::Go, resume: Some(bytes) };
            assert!(learner.fit_watched(&everything(&samples), watch).is_err());
        }
    }
}

#[test]
fn a_checkpoint_of_other_rows_of_the_same_samples_is_refused() {
    let samples = samples();
    let pairs = learn::split::k_fold(&samples, 2, base::Span::ZERO).unwrap();
    for learner in families() {
        let fit = |at: usize, flow: Flow, resume: Option<&[u8]>| {
            learner.fit_watched(&pairs[at].train, FamilyWatch { after_step: &mut |_| flow, resume })
        };
        let FamilyEnded::Stopped(checkpoint) = fit(0, Flow::Stop, None).unwrap() else { continue };
        let said = fit(1, Flow::Go, Some(&checkpoint)).unwrap_err().to_string();
        assert!(said.contains("of other rows"), "{}: {said}", learner.family.name());
    }
}

#[test]
fn an_average_says_the_mean_and_how_much_its_members_disagree() {
    let samples = samples();
    let model = families()[0].fit(&everything(&samples)).unwrap();
    let Trained::Average(average) = &model else { panic!() };
    let said: Vec<Vec<f32>> = average
        .members()
        .iter()
        .map(|member| member.predict(samples.panel()).unwrap().values().to_vec())
        .collect();
    let whole = model.predict(samples.panel()).unwrap();
    let apart = model.disagreement(samples.panel()).unwrap().unwrap();
    for row in 0..samples.len() {
        let (a, b) = (said[0][row], said[1][row]);
        assert!((whole.values()[row] - (a + b) / 2.0).abs() < 1e-6);
        assert!((apart[row] - f64::from(a - b).abs()).abs() < 1e-6);
    }
}

#[test]
fn a_calibrated_model_says_what_its_curve_says_and_reads_back() {
    let samples = samples();
    let curve = Calibration::Platt(Platt { slope: 0.5, intercept: 0.1 });
    for learner in families() {
        let model = learner.fit(&everything(&samples)).unwrap();
        let wanted: Vec<_> = model.predict_proba(samples.panel()).unwrap();
        let wanted: Vec<_> = wanted.into_iter().map(|score| curve.apply(score)).collect();
        let calibrated = Calibrated::new(model, curve.clone()).unwrap();
        let calibrated = Trained::Calibrated(Box::new(calibrated));
        let again = Trained::from_bytes(&calibrated.to_bytes().unwrap()).unwrap();
        assert!(again == calibrated, "{}", learner.family.name());
        assert_eq!(again.predict_proba(samples.panel()).unwrap(), wanted);
    }
}
