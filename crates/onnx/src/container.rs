//! Contract and ONNX file in one piece.
//!
//! A line `trimtab-onnx/1`, a line with the number of bytes of the contract, the contract as JSON,
//! and the ONNX file to the end.

use crate::{Contract, Error};

const MAGIC: &[u8] = b"trimtab-onnx/1\n";

/// True for bytes that begin as the container does.
pub fn is_container(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

pub(crate) fn write(contract: &Contract, onnx: &[u8]) -> Result<Vec<u8>, Error> {
    let json = contract.to_json()?;
    let length = format!("{}\n", json.len());
    Ok([MAGIC, length.as_bytes(), &json, onnx].concat())
}

pub(crate) fn read(bytes: &[u8]) -> Result<(Contract, &[u8]), Error> {
    let refuse = |what: &str| Error::ReadContainer { what: what.to_owned() };
    let rest = bytes
        .strip_prefix(MAGIC)
        .ok_or_else(|| refuse("it does not begin with trimtab-onnx/1; register the model again"))?;
    let line = rest.iter().take(20).position(|&byte| byte == b'\n');
    let (length, rest) = line
        .map(|at| (&rest[..at], &rest[at + 1..]))
        .ok_or_else(|| refuse("the length of its contract is missing; register it again"))?;
    let length: Option<usize> =
        std::str::from_utf8(length).ok().and_then(|length| length.parse().ok());
    let (json, onnx) = length
        .and_then(|length| rest.split_at_checked(length))
        .ok_or_else(|| refuse("its contract is cut short; register the model again"))?;
    Ok((Contract::from_json(json)?, onnx))
}
