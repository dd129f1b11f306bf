//! Attributes of an operator, empty where there are none.

use tract_onnx::pb::{AttributeProto, NodeProto};

fn find<'a>(node: &'a NodeProto, name: &str) -> Option<&'a AttributeProto> {
    node.attribute.iter().find(|attribute| attribute.name == name)
}

/// A list of integers.
pub(crate) fn ints<'a>(node: &'a NodeProto, name: &str) -> &'a [i64] {
    find(node, name).map_or(&[], |attribute| &attribute.ints)
}

/// A list of numbers.
pub(crate) fn floats<'a>(node: &'a NodeProto, name: &str) -> &'a [f32] {
    find(node, name).map_or(&[], |attribute| &attribute.floats)
}

/// A list of texts.
pub(crate) fn texts<'a>(node: &'a NodeProto, name: &str) -> &'a [Vec<u8>] {
    find(node, name).map_or(&[], |attribute| &attribute.strings)
}

/// One integer.
pub(crate) fn int(node: &NodeProto, name: &str) -> Option<i64> {
    find(node, name).map(|attribute| attribute.i)
}

/// One number.
pub(crate) fn float(node: &NodeProto, name: &str) -> Option<f32> {
    find(node, name).map(|attribute| attribute.f)
}

/// One text; none where it is no UTF-8.
pub(crate) fn text<'a>(node: &'a NodeProto, name: &str) -> Option<&'a str> {
    find(node, name).and_then(|attribute| std::str::from_utf8(&attribute.s).ok())
}
