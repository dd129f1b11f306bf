//! Trees: `TreeEnsembleClassifier` and `TreeEnsembleRegressor`.
//!
//! Written here because the runtime knows no regression trees, and walks those of a classifier
//! without asking whether a branch leads out of the tree or back into it. Here each node has one
//! way to it, and a walk ends.
//!
//! Source: ONNX ML operators, version 3; where they are silent, what onnxruntime does.

mod reading;

use tract_onnx::tract_hir::internal::*;

pub(crate) use reading::{classifier, regressor};

/// Where a row goes next.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Step {
    /// To one of two nodes.
    Branch(Branch),
    /// Numbers from `from` to `to` of the contributions.
    Leaf { from: u32, to: u32 },
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Branch {
    test: Test,
    feature: u32,
    value: f32,
    yes: u32,
    no: u32,
    missing_is_yes: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Test {
    AtMost,
    Below,
    AtLeast,
    Above,
    Same,
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Together {
    Sum,
    Average,
    Least,
    Most,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    None,
    Logistic,
    Softmax,
}

/// What two classes with one score become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pair {
    /// There are as many scores as classes.
    No,
    /// The score is a share of votes.
    Shares,
    /// The score is above 0 for a win.
    Signs,
}

/// A forest ready to run; shape `[rows, features]` to `[rows, outputs]`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Forest(Arc<Trees>);

#[derive(Debug, PartialEq)]
struct Trees {
    steps: Vec<Step>,
    roots: Vec<u32>,
    contributions: Vec<(u32, f32)>,
    base: Vec<f32>,
    scores: usize,
    width: usize,
    together: Together,
    ending: Ending,
    pair: Pair,
}

// Weights are compared as numbers, and a forest with a NaN equals no other: enough for a runtime
// that looks for equal operators to share.
impl Eq for Forest {}

impl Trees {
    fn walk(&self, root: u32, row: &[f32]) -> &[(u32, f32)] {
        let mut at = root;
        loop {
            match self.steps[at as usize] {
                Step::Branch(branch) => at = branch.next(row[branch.feature as usize]),
                Step::Leaf { from, to } => return &self.contributions[from as usize..to as usize],
            }
        }
    }

    fn scores(&self, row: &[f32], scores: &mut [f32]) {
        let start = match self.together {
            Together::Least => f32::INFINITY,
            Together::Most => f32::NEG_INFINITY,
            _ => 0.0,
        };
        scores.fill(start);
        for &root in &self.roots {
            for &(target, weight) in self.walk(root, row) {
                let score = &mut scores[target as usize];
                match self.together {
                    Together::Least => *score = score.min(weight),
                    Together::Most => *score = score.max(weight),
                    _ => *score += weight,
                }
            }
        }
        for (at, score) in scores.iter_mut().enumerate() {
            if self.together == Together::Average {
                *score /= self.roots.len() as f32;
            }
            // No tree spoke of this target.
            if score.is_infinite() && *score == start {
                *score = 0.0;
            }
            *score += self.base.get(at).copied().unwrap_or(0.0);
        }
    }

    fn end(&self, scores: &[f32], out: &mut [f32]) {
        let logistic = |x: f32| 1.0 / (1.0 + (-x).exp());
        match (self.pair, self.ending) {
            (Pair::Shares | Pair::Signs, Ending::Logistic) => {
                out.copy_from_slice(&[logistic(-scores[0]), logistic(scores[0])]);
            }
            (Pair::Shares, _) => out.copy_from_slice(&[1.0 - scores[0], scores[0]]),
            (Pair::Signs, _) => out.copy_from_slice(&[-scores[0], scores[0]]),
            (Pair::No, Ending::None) => out.copy_from_slice(scores),
            (Pair::No, Ending::Logistic) => {
                out.iter_mut().zip(scores).for_each(|(out, &score)| *out = logistic(score));
            }
            (Pair::No, Ending::Softmax) => {
                let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                out.iter_mut().zip(scores).for_each(|(out, score)| *out = (score - most).exp());
                let sum: f32 = out.iter().sum();
                out.iter_mut().for_each(|out| *out /= sum);
            }
        }
    }

    fn outputs(&self) -> usize {
        if self.pair == Pair::No { self.scores } else { 2 }
    }
}

impl Branch {
    fn next(&self, value: f32) -> u32 {
        let yes = match self.test {
            Test::AtMost => value <= self.value,
            Test::Below => value < self.value,
            Test::AtLeast => value >= self.value,
            Test::Above => value > self.value,
            Test::Same => value == self.value,
            Test::Other => value != self.value,
        };
        if yes || (self.missing_is_yes && value.is_nan()) { self.yes } else { self.no }
    }
}

impl Op for Forest {
    fn name(&self) -> StaticName {
        "Forest".into()
    }

    op_as_typed_op!();
}

impl EvalOp for Forest {
    op_out_of_plan!();

    fn eval(&self, _: &EvalContext, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        let input = args_1!(inputs);
        let &[rows, width] = input.shape() else {
            bail!("trees take [rows, features], not {:?}", input.shape());
        };
        ensure!(width >= self.0.width, "trees read {} features of {width}", self.0.width);
        let input = input.cast_to::<f32>()?;
        let input = input.try_as_plain_ram()?.as_slice::<f32>()?;
        let outputs = self.0.outputs();
        let mut out = vec![0.0; rows * outputs];
        let mut scores = vec![0.0; self.0.scores];
        for (row, out) in input.chunks_exact(width).zip(out.chunks_exact_mut(outputs)) {
            self.0.scores(row, &mut scores);
            self.0.end(&scores, out);
        }
        Ok(tvec!(Tensor::from_shape(&[rows, outputs], &out)?.into_tvalue()))
    }
}

impl TypedOp for Forest {
    fn output_facts(&self, inputs: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        ensure!(inputs.len() == 1 && inputs[0].rank() == 2, "trees take [rows, features]");
        Ok(tvec!(f32::fact(&[inputs[0].shape[0].clone(), self.0.outputs().to_dim()])))
    }

    as_op!();
}

impl Expansion for Forest {
    fn name(&self) -> StaticName {
        "Forest".into()
    }

    fn rules<'r, 'p: 'r, 's: 'r>(
        &'s self,
        s: &mut Solver<'r>,
        inputs: &'p [TensorProxy],
        outputs: &'p [TensorProxy],
    ) -> InferenceResult {
        check_input_arity(inputs, 1)?;
        check_output_arity(outputs, 1)?;
        s.equals(&inputs[0].rank, 2)?;
        s.equals(&outputs[0].rank, 2)?;
        s.equals(&outputs[0].datum_type, DatumType::F32)?;
        s.equals(&outputs[0].shape[0], &inputs[0].shape[0])?;
        s.equals(&outputs[0].shape[1], self.0.outputs().to_dim())
    }

    fn wire(
        &self,
        prefix: &str,
        model: &mut TypedModel,
        inputs: &[OutletId],
    ) -> TractResult<TVec<OutletId>> {
        model.wire_node(prefix, self.clone(), inputs)
    }
}
