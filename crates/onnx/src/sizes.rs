//! The first pass over a graph, which knows the size of each tensor before anything computes it.
//!
//! The runtime evaluates what depends on constants only while it still analyses, so that a file of
//! a hundred bytes could ask for all memory there is (a constant of a huge shape, a tensor joined
//! with itself forty times), or for a day of work. Here each operator first tells the shape of its
//! outputs, for one row.

use tract_onnx::tract_hir::internal::*;

use crate::limits::{MOST_MEMORY, MOST_WORK};
use crate::{Error, work};

/// Finds shapes and types node by node; refuses a graph whose tensors need too much
/// memory or too much work.
pub(crate) fn analyse(model: &mut InferenceModel) -> Result<(), Error> {
    let failed = |what: &str| {
        let what = what.to_owned();
        move |source| Error::BuildGraph { what, source }
    };
    let order = model.eval_order().map_err(failed("order the operators"))?;
    let (mut total, mut worked) = (0_u64, 0_u64);
    for id in order {
        let name = model.node(id).name.clone();
        let here = format!(
            "operator {} ({name:?}) does not fit its inputs; check the contract's features and \
             steps, or export with opset_version=17",
            model.node(id).op.name()
        );
        let (reads, facts, computed) = outputs(model, id).map_err(failed(&here))?;
        // Where a shape is not known, the typed graph tells.
        let asked =
            || Some(work::of(&model.node(id).op.name(), &shapes(&reads)?, &shapes(&facts)?));
        worked = worked.saturating_add(asked().unwrap_or(0));
        if worked > MOST_WORK {
            return Err(too_slow(&format!("the operators up to {name:?}")));
        }
        for fact in facts {
            match bytes(&fact) {
                Some(size) => total = total.saturating_add(size),
                // The typed graph is measured again; what is computed now can't wait for that.
                None if computed => return Err(too_large(&name)),
                None => {}
            }
        }
        if total > MOST_MEMORY {
            return Err(too_large(&name));
        }
        infer(model, id).map_err(failed(&here))?;
    }
    Ok(())
}

fn too_large(name: &str) -> Error {
    let what = format!(
        "the tensors up to {name:?} take more than {MOST_MEMORY} bytes for one row, or nobody knows \
         how many; the file is damaged, or no model for rows"
    );
    Error::LimitSize { what }
}

pub(crate) fn too_slow(who: &str) -> Error {
    let what = format!(
        "{who} take more than {MOST_WORK} multiplications for one row, or nobody knows how many; the          file is damaged, or no model for rows"
    );
    Error::LimitSize { what }
}

type Facts = TVec<InferenceFact>;

/// What is known of inputs, outputs and observed outlets of a node.
fn known(model: &InferenceModel, id: usize) -> TractResult<(Facts, Facts, Facts)> {
    let node = model.node(id);
    let (inputs, outputs) = model.node_facts(id)?;
    let observed = node.op.observe_outlets(model, node)?;
    let observed = observed.iter().map(|outlet| model.outlet_fact(*outlet).cloned());
    let all = |facts: TVec<&InferenceFact>| facts.into_iter().cloned().collect();
    Ok((all(inputs), all(outputs), observed.collect::<TractResult<_>>()?))
}

fn refs(facts: &Facts) -> TVec<&InferenceFact> {
    facts.iter().collect()
}

/// What the operator says of its outputs, before any number is computed, and whether it will be
/// computed at once because it depends on constants only.
fn outputs(model: &InferenceModel, id: usize) -> TractResult<(Facts, Facts, bool)> {
    let (inputs, outputs, observed) = known(model, id)?;
    if inputs.is_empty() {
        return Ok((inputs, outputs, false));
    }
    let computed = inputs.iter().all(|fact| fact.value.is_concrete());
    let mut op = model.node(id).op.clone();
    let name = op.name();
    if SIZED.contains(&&*name) {
        let wide = inputs.iter().any(|fact| fact.value.concretize().is_some_and(|it| wide(&it)));
        ensure!(!wide, "it is told a size beyond two billion");
    }
    if computed && name == "Range" {
        ensure!(short_range(&inputs)?, "it counts further than any model needs");
    }
    let (_, facts, _) = op.infer_facts(refs(&inputs), refs(&outputs), refs(&observed))?;
    Ok((inputs, facts, computed))
}

/// Operators that are told sizes by a tensor. The runtime takes such a size for 32 bits wide when it
/// tells the shape, and for 64 when it computes, so that a wider one would pass as small.
const SIZED: [&str; 12] = [
    "ConstantOfShape",
    "Expand",
    "MultiBroadcastTo",
    "OneHot",
    "Onehot",
    "Pad",
    "Range",
    "Reshape",
    "Resize",
    "Tile",
    "Topk",
    "TopK",
];

/// True if a tensor of integers holds one of more than 32 bits.
fn wide(tensor: &Tensor) -> bool {
    let is = |kind| tensor.datum_type() == kind;
    if !is(i64::datum_type()) && !is(u64::datum_type()) {
        return false;
    }
    let values = tensor.cast_to::<i64>().ok();
    let values = values.as_ref().and_then(|it| it.try_as_plain_ram().ok());
    let values = values.as_ref().and_then(|it| it.as_slice::<i64>().ok());
    values.is_none_or(|values| values.iter().any(|&value| i32::try_from(value).is_err()))
}

/// True if a range is short enough to be computed.
fn short_range(inputs: &Facts) -> TractResult<bool> {
    let mut ends = Vec::with_capacity(3);
    for fact in inputs {
        let value = fact.value.concretize().context("a range of no value")?;
        ends.push(value.cast_to_scalar::<f64>()?);
    }
    let &[from, to, step] = &ends[..] else { bail!("a range has three inputs") };
    let count = (to - from) / step;
    Ok(count.is_finite() && count < 1e7)
}

/// Keeps what the operator says of its outputs, computed where they depend on constants only.
fn infer(model: &mut InferenceModel, id: usize) -> TractResult<()> {
    let (inputs, outputs, observed) = known(model, id)?;
    let op = &mut model.node_mut(id).op;
    let (_, facts, _) = op.infer(refs(&inputs), refs(&outputs), refs(&observed))?;
    for (slot, (fact, old)) in facts.iter().zip(&outputs).enumerate() {
        let fact = fact.unify(old)?;
        model.set_outlet_fact(OutletId::new(id, slot), fact)?;
    }
    Ok(())
}

/// The shapes of tensors for one row; none where one is not known, or impossible.
fn shapes(facts: &Facts) -> Option<Vec<Vec<u64>>> {
    facts.iter().map(dims).collect()
}

/// The shape of a tensor for one row; none where it is not known, or impossible.
fn dims(fact: &InferenceFact) -> Option<Vec<u64>> {
    let shape = fact.shape.concretize()?;
    let dim = |dim: &TDim| u64::try_from(dim.eval_to_i64(&SymbolValues::default()).ok()?).ok();
    shape.iter().map(dim).collect()
}

/// Bytes of a tensor for one row; none where its shape is not known, or impossible.
fn bytes(fact: &InferenceFact) -> Option<u64> {
    let each = fact.datum_type.concretize().map_or(8, |kind| kind.size_of() as u64);
    Some(dims(fact)?.into_iter().fold(each, u64::saturating_mul))
}

/// Bytes of all tensors of a typed graph when a symbol has this value; none where a size depends
/// on something else.
pub(crate) fn typed(model: &TypedModel, symbol: Option<(&Symbol, i64)>) -> Option<u64> {
    let values = symbol.map_or_else(SymbolValues::default, |(symbol, value)| {
        SymbolValues::default().with(symbol, value)
    });
    let mut total = 0_u64;
    for fact in model.nodes().iter().flat_map(|node| &node.outputs).map(|outlet| &outlet.fact) {
        let mut all = fact.datum_type.size_of() as u64;
        for dim in fact.shape.iter() {
            let dim = dim.eval_to_i64(&values).ok()?;
            all = all.saturating_mul(u64::try_from(dim).ok()?);
        }
        total = total.saturating_add(all);
    }
    Some(total)
}
