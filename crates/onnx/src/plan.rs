//! From a checked graph to something that runs rows.

use tract_onnx::Onnx;
use tract_onnx::pb::ModelProto;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::prelude::*;
use tract_onnx::tract_hir::infer::InferenceOp;
use tract_onnx::tract_hir::internal::DimLike;

use crate::graph::Prepared;
use crate::limits::{BATCH_MEMORY, MOST_MEMORY, MOST_WORK, TOGETHER};
use crate::{Contract, Error, forest, sizes, work};

/// A graph ready to run.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    runnable: Arc<TypedRunnableModel>,
    kind: DatumType,
    rest: Vec<usize>,
    batch: Batch,
}

/// How many rows run together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Batch {
    /// Any number up to this.
    UpTo(usize),
    /// Exactly this many; a short batch is filled up.
    Exactly(usize),
}

impl Batch {
    pub(crate) fn rows(self) -> usize {
        match self {
            Batch::UpTo(rows) | Batch::Exactly(rows) => rows,
        }
    }
}

/// Builds the graph: for any number of rows if it allows that, else for as many as it declares.
pub(crate) fn build(prepared: &Prepared, contract: &Contract) -> Result<Plan, Error> {
    let rest: Vec<usize> = contract.steps.into_iter().chain([contract.features.len()]).collect();
    let (input, proto) = (&prepared.input, &prepared.model);
    let kind = match input.kind {
        DataType::Double => f64::datum_type(),
        _ => f32::datum_type(),
    };
    let rows = input.rows.unwrap_or(1);
    let mut model = parse(proto).map_err(failed("read the operators"))?;
    shape(&mut model, kind, rows.to_dim(), &rest).map_err(failed("shape the input"))?;
    sizes::analyse(&mut model)?;
    let typed = model.into_typed().map_err(failed("match the operators with each other"))?;
    let used = sizes::typed(&typed, None);
    if used.is_none_or(|used| used > MOST_MEMORY) {
        let what = format!("its tensors take more than {MOST_MEMORY} bytes for one batch");
        return Err(Error::LimitSize { what });
    }
    let worked = work::typed(&typed);
    if worked.is_none_or(|worked| worked / rows as u64 > MOST_WORK) {
        return Err(sizes::too_slow("its operators"));
    }
    ends(&typed, &rows.to_dim(), contract)?;
    let free = if input.rows.is_none() { any(proto, kind, &rest, contract)? } else { None };
    let (runnable, batch) = match free {
        Some(free) => free,
        None => (finish(typed)?, Batch::Exactly(rows)),
    };
    Ok(Plan { runnable, kind, rest, batch })
}

fn failed(what: &'static str) -> impl Fn(TractError) -> Error {
    move |source| Error::BuildGraph { what: what.to_owned(), source }
}

/// The same graph for any number of rows; none where an operator needs to know the number.
fn any(
    proto: &ModelProto,
    kind: DatumType,
    rest: &[usize],
    contract: &Contract,
) -> Result<Option<(Arc<TypedRunnableModel>, Batch)>, Error> {
    let Some((typed, rows)) = symbolic(proto, kind, rest) else { return Ok(None) };
    let fits = |count: &usize| {
        let used = sizes::typed(&typed, Some((&rows, *count as i64)));
        used.is_some_and(|used| used <= BATCH_MEMORY)
    };
    let counts = std::iter::successors(Some(TOGETHER), |count| Some(count / 2));
    let Some(count) = counts.take_while(|&count| count > 1).find(fits) else { return Ok(None) };
    ends(&typed, &rows.to_dim(), contract)?;
    Ok(finish(typed).ok().map(|runnable| (runnable, Batch::UpTo(count))))
}

fn symbolic(proto: &ModelProto, kind: DatumType, rest: &[usize]) -> Option<(TypedModel, Symbol)> {
    let mut model = parse(proto).ok()?;
    let rows = model.symbols.sym("rows");
    shape(&mut model, kind, rows.to_dim(), rest).ok()?;
    Some((model.into_typed().ok()?, rows))
}

fn finish(typed: TypedModel) -> Result<Arc<TypedRunnableModel>, Error> {
    let optimised = typed.into_optimized().map_err(failed("optimise the operators"))?;
    optimised.into_runnable().map_err(failed("plan the operators"))
}

fn parse(proto: &ModelProto) -> TractResult<InferenceModel> {
    let mut onnx: Onnx = tract_onnx::onnx().with_ignore_value_info(true);
    onnx.op_register
        .insert("TreeEnsembleClassifier", |_, node| Ok((tree(forest::classifier(node)?), vec![])));
    onnx.op_register
        .insert("TreeEnsembleRegressor", |_, node| Ok((tree(forest::regressor(node)?), vec![])));
    onnx.model_for_proto_model(proto)
}

fn tree(forest: forest::Forest) -> Box<dyn InferenceOp> {
    tract_onnx::tract_hir::internal::expand(forest)
}

fn shape(
    model: &mut InferenceModel,
    kind: DatumType,
    rows: TDim,
    rest: &[usize],
) -> TractResult<()> {
    let dims: TVec<TDim> =
        std::iter::once(rows).chain(rest.iter().map(|dim| dim.to_dim())).collect();
    model.set_input_fact(0, InferenceFact::dt_shape(kind, dims))
}

/// The output must be floats, `[rows]` or `[rows, numbers]`, as many as the kind of forecast has.
fn ends(typed: &TypedModel, rows: &TDim, contract: &Contract) -> Result<(), Error> {
    let fact = typed.output_fact(0).map_err(failed("find the output"))?;
    let dims = &fact.shape;
    let numbers: Option<usize> = dims
        .iter()
        .skip(1)
        .map(|dim| dim.to_usize().ok())
        .try_fold(1_usize, |all, dim| all.checked_mul(dim?));
    let float = fact.datum_type.is_float();
    let first = dims.first() == Some(rows);
    if float && first && numbers.is_some_and(|numbers| contract.kind.fits(numbers)) {
        return Ok(());
    }
    let shown: Vec<String> = dims.iter().map(ToString::to_string).collect();
    let what = format!(
        "the contract's kind {:?} has {}, for {rows} rows the model gives [{}] of {:?}; correct \
         `kind` or `output`",
        contract.kind,
        contract.kind.wanted(),
        shown.join(", "),
        fact.datum_type
    );
    Err(Error::MatchOutput { what })
}

impl Plan {
    /// How many rows run together.
    pub(crate) fn batch(&self) -> Batch {
        self.batch
    }

    /// Raw outputs of up to [`Batch::rows`] rows, one after the other.
    pub(crate) fn run(&self, mut x: Vec<f32>) -> Result<Vec<f32>, TractError> {
        let width: usize = self.rest.iter().product();
        let given = x.len() / width;
        if let Batch::Exactly(rows) = self.batch {
            x.resize(rows * width, 0.0);
        }
        let rows = x.len() / width;
        let shape: Vec<usize> = std::iter::once(rows).chain(self.rest.iter().copied()).collect();
        let input = Tensor::from_shape(&shape, &x)?;
        let input = input.cast_to_dt(self.kind)?.into_owned();
        let outputs = self.runnable.run(tvec!(input.into_tvalue()))?;
        let output = outputs[0].cast_to::<f32>()?;
        let output = output.try_as_plain_ram()?.as_slice::<f32>()?;
        let each = output.len() / rows.max(1);
        Ok(output[..given * each].to_vec())
    }
}
