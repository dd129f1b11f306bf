//! Files made to harm: to take memory, to read other files, to run without end.

use onnx::{Error, OnnxModel};
use prost::Message;
use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::{
    AttributeProto, FunctionProto, GraphProto, ModelProto, NodeProto, StringStringEntryProto,
    TensorProto,
};

use crate::data::told;
use crate::make::{adding, contract, end, int, ints, longs, model, node, numbers, text, with};

fn refused(bytes: &[u8]) -> Error {
    OnnxModel::register(bytes, contract(3.0)).unwrap_err()
}

/// A sum of the features, to hang a harmful part on.
fn sum() -> ModelProto {
    model(vec![node("ReduceSum", &["x", "axis"], "y")], vec![longs("axis", &[1])])
}

fn graph(model: &mut ModelProto) -> &mut GraphProto {
    model.graph.as_mut().unwrap()
}

/// True if the file was refused before memory was asked for.
fn foreseen(error: &Error) -> bool {
    matches!(error, Error::LimitSize { .. } | Error::BuildGraph { .. })
}

const HUGE: i64 = 1 << 40;

#[test]
fn the_model_that_the_others_are_made_of_is_accepted() {
    let zero = numbers("z", &[1], &[0.0]);
    OnnxModel::register(&adding(vec![], vec![zero]), contract(3.0)).unwrap();
    OnnxModel::register(&sum().encode_to_vec(), contract(3.0)).unwrap();
}

#[test]
fn a_constant_of_a_huge_shape_is_refused() {
    let small_in_32_bits = (1 << 32) + 1;
    let shapes: [&[i64]; 5] =
        [&[HUGE], &[1 << 20, 1 << 20], &[i64::MAX, i64::MAX], &[-1], &[small_in_32_bits]];
    for dims in shapes {
        let nodes = vec![node("ConstantOfShape", &["s"], "z")];
        let error = refused(&adding(nodes, vec![longs("s", dims)]));
        assert!(foreseen(&error), "{dims:?}: {error:?}");
    }
}

#[test]
fn operators_that_expand_constants_are_refused() {
    let one = || numbers("c", &[1, 1], &[1.0]);
    let repeats = || longs("s", &[1 << 20, 1 << 20]);
    let depth = longs("d", &[HUGE]);
    let cases = [
        (vec![node("Expand", &["c", "s"], "z")], vec![one(), repeats()]),
        (vec![node("Tile", &["c", "s"], "z")], vec![one(), repeats()]),
        (vec![node("Pad", &["c", "p"], "z")], vec![one(), longs("p", &[0, 0, HUGE, HUGE])]),
        (
            vec![node("OneHot", &["i", "d", "v"], "z")],
            vec![longs("i", &[0]), depth, numbers("v", &[2], &[0.0, 1.0])],
        ),
        (vec![node("Resize", &["c", "", "r"], "z")], vec![one(), numbers("r", &[2], &[1e6, 1e6])]),
    ];
    for (nodes, weights) in cases {
        let name = nodes[0].op_type.clone();
        let error = refused(&adding(nodes, weights));
        assert!(foreseen(&error), "{name}: {error:?}");
    }
}

#[test]
fn a_range_without_end_is_refused() {
    let nodes = vec![
        node("Range", &["a", "b", "c"], "many"),
        with(node("Cast", &["many"], "z"), int("to", 1)),
    ];
    let scalar = |name, value| TensorProto { dims: vec![], ..longs(name, &[value]) };
    let weights = vec![scalar("a", 0), scalar("b", HUGE), scalar("c", 1)];
    let error = refused(&adding(nodes, weights));
    assert!(foreseen(&error), "{error:?}");
}

#[test]
fn a_constant_joined_with_itself_again_and_again_is_refused() {
    let mut nodes = vec![];
    for step in 0..40 {
        let (from, to) = (format!("c{step}"), format!("c{}", step + 1));
        nodes.push(with(node("Concat", &[&from, &from], &to), int("axis", 0)));
    }
    nodes.push(node("Identity", &["c40"], "z"));
    let error = refused(&adding(nodes, vec![numbers("c0", &[4], &[0.0; 4])]));
    assert!(matches!(error, Error::LimitSize { .. }), "{error:?}");
}

#[test]
fn an_outer_product_of_constants_is_refused() {
    let count = 1 << 15;
    let long = vec![0.0; count as usize];
    let weights = vec![numbers("a", &[count, 1], &long), numbers("b", &[1, count], &long)];
    let error = refused(&adding(vec![node("Mul", &["a", "b"], "z")], weights));
    assert!(matches!(error, Error::LimitSize { .. }), "{error:?}");
}

#[test]
fn an_outer_product_of_the_inputs_is_refused() {
    let nodes = vec![
        node("Expand", &["x", "s"], "wide"),
        with(node("ReduceSum", &["wide"], "y"), int("keepdims", 0)),
    ];
    let bytes = model(nodes, vec![longs("s", &[1 << 15, 1 << 15, 1, 2])]).encode_to_vec();
    let error = refused(&bytes);
    assert!(matches!(error, Error::LimitSize { .. }), "{error:?}");
}

/// Tensors that fit, and work for days.
#[test]
fn operators_that_work_without_end_are_refused() {
    let side = 1 << 13;
    let square = || {
        let shape = longs("s", &[1, 1, side, side]);
        (node("ConstantOfShape", &["s"], "c"), shape)
    };
    let same = [side - 1, side - 1, 0, 0];
    let pool = |kind| {
        let pool = with(node(kind, &["c"], "z"), ints("kernel_shape", &[side, side]));
        with(pool, ints("pads", &same))
    };
    let busy = [
        with(node("Conv", &["c", "c"], "z"), ints("pads", &same)),
        node("ConvTranspose", &["c", "c"], "z"),
        pool("MaxPool"),
        pool("AveragePool"),
        with(node("Einsum", &["c", "c"], "z"), text("equation", "abij,abkl->i")),
        node("MatMul", &["c", "c"], "z"),
    ];
    for node in busy {
        let name = node.op_type.clone();
        let (constant, shape) = square();
        let error = refused(&adding(vec![constant, node], vec![shape]));
        assert!(foreseen(&error), "{name}: {error:?}");
    }
}

#[test]
fn work_of_the_inputs_without_end_is_refused() {
    let nodes = vec![
        node("Expand", &["x", "s"], "wide"),
        with(node("Conv", &["wide", "wide"], "busy"), ints("pads", &[4095, 4095, 0, 0])),
        with(node("ReduceSum", &["busy"], "y"), int("keepdims", 0)),
    ];
    let bytes = model(nodes, vec![longs("s", &[1, 1, 1 << 12, 1 << 12])]).encode_to_vec();
    let error = refused(&bytes);
    assert!(foreseen(&error), "{error:?}");
}

#[test]
fn a_tensor_that_declares_more_than_it_holds_is_refused() {
    for dims in [vec![HUGE], vec![HUGE, HUGE], vec![-4], vec![1; 100]] {
        let weight = TensorProto { dims, ..numbers("z", &[1], &[0.0, 1.0]) };
        let error = refused(&adding(vec![], vec![weight]));
        assert!(matches!(error, Error::ReadFile { .. }), "{error:?}");
    }
}

#[test]
fn weights_in_another_file_are_refused_with_advice() {
    let entry = |key: &str, value: &str| StringStringEntryProto {
        key: key.to_owned(),
        value: value.to_owned(),
    };
    let weight = TensorProto {
        float_data: vec![],
        data_location: Some(1),
        external_data: vec![entry("location", "/etc/passwd")],
        ..numbers("z", &[1], &[0.0])
    };
    let error = refused(&adding(vec![], vec![weight]));
    assert!(told(&error).contains("save_as_external_data=False"), "{}", told(&error));
}

#[test]
fn an_operator_that_is_not_run_is_named_with_its_domain() {
    for (domain, kind) in [("com.microsoft", "FusedGemm"), ("", "NonZero"), ("evil", "Relu")] {
        let other = NodeProto { domain: domain.to_owned(), ..node(kind, &["x"], "z") };
        let error = refused(&adding(vec![other], vec![]));
        let Error::FindOperator { operator, .. } = &error else { panic!("{error:?}") };
        assert_eq!(operator, kind);
        assert!(told(&error).contains("export"), "{}", told(&error));
    }
}

#[test]
fn a_loop_is_refused() {
    let body = AttributeProto {
        name: "body".to_owned(),
        r#type: AttributeType::Graph as i32,
        g: sum().graph,
        ..AttributeProto::default()
    };
    let error = refused(&adding(vec![with(node("Loop", &["x"], "z"), body)], vec![]));
    assert!(matches!(error, Error::FindOperator { .. }), "{error:?}");
}

#[test]
fn graphs_inside_graphs_are_refused_however_deep() {
    let inside = |field: u8, content: Vec<u8>| {
        let mut bytes = vec![field << 3 | 2];
        prost::encoding::encode_varint(content.len() as u64, &mut bytes);
        bytes.extend(content);
        bytes
    };
    for depth in [3, 20, 2000] {
        // A graph in an attribute of a node of a graph.
        let graph = (0..depth).fold(vec![], |graph, _| inside(1, inside(5, inside(6, graph))));
        let mut bytes = sum().encode_to_vec();
        bytes.extend(inside(7, graph));
        refused(&bytes);
    }
}

#[test]
fn functions_of_the_file_are_refused() {
    let function = FunctionProto { name: Some("f".to_owned()), ..FunctionProto::default() };
    let error = refused(&ModelProto { functions: vec![function], ..sum() }.encode_to_vec());
    assert!(told(&error).contains("functions"), "{}", told(&error));
}

#[test]
fn a_long_chain_of_operators_is_run_or_refused() {
    for length in [3000, 30_000] {
        let chain = |step: usize| node("Relu", &[&format!("c{step}")], &format!("c{}", step + 1));
        let mut nodes = vec![node("Identity", &["x"], "c0")];
        nodes.extend((0..length).map(chain));
        nodes.push(node("ReduceSum", &[&format!("c{length}"), "axis"], "y"));
        let bytes = model(nodes, vec![longs("axis", &[1])]).encode_to_vec();
        let read = OnnxModel::register(&bytes, contract(3.0));
        assert_eq!(read.is_ok(), length == 3000, "{:?}", read.err());
    }
}

#[test]
fn a_circle_of_operators_is_refused() {
    let nodes =
        vec![node("Add", &["x", "b"], "a"), node("Relu", &["a"], "b"), node("Relu", &["b"], "z")];
    let error = refused(&adding(nodes, vec![]));
    assert!(matches!(error, Error::BuildGraph { .. }), "{error:?}");
}

#[test]
fn a_tensor_that_nothing_makes_is_named() {
    let error = refused(&adding(vec![node("Relu", &["nowhere"], "z")], vec![]));
    assert!(told(&error).contains("nowhere"), "{}", told(&error));
}

#[test]
fn a_tensor_that_is_made_twice_is_refused() {
    let nodes = vec![node("Relu", &["x"], "z"), node("Abs", &["x"], "z")];
    assert!(told(&refused(&adding(nodes, vec![]))).contains("twice"));
}

#[test]
fn names_of_dimensions_are_never_read_as_formulas() {
    let mut model = sum();
    let deep = "(".repeat(200_000);
    let mut x = end("x", 1, &[-1, 2]);
    let Some(tract_onnx::pb::type_proto::Value::TensorType(tensor)) =
        x.r#type.as_mut().unwrap().value.as_mut()
    else {
        panic!()
    };
    tensor.shape.as_mut().unwrap().dim[0].value =
        Some(tract_onnx::pb::tensor_shape_proto::dimension::Value::DimParam(deep));
    graph(&mut model).input = vec![x.clone()];
    graph(&mut model).value_info = vec![x];
    OnnxModel::register(&model.encode_to_vec(), contract(3.0)).unwrap();
}

#[test]
fn rows_that_change_each_other_are_refused() {
    let mean = with(node("ReduceMean", &["x"], "m"), ints("axes", &[0]));
    let nodes =
        vec![mean, node("Sub", &["x", "m"], "moved"), node("ReduceSum", &["moved", "axis"], "y")];
    let bytes = model(nodes, vec![longs("axis", &[1])]).encode_to_vec();
    let error = OnnxModel::register(&bytes, contract(0.0)).unwrap_err();
    assert!(told(&error).contains("change each other"), "{}", told(&error));
}

#[test]
fn a_draw_at_random_is_refused() {
    let error = refused(&adding(vec![node("RandomNormalLike", &["x"], "z")], vec![]));
    assert!(told(&error).contains("at random"), "{}", told(&error));
}

#[test]
fn an_output_that_is_no_number_is_refused() {
    let nodes = vec![node("Neg", &["x"], "n"), node("Log", &["n"], "z")];
    let error = refused(&adding(nodes, vec![]));
    assert!(matches!(error, Error::CheckRow { .. }), "{error:?}");
}

#[test]
fn an_empty_file_of_a_million_parts_is_refused() {
    let mut graph = vec![];
    for _ in 0..1_000_000 {
        graph.extend([0x0a, 0x00]);
    }
    let mut bytes = vec![0x08, 0x08, 0x3a];
    prost::encoding::encode_varint(graph.len() as u64, &mut bytes);
    bytes.extend(graph);
    assert!(matches!(refused(&bytes), Error::LimitSize { .. }));
}

#[test]
fn wrong_attributes_are_refused() {
    let cases = [
        with(node("Reshape", &["x", "s"], "z"), int("allowzero", 7)),
        with(node("Transpose", &["x"], "z"), ints("perm", &[5, -9, 1 << 40])),
        with(node("Gather", &["x", "s"], "z"), int("axis", 1 << 40)),
        with(node("Cast", &["x"], "z"), int("to", 99)),
        with(node("Einsum", &["x"], "z"), text("equation", "ij->((((")),
        with(node("Softmax", &["x"], "z"), int("axis", i64::MIN)),
        with(node("Conv", &["x", "x"], "z"), ints("dilations", &[0])),
    ];
    for node in cases {
        let name = node.op_type.clone();
        let read =
            OnnxModel::register(&adding(vec![node], vec![longs("s", &[1 << 40])]), contract(3.0));
        assert!(read.is_err(), "{name}");
    }
}
