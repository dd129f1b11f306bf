//! A model made elsewhere, registered and ready to forecast.

use base::stats::softmax;
use base::{Panel, Prob};
use learn::{Forecasts, Model};
use rayon::prelude::*;

use crate::contract::TOLERANCE;
use crate::plan::{self, Plan};
use crate::{Contract, Error, Kind, Missing, container, file, graph, safely};

/// A model made elsewhere, held to its contract.
#[derive(Debug, Clone)]
pub struct OnnxModel {
    contract: Contract,
    columns: Vec<String>,
    output: String,
    bytes: Vec<u8>,
    plan: Plan,
}

impl OnnxModel {
    /// Reads an ONNX file and holds it to its contract.
    ///
    /// Fails, and says what to do, where the bytes are no whole ONNX file of one piece; where an
    /// operator is not run here; where input or output are other than the contract says; where the
    /// model would take too much memory; where a known row comes out other than within 1e-5; and
    /// where the rows of a batch change each other's forecasts.
    pub fn register(bytes: &[u8], contract: Contract) -> Result<OnnxModel, Error> {
        contract.check()?;
        let prepared = graph::prepare(file::read(bytes)?, &contract)?;
        let plan = safely::run("build onnx model", || plan::build(&prepared, &contract))?;
        let columns = contract.columns();
        let bytes = bytes.to_vec();
        let model = OnnxModel { contract, columns, output: prepared.output, bytes, plan };
        model.check()?;
        Ok(model)
    }

    /// What its maker says of it.
    pub fn contract(&self) -> &Contract {
        &self.contract
    }

    /// The tensor that is the forecast.
    pub fn output(&self) -> &str {
        &self.output
    }

    /// Rows that are run together; 1 where the file allows one at a time.
    pub fn batch(&self) -> usize {
        self.plan.batch().rows()
    }

    /// The ONNX file.
    pub fn onnx(&self) -> &[u8] {
        &self.bytes
    }

    /// What the model says of each row, after the sigmoid or softmax that its kind asks for:
    /// `[rows, kind.outputs()]`.
    pub fn forecast(&self, panel: &Panel) -> Result<Forecasts, Error> {
        let raw = self.run(&self.inputs(panel)?)?;
        let values = self.meaning(raw)?;
        Ok(Forecasts::new(self.contract.kind.outputs(), values))
    }

    /// The probability of a win for each row. Fails for a model of numbers or of three classes.
    pub fn win_probabilities(&self, panel: &Panel) -> Result<Vec<Prob>, Error> {
        let at = match self.contract.kind {
            Kind::Win | Kind::WinLogit => 0,
            Kind::Classes { count: 2 } | Kind::ClassScores { count: 2 } => 1,
            other => {
                let what = format!("it forecasts {other:?}, not the probability of a win");
                return Err(self.refuse(what));
            }
        };
        let forecasts = self.forecast(panel)?;
        let prob = |(row, outputs): (usize, &[f32])| {
            Prob::new(f64::from(outputs[at]))
                .map_err(|source| self.refuse(format!("row {row} came out wrong: {source}")))
        };
        forecasts.rows().enumerate().map(prob).collect()
    }

    fn refuse(&self, what: String) -> Error {
        Error::Run { model: self.contract.name.clone(), what }
    }

    /// The columns by name, row after row.
    fn inputs(&self, panel: &Panel) -> Result<Vec<f32>, Error> {
        let columns: Vec<&[f64]> = self
            .columns
            .iter()
            .map(|name| panel.column(name).map_err(|source| Error::MatchColumns { source }))
            .collect::<Result<_, _>>()?;
        let mut x = Vec::with_capacity(panel.len() * columns.len());
        for row in 0..panel.len() {
            for (at, column) in columns.iter().enumerate() {
                x.push(self.input(column[row], row, at)?);
            }
        }
        Ok(x)
    }

    fn input(&self, value: f64, row: usize, at: usize) -> Result<f32, Error> {
        let single = value as f32;
        if single.is_finite() || (value.is_nan() && self.contract.missing == Missing::Pass) {
            return Ok(single);
        }
        let advice = if value.is_nan() {
            "drop the row, or write \"missing\": \"pass\" in the contract if the model takes it"
        } else {
            "the model takes 32-bit floats"
        };
        Err(self.refuse(format!("{:?} is {value} in row {row}; {advice}", self.columns[at])))
    }

    /// Raw outputs of all rows. Batches are cut by number, so that threads change nothing.
    fn run(&self, x: &[f32]) -> Result<Vec<f32>, Error> {
        let chunk = self.batch() * self.contract.width();
        let parts: Vec<Vec<f32>> = x
            .par_chunks(chunk)
            .map(|x| {
                safely::run("run onnx model", || {
                    self.plan.run(x.to_vec()).map_err(|source| {
                        let what = format!("the runtime says: {}", source.root_cause());
                        self.refuse(what)
                    })
                })
            })
            .collect::<Result<_, _>>()?;
        Ok(parts.concat())
    }

    /// Raw outputs as forecasts.
    fn meaning(&self, mut raw: Vec<f32>) -> Result<Vec<f32>, Error> {
        let each = self.contract.check[0].output.len();
        if let Some(at) = raw.iter().position(|value| !value.is_finite()) {
            let (row, value) = (at / each, raw[at]);
            return Err(self.refuse(format!("row {row} gives {value}; check its inputs' scale")));
        }
        match self.contract.kind {
            Kind::Win if self.pairs() => raw = raw.chunks_exact(2).map(|pair| pair[1]).collect(),
            Kind::WinLogit => raw.iter_mut().for_each(|x| *x = 1.0 / (1.0 + (-*x).exp())),
            Kind::ClassScores { count } => raw.chunks_exact_mut(count).for_each(softmax),
            _ => {}
        }
        let probabilities = matches!(self.contract.kind, Kind::Win | Kind::Classes { .. });
        let outside = raw.iter().position(|&p| !(-1e-5..=1.0 + 1e-5).contains(&p));
        match outside.filter(|_| probabilities) {
            Some(at) => Err(self.refuse(format!(
                "row {} gives {}, which is no probability; use kind win_logit or class_scores",
                at / self.contract.kind.outputs(),
                raw[at]
            ))),
            None => {
                if probabilities {
                    raw.iter_mut().for_each(|p| *p = p.clamp(0.0, 1.0));
                }
                Ok(raw)
            }
        }
    }

    /// True if the output tells the probability of a loss before that of a win.
    fn pairs(&self) -> bool {
        self.contract.check[0].output.len() == 2
    }

    /// Holds the model to the contract's known rows, together and one by one.
    fn check(&self) -> Result<(), Error> {
        let row = |at: usize| {
            self.contract.check[at].input.iter().map(|value| value.map_or(f32::NAN, |v| v as f32))
        };
        let count = self.contract.check.len();
        let mut all: Vec<f32> = (0..count).flat_map(row).collect();
        // A neighbour unlike all others, to see whether rows change each other.
        all.extend(row(0).map(|value| value + 1.0));
        let together = self.run(&all)?;
        let each = together.len() / (count + 1);
        let mut alone = Vec::with_capacity(count * each);
        for at in 0..count {
            alone.extend(self.run(&row(at).collect::<Vec<f32>>())?);
        }
        for (at, check) in self.contract.check.iter().enumerate() {
            let found = &alone[at * each..][..each];
            self.compare(at, &check.output, found)?;
            let found: Vec<f64> = found.iter().map(|&value| f64::from(value)).collect();
            if self.compare(at, &found, &together[at * each..][..each]).is_err() {
                let what = "rows of a batch change each other's forecasts; put the model in eval \
                            mode before the export, and keep the first dimension for rows";
                return Err(self.refuse(what.to_owned()));
            }
        }
        self.meaning(alone).map(|_| ())
    }

    fn compare(&self, row: usize, expected: &[f64], found: &[f32]) -> Result<(), Error> {
        if expected.len() != found.len() {
            let what = format!(
                "check row {row} has {} outputs, the model gives {}",
                expected.len(),
                found.len()
            );
            return Err(Error::MatchOutput { what });
        }
        for (output, (&expected, &found)) in expected.iter().zip(found).enumerate() {
            let (found, tolerance) = (f64::from(found), TOLERANCE * (1.0 + expected.abs()));
            let apart = (expected - found).abs();
            if apart.is_nan() || apart > tolerance {
                return Err(Error::CheckRow { row, output, expected, found, tolerance });
            }
        }
        Ok(())
    }
}

impl Model for OnnxModel {
    fn features(&self) -> &[String] {
        &self.columns
    }

    fn predict(&self, panel: &Panel) -> Result<Forecasts, learn::Error> {
        self.forecast(panel).map_err(|error| self.abroad(error))
    }

    fn predict_proba(&self, panel: &Panel) -> Result<Vec<Prob>, learn::Error> {
        self.win_probabilities(panel).map_err(|error| self.abroad(error))
    }

    fn to_bytes(&self) -> Result<Vec<u8>, learn::Error> {
        container::write(&self.contract, &self.bytes).map_err(|error| self.abroad(error))
    }

    fn from_bytes(bytes: &[u8]) -> Result<OnnxModel, learn::Error> {
        let read =
            container::read(bytes).and_then(|(contract, onnx)| OnnxModel::register(onnx, contract));
        read.map_err(|error| learn::Error::UseForeign {
            what: "read model made elsewhere".to_owned(),
            source: Box::new(error),
        })
    }
}

impl OnnxModel {
    fn abroad(&self, error: Error) -> learn::Error {
        match error {
            Error::MatchColumns { source } => learn::Error::MatchColumns { source },
            error => learn::Error::UseForeign {
                what: format!("use model {:?} made elsewhere", self.contract.name),
                source: Box::new(error),
            },
        }
    }
}
