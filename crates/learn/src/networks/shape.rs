//! Fits a design to the data: how many inputs, what kind of answer.

use nets::layer::Activation;
use nets::loss::RankLoss;
use nets::net::mlp::Answer;
use nets::net::{Design, Dual, Mlp};

use crate::{Error, Head, Reading, Says, Targets};

/// Dense layers whose sizes are not known yet.
pub(super) fn dense(hidden: Vec<usize>) -> Design {
    let answer = Answer::Binary { count: 1, positive_weight: 1.0 };
    Design::Mlp(Mlp { inputs: 1, hidden, activation: Activation::Relu, dropout: 0.0, answer })
}

/// What a network's outputs mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Meaning {
    /// One logit of a win.
    Win,
    /// Logits of classes.
    Classes,
    /// Numbers as they are, or scores that put rows in order.
    Numbers,
    /// Whatever the design's own heads say.
    Heads,
}

/// The design with the sizes of the data, and what its outputs mean.
pub(super) fn fit(
    design: &Design,
    columns: usize,
    targets: &Targets,
) -> Result<(Design, Meaning), Error> {
    let mut design = design.clone();
    let refuse = |what: String| Err(Error::Fit { model: "network", what });
    let per_step = |steps: usize| match steps > 0 && columns.is_multiple_of(steps) {
        true => Ok(columns / steps),
        false => Err(Error::Fit {
            model: "network",
            what: format!(
                "{columns} columns are not {steps} steps of equal width; make windows first"
            ),
        }),
    };
    check_reading(&design, targets)?;
    check_weights(&design, targets)?;
    let classes = classes(targets);
    let meaning = meaning(targets);
    match &mut design {
        Design::Mlp(mlp) => {
            mlp.inputs = columns;
            answer(&mut mlp.answer, targets);
        }
        Design::Kan(kan) => {
            kan.inputs = columns;
            answer(&mut kan.answer, targets);
        }
        Design::Recurrent(recurrent) => {
            recurrent.inputs = per_step(recurrent.steps)?;
            answer(&mut recurrent.answer, targets);
        }
        Design::RegimeGru(gru) if classes > 0 => {
            gru.inputs = per_step(gru.steps)?;
            gru.classes = classes;
            return Ok((design, Meaning::Classes));
        }
        Design::RegimeTransformer(transformer) if classes > 0 => {
            transformer.inputs = per_step(transformer.steps)?;
            transformer.classes = classes;
            return Ok((design, Meaning::Classes));
        }
        Design::Health(health) if meaning == Meaning::Heads => health.inputs = columns,
        Design::Dual(dual) if meaning == Meaning::Heads => beside(dual, columns)?,
        Design::DeepLob(lob) if meaning == Meaning::Heads => {
            if per_step(lob.steps)? != 4 * lob.levels {
                return refuse(format!(
                    "{columns} columns are not {} books of {} levels",
                    lob.steps, lob.levels
                ));
            }
        }
        other => {
            let name = name(other);
            return refuse(format!("{name} does not learn {}", targets.kind()));
        }
    }
    Ok((design, meaning))
}

/// The values of a step of a dual network's series: what its still columns leave.
fn beside(dual: &mut Dual, columns: usize) -> Result<(), Error> {
    let series = columns
        .checked_sub(dual.still)
        .filter(|series| *series > 0 && dual.steps > 0 && series.is_multiple_of(dual.steps));
    let Some(series) = series else {
        return Err(Error::Fit {
            model: "network",
            what: format!(
                "{columns} columns are not {} still ones and {} steps of equal width; say how \
                 many steps and which columns stand still",
                dual.still, dual.steps
            ),
        });
    };
    dual.inputs = series / dual.steps;
    Ok(())
}

/// Refuses targets that are not what the design's numbers are read against.
fn check_reading(design: &Design, targets: &Targets) -> Result<(), Error> {
    let read = reading(design);
    read.check(targets)?;
    match (read, targets) {
        (Reading::Stopped(_), Targets::Many(_)) => Ok(()),
        (Reading::Stopped(_), _) => Err(Error::Fit {
            model: "network",
            what: format!(
                "a stop loss is taught by three targets (the return to the horizon, the fall and \
                 the rise on the way), not by {}",
                targets.kind()
            ),
        }),
        _ => Ok(()),
    }
}

/// How the numbers of a design are to be read.
pub(crate) fn reading(design: &Design) -> Reading {
    let head = |name, says| Head { name, says };
    let answer = match design {
        Design::Mlp(it) => &it.answer,
        Design::Recurrent(it) => &it.answer,
        Design::Kan(it) => &it.answer,
        Design::Health(it) => {
            let (buckets, behaviours) = (it.buckets as u32, it.behaviours as u32);
            return Reading::Heads(vec![
                head("health", Says::Win),
                head("volatility", Says::Classes(buckets)),
                head("behaviour", Says::Classes(behaviours)),
            ]);
        }
        Design::DeepLob(_) => {
            return Reading::Heads(vec![
                head("direction", Says::Classes(3)),
                head("spread", Says::Classes(3)),
                head("impact", Says::Number),
            ]);
        }
        Design::Dual(it) => return Reading::Stopped(it.loss),
        Design::RegimeGru(_) | Design::RegimeTransformer(_) => return Reading::Plain,
    };
    match answer {
        Answer::Quantiles { of } => Reading::Quantiles(of.clone()),
        Answer::Stopped(loss) => Reading::Stopped(*loss),
        _ => Reading::Plain,
    }
}

/// Refuses weights of classes that are not one for each class of the targets.
fn check_weights(design: &Design, targets: &Targets) -> Result<(), Error> {
    let of_answer = |answer: &Answer| match answer {
        Answer::Classes { weights, .. } => weights.len(),
        _ => 0,
    };
    let refuse = |what: String| Err(Error::Fit { model: "network", what });
    let given = match design {
        Design::RegimeGru(it) => it.class_weights.len(),
        Design::RegimeTransformer(it) => it.class_weights.len(),
        Design::Mlp(it) => of_answer(&it.answer),
        Design::Recurrent(it) => of_answer(&it.answer),
        Design::Kan(it) => of_answer(&it.answer),
        Design::Health(_) | Design::Dual(_) | Design::DeepLob(_) => 0,
    };
    let regime = matches!(design, Design::RegimeGru(_) | Design::RegimeTransformer(_));
    match (given, targets) {
        (0, _) => Ok(()),
        (_, Targets::Wins(_)) if !regime => refuse(format!(
            "{given} class weights, and the targets are wins; give positive_weight instead"
        )),
        _ if given != classes(targets) => {
            let classes = classes(targets);
            refuse(format!(
                "{given} class weights for targets of {classes} classes; give one for each class"
            ))
        }
        _ => Ok(()),
    }
}

/// Classes to tell apart; 0 where there are none.
fn classes(targets: &Targets) -> usize {
    match targets {
        Targets::Wins(_) => 2,
        Targets::Classes { count, .. } => *count as usize,
        _ => 0,
    }
}

fn meaning(targets: &Targets) -> Meaning {
    match targets {
        Targets::Wins(_) => Meaning::Win,
        Targets::Classes { .. } => Meaning::Classes,
        Targets::Numbers(_) | Targets::Ranks { .. } => Meaning::Numbers,
        Targets::Many(_) => Meaning::Heads,
    }
}

/// The name of a design.
pub(super) fn name(design: &Design) -> &'static str {
    let at = match design {
        Design::Mlp(_) => 0,
        Design::Recurrent(_) => 1,
        Design::RegimeGru(_) => 2,
        Design::RegimeTransformer(_) => 3,
        Design::Health(_) => 4,
        Design::Dual(_) => 5,
        Design::Kan(_) => 6,
        Design::DeepLob(_) => 7,
    };
    Design::NAMES[at].0
}

/// Makes an answer fit the targets; quantiles of a number, weights of a class and the rule of an
/// order stay as given.
fn answer(answer: &mut Answer, targets: &Targets) {
    let fitted = match (targets, &*answer) {
        (Targets::Wins(_), Answer::Binary { positive_weight, .. }) => {
            Answer::Binary { count: 1, positive_weight: *positive_weight }
        }
        (Targets::Wins(_), _) => Answer::Binary { count: 1, positive_weight: 1.0 },
        (Targets::Classes { count, .. }, Answer::Classes { weights, smoothing, .. }) => {
            let (count, weights) = (*count as usize, weights.clone());
            Answer::Classes { count, weights, smoothing: *smoothing }
        }
        (Targets::Classes { count, .. }, _) => {
            Answer::Classes { count: *count as usize, weights: Vec::new(), smoothing: 0.0 }
        }
        (Targets::Numbers(_), Answer::Quantiles { of }) => Answer::Quantiles { of: of.clone() },
        (Targets::Numbers(_), _) => Answer::Numbers { count: 1 },
        (Targets::Many(_), Answer::Stopped(loss)) => Answer::Stopped(*loss),
        (Targets::Many(columns), _) => Answer::Numbers { count: columns.len() },
        (Targets::Ranks { .. }, Answer::Order { by }) => Answer::Order { by: *by },
        (Targets::Ranks { .. }, _) => Answer::Order { by: RankLoss::default() },
    };
    *answer = fitted;
}
