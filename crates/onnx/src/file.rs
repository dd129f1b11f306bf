//! Bytes to the message they hold, with every declared size held against the bytes that are there.
//!
//! The runtime believes what a file says of itself. Whatever could make it read another file,
//! take memory that the file does not fill, or recurse without end is refused here.

use tract_onnx::pb::tensor_proto::{DataLocation, DataType};
use tract_onnx::pb::{GraphProto, ModelProto, NodeProto, TensorProto};
use tract_onnx::prelude::Framework;

use crate::Error;
use crate::limits::{LARGEST_FILE, MOST_DIMS};
use crate::{safely, wire};

/// Reads the message and checks it.
pub(crate) fn read(bytes: &[u8]) -> Result<ModelProto, Error> {
    if bytes.is_empty() {
        return Err(damaged("it is empty; export the model again"));
    }
    if bytes.len() > LARGEST_FILE {
        let what = format!("the file has {} bytes, {LARGEST_FILE} are allowed", bytes.len());
        return Err(Error::LimitSize { what });
    }
    wire::count(bytes)?;
    let decoded = safely::run("read onnx file", || {
        let mut unread = bytes;
        Ok(tract_onnx::onnx().proto_model_for_read(&mut unread))
    })?;
    let model = decoded.map_err(|source| {
        damaged(&format!(
            "it is no ONNX model, or was cut short or damaged ({}); copy or export it again",
            source.root_cause()
        ))
    })?;
    check(&model)?;
    Ok(model)
}

fn check(model: &ModelProto) -> Result<(), Error> {
    let Some(graph) = &model.graph else {
        return Err(damaged("it holds no graph; it is no ONNX model, or was cut short"));
    };
    if model.ir_version <= 0 || model.opset_import.is_empty() {
        let what = "it does not say which version of ONNX it is; it is no ONNX model, or damaged";
        return Err(damaged(what));
    }
    check_graph(graph)
}

fn check_graph(graph: &GraphProto) -> Result<(), Error> {
    if graph.node.is_empty() {
        return Err(damaged("its graph has no node; it was cut short, or export it again"));
    }
    graph.initializer.iter().try_for_each(tensor)?;
    graph.node.iter().try_for_each(node)
}

fn node(node: &NodeProto) -> Result<(), Error> {
    for attribute in &node.attribute {
        if attribute.g.is_some() || !attribute.graphs.is_empty() {
            return Err(Error::FindOperator {
                operator: node.op_type.clone(),
                domain: node.domain.clone(),
                node: node.name.clone(),
                advice: "it holds a graph of its own (a loop or a branch), which is not run here; \
                         export the model without control flow that depends on the data"
                    .to_owned(),
            });
        }
        attribute.t.iter().chain(&attribute.tensors).try_for_each(tensor)?;
    }
    Ok(())
}

/// The shape that is declared must be that of the numbers that are there.
pub(crate) fn tensor(tensor: &TensorProto) -> Result<(), Error> {
    let name = &tensor.name;
    let external = tensor.data_location == Some(DataLocation::External as i32);
    if external || !tensor.external_data.is_empty() {
        let what = format!(
            "tensor {name:?} lies in another file, and a model must be one file; save it with \
             onnx.save(onnx.load(path), path, save_as_external_data=False)"
        );
        return Err(damaged(&what));
    }
    if tensor.segment.is_some() {
        return Err(damaged(&format!("tensor {name:?} is one of several pieces; save it whole")));
    }
    let declared = volume(tensor)
        .ok_or_else(|| damaged(&format!("tensor {name:?} has the shape {:?}", tensor.dims)))?;
    let kind = DataType::try_from(tensor.data_type).unwrap_or(DataType::Undefined);
    let Some((size, listed)) = stored(tensor, kind) else {
        let what = format!(
            "tensor {name:?} holds numbers of type {}, which are not run here; export the model \
             with 32-bit floats",
            tensor.data_type
        );
        return Err(damaged(&what));
    };
    let present = match tensor.raw_data.len() {
        0 => listed,
        raw if raw % size == 0 && size > 0 => raw / size,
        _ => usize::MAX,
    };
    if present == declared {
        return Ok(());
    }
    let what = format!(
        "tensor {name:?} declares {declared} numbers of shape {:?} and does not hold so many; \
         the file is damaged",
        tensor.dims
    );
    Err(damaged(&what))
}

fn volume(tensor: &TensorProto) -> Option<usize> {
    let few = tensor.dims.len() <= MOST_DIMS;
    let dims = few.then(|| tensor.dims.iter().map(|&dim| usize::try_from(dim).ok()));
    dims?.try_fold(1_usize, |all, dim| all.checked_mul(dim?))
}

/// Bytes of a number of this type, and how many are listed one by one.
fn stored(tensor: &TensorProto, kind: DataType) -> Option<(usize, usize)> {
    Some(match kind {
        DataType::Float => (4, tensor.float_data.len()),
        DataType::Double => (8, tensor.double_data.len()),
        DataType::Int64 => (8, tensor.int64_data.len()),
        DataType::Int32 => (4, tensor.int32_data.len()),
        DataType::Uint32 => (4, tensor.int32_data.len()),
        DataType::Uint64 => (8, tensor.int64_data.len()),
        DataType::Int16 | DataType::Uint16 | DataType::Float16 => (2, tensor.int32_data.len()),
        DataType::Int8 | DataType::Uint8 | DataType::Bool => (1, tensor.int32_data.len()),
        // A size of 0 says that no raw bytes may stand for a text.
        DataType::String => (0, tensor.string_data.len()),
        _ => return None,
    })
}

pub(crate) fn damaged(what: &str) -> Error {
    Error::ReadFile { what: what.to_owned() }
}
