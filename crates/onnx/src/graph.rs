//! The part of a graph that makes the forecast, in operators that are run here.

use std::collections::{BTreeMap, BTreeSet};

use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::type_proto::{self, Value};
use tract_onnx::pb::{
    GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TypeProto, ValueInfoProto,
};

use crate::ends::{self, Input};
use crate::file::damaged;
use crate::operators::{self, ML};
use crate::{Contract, Error, lower};

/// A checked graph with one input and one output.
pub(crate) struct Prepared {
    /// What is left of the model.
    pub(crate) model: ModelProto,
    /// What it reads.
    pub(crate) input: Input,
    /// Name of the tensor that is the forecast, as the file has it.
    pub(crate) output: String,
}

/// Operator sets before this one mean other things by the same names.
const OLDEST: i64 = 7;
const NEWEST: i64 = 26;

/// Matches the ends of the graph with the contract, drops what the forecast does not need, and
/// refuses operators that are not run.
pub(crate) fn prepare(mut model: ModelProto, contract: &Contract) -> Result<Prepared, Error> {
    versions(&mut model)?;
    let graph = model.graph.take().unwrap_or_default();
    let input = ends::input(&graph, contract)?;
    let output = ends::output(&graph, contract)?;
    let mut graph = lower::lower(graph)?;
    let made = graph.made.remove(&output).unwrap_or_else(|| output.clone());
    let kept = needed(&graph.graph, &made, &input.name)?;
    kept.iter().try_for_each(operators::check)?;
    let used: BTreeSet<&str> =
        kept.iter().flat_map(|node| &node.input).map(String::as_str).collect();
    let mut initializer = graph.graph.initializer;
    initializer.retain(|tensor| used.contains(tensor.name.as_str()));
    model.graph = Some(GraphProto {
        initializer,
        input: vec![declared(&input.name, input.kind)],
        output: vec![ValueInfoProto { name: made, ..ValueInfoProto::default() }],
        node: kept,
        ..GraphProto::default()
    });
    // Texts that the runtime would read and the forecast does not need.
    model.metadata_props.clear();
    model.doc_string.clear();
    Ok(Prepared { model, input, output })
}

fn versions(model: &mut ModelProto) -> Result<(), Error> {
    let standard = |set: &&OperatorSetIdProto| set.domain.is_empty() || set.domain == "ai.onnx";
    let Some(set) = model.opset_import.iter().find(standard) else {
        // A model of trees alone names no standard set; the operators put in its place need one.
        let set = OperatorSetIdProto { domain: String::new(), version: 17 };
        model.opset_import.push(set);
        return Ok(());
    };
    if (OLDEST..=NEWEST).contains(&set.version) {
        return Ok(());
    }
    Err(damaged(&format!(
        "it is written in operator set {}; {OLDEST} to {NEWEST} are read, so export it with \
         opset_version=17",
        set.version
    )))
}

fn declared(name: &str, kind: DataType) -> ValueInfoProto {
    let tensor = type_proto::Tensor { elem_type: kind as i32, shape: None };
    let r#type = TypeProto { value: Some(Value::TensorType(tensor)), ..TypeProto::default() };
    ValueInfoProto { name: name.to_owned(), r#type: Some(r#type), ..ValueInfoProto::default() }
}

/// Nodes on the way from the input to the output, in the file's order.
fn needed(graph: &GraphProto, output: &str, input: &str) -> Result<Vec<NodeProto>, Error> {
    let makers = makers(graph, input)?;
    let known: BTreeSet<&str> = graph.initializer.iter().map(|it| it.name.as_str()).collect();
    let mut wanted = vec![output];
    let mut kept = BTreeSet::new();
    let mut reads_input = false;
    while let Some(name) = wanted.pop() {
        reads_input |= name == input;
        if name == input || name.is_empty() || known.contains(name) {
            continue;
        }
        let Some(&at) = makers.get(name) else {
            return Err(missing(graph, name));
        };
        if kept.insert(at) {
            wanted.extend(graph.node[at].input.iter().map(String::as_str));
        }
    }
    if !reads_input {
        let what = format!(
            "the forecast {output:?} does not depend on the input {input:?}; export the model again"
        );
        return Err(Error::MatchOutput { what });
    }
    Ok(kept.into_iter().map(|at| graph.node[at].clone()).collect())
}

/// The node that makes each tensor.
fn makers<'a>(graph: &'a GraphProto, input: &str) -> Result<BTreeMap<&'a str, usize>, Error> {
    let mut makers = BTreeMap::new();
    let known: BTreeSet<&str> = graph.initializer.iter().map(|it| it.name.as_str()).collect();
    for (at, node) in graph.node.iter().enumerate() {
        for name in node.output.iter().filter(|name| !name.is_empty()) {
            let twice = name == input || known.contains(name.as_str());
            if makers.insert(name.as_str(), at).is_some() || twice {
                return Err(damaged(&format!("tensor {name:?} is made twice; it is damaged")));
            }
        }
    }
    Ok(makers)
}

fn missing(graph: &GraphProto, name: &str) -> Error {
    let labels = graph.node.iter().any(|node| {
        node.domain == ML && node.op_type.ends_with("Classifier") || node.op_type == "ZipMap"
    });
    if labels {
        let what = format!(
            "tensor {name:?} is made of class labels; name the tensor of probabilities as the \
             contract's output and export with options={{'zipmap': False}}"
        );
        return Error::MatchOutput { what };
    }
    damaged(&format!("no operator makes tensor {name:?}; the file is damaged, export it again"))
}
