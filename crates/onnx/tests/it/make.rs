//! Small ONNX files made by hand.

use onnx::{Check, Contract, Kind, Missing};
use prost::Message;
use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::tensor_shape_proto::{Dimension, dimension};
use tract_onnx::pb::type_proto::{self, Value};
use tract_onnx::pb::{
    AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto,
    TensorShapeProto, TypeProto, ValueInfoProto,
};

pub(crate) const FLOAT: i32 = 1;
pub(crate) const INT64: i32 = 7;

/// An operator of the standard set.
pub(crate) fn node(kind: &str, inputs: &[&str], output: &str) -> NodeProto {
    NodeProto {
        input: inputs.iter().map(ToString::to_string).collect(),
        output: vec![output.to_owned()],
        name: format!("{kind}-{output}"),
        op_type: kind.to_owned(),
        ..NodeProto::default()
    }
}

pub(crate) fn with(mut node: NodeProto, attribute: AttributeProto) -> NodeProto {
    node.attribute.push(attribute);
    node
}

pub(crate) fn int(name: &str, i: i64) -> AttributeProto {
    let r#type = AttributeType::Int as i32;
    AttributeProto { name: name.to_owned(), r#type, i, ..AttributeProto::default() }
}

pub(crate) fn ints(name: &str, ints: &[i64]) -> AttributeProto {
    let (r#type, ints) = (AttributeType::Ints as i32, ints.to_vec());
    AttributeProto { name: name.to_owned(), r#type, ints, ..AttributeProto::default() }
}

pub(crate) fn floats(name: &str, floats: &[f32]) -> AttributeProto {
    let (r#type, floats) = (AttributeType::Floats as i32, floats.to_vec());
    AttributeProto { name: name.to_owned(), r#type, floats, ..AttributeProto::default() }
}

pub(crate) fn texts(name: &str, texts: &[&str]) -> AttributeProto {
    let strings = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    let r#type = AttributeType::Strings as i32;
    AttributeProto { name: name.to_owned(), r#type, strings, ..AttributeProto::default() }
}

pub(crate) fn text(name: &str, text: &str) -> AttributeProto {
    let (r#type, s) = (AttributeType::String as i32, text.as_bytes().to_vec());
    AttributeProto { name: name.to_owned(), r#type, s, ..AttributeProto::default() }
}

/// A tensor of integers.
pub(crate) fn longs(name: &str, values: &[i64]) -> TensorProto {
    TensorProto {
        dims: vec![values.len() as i64],
        data_type: INT64,
        int64_data: values.to_vec(),
        name: name.to_owned(),
        ..TensorProto::default()
    }
}

/// A tensor of numbers.
pub(crate) fn numbers(name: &str, dims: &[i64], values: &[f32]) -> TensorProto {
    TensorProto {
        dims: dims.to_vec(),
        data_type: FLOAT,
        float_data: values.to_vec(),
        name: name.to_owned(),
        ..TensorProto::default()
    }
}

/// An end of the graph; dimensions of -1 are free.
pub(crate) fn end(name: &str, elem_type: i32, dims: &[i64]) -> ValueInfoProto {
    let dim = |&dim: &i64| Dimension {
        value: Some(match dim {
            -1 => dimension::Value::DimParam("rows".to_owned()),
            dim => dimension::Value::DimValue(dim),
        }),
        ..Dimension::default()
    };
    let shape = Some(TensorShapeProto { dim: dims.iter().map(dim).collect() });
    let value = Some(Value::TensorType(type_proto::Tensor { elem_type, shape }));
    let r#type = Some(TypeProto { value, ..TypeProto::default() });
    ValueInfoProto { name: name.to_owned(), r#type, ..ValueInfoProto::default() }
}

/// A model from `x` of two features to `y` of one number.
pub(crate) fn model(node: Vec<NodeProto>, initializer: Vec<TensorProto>) -> ModelProto {
    let graph = GraphProto {
        node,
        name: "g".to_owned(),
        initializer,
        input: vec![end("x", FLOAT, &[-1, 2])],
        output: vec![end("y", FLOAT, &[-1, 1])],
        ..GraphProto::default()
    };
    let set = |domain: &str, version| OperatorSetIdProto { domain: domain.to_owned(), version };
    ModelProto {
        ir_version: 8,
        opset_import: vec![set("", 17), set("ai.onnx.ml", 3)],
        graph: Some(graph),
        ..ModelProto::default()
    }
}

/// `y` is the sum of the features and of whatever `z` sums up to.
pub(crate) fn adding(mut node: Vec<NodeProto>, initializer: Vec<TensorProto>) -> Vec<u8> {
    node.push(with(self::node("ReduceSum", &["z"], "total"), int("keepdims", 0)));
    node.push(self::node("Add", &["x", "total"], "moved"));
    node.push(self::node("ReduceSum", &["moved", "axis"], "y"));
    let mut initializer = initializer;
    initializer.push(longs("axis", &[1]));
    model(node, initializer).encode_to_vec()
}

/// What the models above promise: 1 and 2 give `output`.
pub(crate) fn contract(output: f64) -> Contract {
    Contract {
        name: "made".to_owned(),
        features: vec!["a".to_owned(), "b".to_owned()],
        steps: None,
        output: None,
        kind: Kind::Number,
        missing: Missing::Refuse,
        check: vec![Check { input: vec![Some(1.0), Some(2.0)], output: vec![output] }],
    }
}
