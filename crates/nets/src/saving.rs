//! Weights on disk: safetensors, with a card in JSON inside the same file.
//!
//! A file says what it is: names and shapes of all tensors, and a card of the caller's with
//! whatever a reader must know. Reading checks every name, shape and number before a single
//! weight is taken over; nothing is ever executed.

use std::collections::{BTreeMap, HashMap};

use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::weights::Plan;
use crate::{Error, Real};

/// Where the card is kept among the metadata of a file.
const CARD: &str = "card";

/// A file's bytes: the weights under the names of the plan, more tensors by name, and a card.
/// Tensors that hold what is no number are refused, as [`read`] would refuse them.
pub fn save(
    plan: &Plan,
    weights: &[f32],
    more: &BTreeMap<String, Vec<f32>>,
    card: &impl Serialize,
) -> Result<Vec<u8>, Error> {
    let card = serde_json::to_string(card).map_err(Error::WriteCard)?;
    let bytes = |values: &[f32]| -> Vec<u8> {
        values.iter().flat_map(|value| value.to_le_bytes()).collect()
    };
    let sound = |name: &str, values: &[f32]| match unsound(name, values) {
        Some(what) => Err(Error::CheckTensors { what }),
        None => Ok(()),
    };
    let mut held: Vec<(String, Vec<usize>, Vec<u8>)> = Vec::new();
    for entry in plan.entries() {
        let values = entry.slot.of(weights);
        sound(&entry.name, values)?;
        held.push((entry.name.clone(), entry.shape.clone(), bytes(values)));
    }
    for (name, values) in more {
        sound(name, values)?;
        held.push((name.clone(), vec![values.len()], bytes(values)));
    }
    let mut views = BTreeMap::new();
    for (name, shape, values) in &held {
        let view = TensorView::new(Dtype::F32, shape.clone(), values);
        views.insert(name.as_str(), view.map_err(Error::WriteTensors)?);
    }
    let metadata = HashMap::from([(CARD.to_owned(), card)]);
    safetensors::serialize(views, Some(metadata)).map_err(Error::WriteTensors)
}

/// What is no number among the values of a tensor, and where.
fn unsound(name: &str, values: &[f32]) -> Option<String> {
    let at = values.iter().position(|value| !value.is_finite())?;
    Some(format!("tensor {name:?} holds {} at {at}", values[at]))
}

/// What a file holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Saved<C> {
    /// The card.
    pub card: C,
    /// Tensors by name: shape and values.
    pub tensors: BTreeMap<String, (Vec<usize>, Vec<f32>)>,
}

/// Reads a file. A cut, foreign or damaged one is refused with what is wrong.
pub fn read<C: DeserializeOwned>(bytes: &[u8]) -> Result<Saved<C>, Error> {
    let refuse = |what: String| Error::ReadTensors { what };
    let file = SafeTensors::deserialize(bytes).map_err(|fault| refuse(fault.to_string()))?;
    let (_, header) =
        SafeTensors::read_metadata(bytes).map_err(|fault| refuse(fault.to_string()))?;
    let metadata = header.metadata().as_ref();
    let card = metadata.and_then(|metadata| metadata.get(CARD));
    let card = card.ok_or_else(|| refuse("it has no card; is it a model of ours?".to_owned()))?;
    let card = serde_json::from_str(card).map_err(|fault| refuse(format!("its card: {fault}")))?;
    let mut tensors = BTreeMap::new();
    for (name, view) in file.tensors() {
        if view.dtype() != Dtype::F32 {
            return Err(refuse(format!("tensor {name:?} holds {:?}, not F32", view.dtype())));
        }
        let values = view.data().as_chunks::<4>().0.iter().map(|four| f32::from_le_bytes(*four));
        let values: Vec<f32> = values.collect();
        if let Some(what) = unsound(&name, &values) {
            return Err(refuse(what));
        }
        tensors.insert(name, (view.shape().to_vec(), values));
    }
    Ok(Saved { card, tensors })
}

impl<C> Saved<C> {
    /// The weights of a plan, all of them, each of its shape.
    pub fn weights<R: Real>(&self, plan: &Plan) -> Result<Vec<R>, Error> {
        let mut weights = vec![R::ZERO; plan.len()];
        for entry in plan.entries() {
            let refuse = |what: String| Error::ReadTensors { what };
            let (shape, values) = self.tensors.get(&entry.name).ok_or_else(|| {
                refuse(format!(
                    "tensor {:?} is missing; was it saved from another network?",
                    entry.name
                ))
            })?;
            if *shape != entry.shape {
                return Err(refuse(format!(
                    "tensor {:?} is {shape:?}, the network wants {:?}",
                    entry.name, entry.shape
                )));
            }
            for (weight, value) in entry.slot.of_mut(&mut weights).iter_mut().zip(values) {
                *weight = R::of(f64::from(*value));
            }
        }
        Ok(weights)
    }

    /// A tensor beside the weights, of this length.
    pub fn extra(&self, name: &str, len: usize) -> Result<&[f32], Error> {
        let refuse = |what: String| Error::ReadTensors { what };
        let (_, values) =
            self.tensors.get(name).ok_or_else(|| refuse(format!("{name:?} is missing")))?;
        match values.len() == len {
            true => Ok(values),
            false => Err(refuse(format!("{name:?} has {} values, not {len}", values.len()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::Seed;
    use proptest::prelude::*;

    fn plan() -> Plan {
        let mut plan = Plan::default();
        plan.within("a", |plan| plan.matrix("weight", 3, 2));
        plan.within("a", |plan| plan.bias("bias", 3, 2));
        plan
    }

    fn saved() -> Vec<u8> {
        let weights: Vec<f32> = plan().draw(Seed::root(2));
        let more = BTreeMap::from([("moment".to_owned(), vec![1.0, 2.0])]);
        save(&plan(), &weights, &more, &"a card").unwrap()
    }

    #[test]
    fn what_is_saved_comes_back() {
        let file: Saved<String> = read(&saved()).unwrap();
        let weights: Vec<f32> = plan().draw(Seed::root(2));
        assert_eq!(file.weights::<f32>(&plan()).unwrap(), weights);
        assert_eq!(file.extra("moment", 2).unwrap(), [1.0, 2.0]);
        assert_eq!(file.card, "a card");
    }

    #[test]
    fn another_network_is_told_which_tensor_differs() {
        let file: Saved<String> = read(&saved()).unwrap();
        let mut other = Plan::default();
        other.within("a", |plan| plan.matrix("weight", 2, 3));
        let said = file.weights::<f32>(&other).unwrap_err().to_string();
        assert!(said.contains("a.weight") && said.contains("[2, 3]"), "{said}");
        other.within("b", |plan| plan.matrix("weight", 2, 3));
        assert!(file.extra("moment", 3).is_err());
    }

    #[test]
    fn a_number_that_is_none_is_neither_read_nor_written() {
        let mut bytes = saved();
        let last = bytes.len() - 4;
        bytes[last..].copy_from_slice(&f32::NAN.to_le_bytes());
        let said = read::<String>(&bytes).unwrap_err().to_string();
        assert!(said.contains("holds NaN"), "{said}");
        let mut weights: Vec<f32> = plan().draw(Seed::root(2));
        let write = |weights: &[f32], moment: f32| {
            let more = BTreeMap::from([("moment".to_owned(), vec![1.0, moment])]);
            save(&plan(), weights, &more, &()).map(drop).map_err(|fault| fault.to_string())
        };
        let said = write(&weights, f32::INFINITY).unwrap_err();
        assert!(said.contains("\"moment\" holds inf at 1"), "{said}");
        weights[1] = f32::NAN;
        let said = write(&weights, 2.0).unwrap_err();
        assert!(said.contains("\"a.weight\" holds NaN at 1"), "{said}");
    }

    proptest! {
        #[test]
        fn damaged_bytes_never_panic(at in 0usize..400, byte: u8, cut in 0usize..400) {
            let mut bytes = saved();
            let at = at % bytes.len();
            bytes[at] = byte;
            let _ = read::<String>(&bytes);
            bytes.truncate(cut % bytes.len());
            prop_assert!(read::<String>(&bytes).is_err());
        }
    }
}
