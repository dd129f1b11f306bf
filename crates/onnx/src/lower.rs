//! Steps of scikit-learn's pipelines that the runtime does not know, put in operators it does.
//!
//! Source: ONNX ML operators, version 3: Imputer, Scaler, ZipMap.

use std::collections::BTreeMap;

use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::{AttributeProto, GraphProto, NodeProto, TensorProto};

use crate::Error;
use crate::attributes::{float, floats};
use crate::file::damaged;
use crate::operators::ML;

/// A graph, and under which name to find what a dropped operator made.
pub(crate) struct Lowered {
    pub(crate) graph: GraphProto,
    pub(crate) made: BTreeMap<String, String>,
}

/// Replaces Imputer and Scaler, drops ZipMap, and leaves a forest its scores only.
pub(crate) fn lower(mut graph: GraphProto) -> Result<Lowered, Error> {
    let mut made = BTreeMap::new();
    let nodes = std::mem::take(&mut graph.node);
    for mut node in nodes {
        let ml = node.domain == ML;
        match node.op_type.as_str() {
            "ZipMap" if ml => {
                let (from, to) = ends(&node)?;
                made.insert(to, from);
            }
            "Scaler" if ml => scaler(&node, &mut graph)?,
            "Imputer" if ml => imputer(&node, &mut graph)?,
            "TreeEnsembleClassifier" if ml => {
                let scores = node.output.get(1).filter(|name| !name.is_empty());
                node.output = scores.cloned().into_iter().collect();
                // Labels alone are no forecast.
                if !node.output.is_empty() {
                    graph.node.push(node);
                }
            }
            _ => graph.node.push(node),
        }
    }
    Ok(Lowered { graph, made })
}

fn ends(node: &NodeProto) -> Result<(String, String), Error> {
    match (&node.input[..], &node.output[..]) {
        ([from, ..], [to]) => Ok((from.clone(), to.clone())),
        _ => Err(damaged(&format!("{} lacks an input or output; it is damaged", node.op_type))),
    }
}

/// `(x - offset) * scale`.
fn scaler(node: &NodeProto, graph: &mut GraphProto) -> Result<(), Error> {
    let (from, to) = ends(node)?;
    let list = |name, otherwise: f32| match floats(node, name) {
        [] => vec![otherwise],
        some => some.to_vec(),
    };
    let name = |part: &str| format!("{to}/{part}");
    graph.initializer.push(row(&name("offset"), list("offset", 0.0)));
    graph.initializer.push(row(&name("scale"), list("scale", 1.0)));
    let single = operator("Cast", &[&from], &name("single"));
    let to_float = AttributeProto {
        name: "to".to_owned(),
        r#type: AttributeType::Int as i32,
        i: DataType::Float as i64,
        ..AttributeProto::default()
    };
    graph.node.push(NodeProto { attribute: vec![to_float], ..single });
    let centred = operator("Sub", &[&name("single"), &name("offset")], &name("centred"));
    graph.node.push(centred);
    graph.node.push(operator("Mul", &[&name("centred"), &name("scale")], &to));
    Ok(())
}

/// Another value in place of NaN, or of a number that stands for it.
fn imputer(node: &NodeProto, graph: &mut GraphProto) -> Result<(), Error> {
    let (from, to) = ends(node)?;
    let values = floats(node, "imputed_value_floats");
    if values.is_empty() {
        return Err(damaged("it imputes integers; export it with an input of 32-bit floats"));
    }
    let name = |part: &str| format!("{to}/{part}");
    graph.initializer.push(row(&name("instead"), values.to_vec()));
    let replaced = float(node, "replaced_value_float").unwrap_or(f32::NAN);
    if replaced.is_nan() {
        graph.node.push(operator("IsNaN", &[&from], &name("absent")));
    } else {
        graph.initializer.push(row(&name("marker"), vec![replaced]));
        graph.node.push(operator("Equal", &[&from, &name("marker")], &name("absent")));
    }
    let inputs = [&name("absent"), &name("instead"), &from];
    graph.node.push(operator("Where", &inputs.map(String::as_str), &to));
    Ok(())
}

fn operator(kind: &str, inputs: &[&str], output: &str) -> NodeProto {
    NodeProto {
        input: inputs.iter().map(|&name| name.to_owned()).collect(),
        output: vec![output.to_owned()],
        name: output.to_owned(),
        op_type: kind.to_owned(),
        ..NodeProto::default()
    }
}

fn row(name: &str, values: Vec<f32>) -> TensorProto {
    TensorProto {
        dims: vec![1, values.len() as i64],
        data_type: DataType::Float as i32,
        float_data: values,
        name: name.to_owned(),
        ..TensorProto::default()
    }
}
