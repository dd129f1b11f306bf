//! The ends of a graph: the one input and the one output that the contract speaks of.

use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::tensor_shape_proto::dimension::Value as Dim;
use tract_onnx::pb::type_proto::Value;
use tract_onnx::pb::{GraphProto, ValueInfoProto};

use crate::{Contract, Error};

/// What a model reads.
pub(crate) struct Input {
    /// Name of the tensor.
    pub(crate) name: String,
    /// 32 or 64-bit floats.
    pub(crate) kind: DataType,
    /// Rows it takes at a time; none where it takes any number.
    pub(crate) rows: Option<usize>,
}

/// Rows that a model may take at a time at most.
const MOST_ROWS: usize = 4096;

/// The one input; refuses shapes and types other than the contract's.
pub(crate) fn input(graph: &GraphProto, contract: &Contract) -> Result<Input, Error> {
    let weight = |value: &&ValueInfoProto| graph.initializer.iter().any(|it| it.name == value.name);
    let inputs: Vec<_> = graph.input.iter().filter(|value| !weight(value)).collect();
    let [input] = inputs[..] else {
        let what = format!(
            "the contract has one input of {}, the model has {} inputs ({}); export it with one \
             tensor of floats, one column a feature",
            contract.shape(),
            inputs.len(),
            names(&inputs)
        );
        return Err(Error::MatchInput { what });
    };
    let Some((kind, dims)) = tensor(input) else {
        let what = format!("input {:?} is no tensor; export it with one", input.name);
        return Err(Error::MatchInput { what });
    };
    if !matches!(kind, DataType::Float | DataType::Double) {
        let what = format!(
            "input {:?} holds numbers of type {kind:?}, the contract's features are floats; export \
             it with an input of 32-bit floats",
            input.name
        );
        return Err(Error::MatchInput { what });
    }
    let rows = rows(&input.name, dims.as_deref(), contract)?;
    Ok(Input { name: input.name.clone(), kind, rows })
}

/// The number of rows declared; refuses widths other than the contract's.
fn rows(
    name: &str,
    dims: Option<&[Option<usize>]>,
    contract: &Contract,
) -> Result<Option<usize>, Error> {
    // A file that declares no shape is held to the contract's by the analysis of its operators.
    let Some(dims) = dims else { return Ok(None) };
    let rest: Vec<usize> = contract.steps.into_iter().chain([contract.features.len()]).collect();
    let fits = dims.len() == rest.len() + 1
        && dims[1..].iter().zip(&rest).all(|(dim, wanted)| dim.is_none_or(|dim| dim == *wanted))
        && dims[0].is_none_or(|rows| rows <= MOST_ROWS);
    if fits {
        return Ok(dims[0]);
    }
    let shown: Vec<String> = dims.iter().map(shown).collect();
    let what = format!(
        "the contract has {}, input {name:?} of the model has [{}]; list in `features` what the \
         model was trained on, in its order, and give `steps` for a sequence only",
        contract.shape(),
        shown.join(", ")
    );
    Err(Error::MatchInput { what })
}

fn shown(dim: &Option<usize>) -> String {
    dim.map_or_else(|| "any".to_owned(), |dim| dim.to_string())
}

/// The name of the forecast: the contract's, or the one output of floats.
pub(crate) fn output(graph: &GraphProto, contract: &Contract) -> Result<String, Error> {
    let all: Vec<_> = graph.output.iter().collect();
    if let Some(wanted) = &contract.output {
        let Some(found) = all.iter().find(|value| &value.name == wanted) else {
            let there = names(&all);
            let what = format!("there is no output {wanted:?}; there are {there}");
            return Err(Error::MatchOutput { what });
        };
        if !forecast(found) {
            let what = format!(
                "output {wanted:?} holds no floats (class labels?); there are {}",
                names(&all)
            );
            return Err(Error::MatchOutput { what });
        }
        return Ok(wanted.clone());
    }
    let floats: Vec<_> = all.iter().copied().filter(|value| forecast(value)).collect();
    match floats[..] {
        [one] => Ok(one.name.clone()),
        _ => {
            let what = format!(
                "{} outputs hold floats; write the name of the forecast as the contract's \
                 `output`, one of {}",
                floats.len(),
                names(&all)
            );
            Err(Error::MatchOutput { what })
        }
    }
}

/// True for a tensor of floats, and for what is no tensor: scores by label, as ZipMap makes them.
fn forecast(value: &ValueInfoProto) -> bool {
    tensor(value).is_none_or(|(kind, _)| matches!(kind, DataType::Float | DataType::Double))
}

type Declared = (DataType, Option<Vec<Option<usize>>>);

/// Type and shape of a tensor, where a dimension is none if it may be any.
fn tensor(value: &ValueInfoProto) -> Option<Declared> {
    let Some(Value::TensorType(tensor)) = value.r#type.as_ref()?.value.as_ref() else {
        return None;
    };
    let kind = DataType::try_from(tensor.elem_type).unwrap_or(DataType::Undefined);
    let dims = tensor.shape.as_ref().map(|shape| {
        let dims = shape.dim.iter().map(|dim| match dim.value {
            // Some writers leave a free dimension at 0.
            Some(Dim::DimValue(size)) if size > 0 => usize::try_from(size).ok(),
            _ => None,
        });
        dims.collect()
    });
    Some((kind, dims))
}

fn names(values: &[&ValueInfoProto]) -> String {
    let shown = values.iter().map(|value| format!("{:?}", value.name)).take(20);
    let all: Vec<String> = shown.collect();
    if all.is_empty() { "none".to_owned() } else { all.join(", ") }
}
