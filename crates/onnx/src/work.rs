//! How much a file may ask to be computed, known before anything is.
//!
//! Memory alone does not bound time: a convolution of two tensors that both fit takes their product.

use tract_onnx::prelude::*;
use tract_onnx::tract_core::ops::Cost;

/// Multiplications and additions that an operator needs at most, of the shapes it reads and makes.
///
/// The names are the runtime's. What is not named touches each of its numbers a few times.
pub(crate) fn of(operator: &str, reads: &[Vec<u64>], makes: &[Vec<u64>]) -> u64 {
    let size = |shape: &Vec<u64>| shape.iter().fold(1_u64, |all, &dim| all.saturating_mul(dim));
    let read: Vec<u64> = reads.iter().map(size).collect();
    let made: u64 = makes.iter().map(size).fold(0, u64::saturating_add);
    let touched = read.iter().fold(made, |all, &size| all.saturating_add(size));
    let (first, second) = (read.first().copied().unwrap_or(0), read.get(1).copied().unwrap_or(0));
    let more = match operator {
        // Each index of a product is in two of the three, so the root bounds the number of terms.
        "MatMulInference" | "Gemm" => root(first, second, made),
        "EinSum" => read.iter().fold(1_u64, |all, &size| all.saturating_mul(size)),
        "ConvHir" | "ConvTranspose" => {
            let filters = reads.get(1).and_then(|shape| shape.first()).copied().unwrap_or(1);
            made.max(first).saturating_mul(second / filters.max(1))
        }
        "SumPool" | "MaxPool" | "OnnxMaxPoolIndices" | "LRN" => made.saturating_mul(first),
        "GRU" | "LSTM" | "RNN" => {
            let wide = reads.first().and_then(|shape| shape.last()).copied().unwrap_or(1);
            let weights = second.saturating_add(read.get(2).copied().unwrap_or(0));
            (first / wide.max(1)).saturating_mul(weights)
        }
        _ => 0,
    };
    touched.saturating_add(more)
}

fn root(a: u64, b: u64, c: u64) -> u64 {
    let all = u128::from(a).saturating_mul(u128::from(b)).saturating_mul(u128::from(c));
    u64::try_from(all.isqrt()).unwrap_or(u64::MAX)
}

/// The same of a typed graph without symbols, as its operators tell it; none where one does not
/// know.
pub(crate) fn typed(model: &TypedModel) -> Option<u64> {
    let mut total = 0_u64;
    for node in model.nodes() {
        let (reads, _) = model.node_facts(node.id).ok()?;
        for (cost, count) in node.op.cost(&reads).ok()? {
            if !matches!(cost, Cost::Params(_) | Cost::Buffer(_)) {
                let count = count.eval_to_i64(&SymbolValues::default()).ok()?;
                total = total.saturating_add(u64::try_from(count).ok()?);
            }
        }
    }
    Some(total)
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn a_product_takes_rows_by_columns_by_depth() {
        let work = of("MatMulInference", &[vec![8, 16], vec![16, 32]], &[vec![8, 32]]);
        assert_eq!(work, 8 * 16 * 32 + 8 * 16 + 16 * 32 + 8 * 32);
    }

    #[test]
    fn a_convolution_takes_its_outputs_by_one_filter() {
        let work = of("ConvHir", &[vec![1, 3, 10], vec![5, 3, 2]], &[vec![1, 5, 9]]);
        assert_eq!(work, 45 * 6 + 30 + 30 + 45);
    }

    #[test]
    fn a_recurrent_layer_takes_its_weights_at_each_step() {
        let reads = [vec![7, 1, 4], vec![1, 24, 4], vec![1, 24, 8]];
        let work = of("GRU", &reads, &[vec![7, 1, 1, 8]]);
        assert_eq!(work, 7 * (96 + 192) + 28 + 96 + 192 + 56);
    }

    #[test]
    fn impossible_sizes_take_all_there_is() {
        let huge = vec![u64::MAX, 2];
        assert_eq!(of("EinSum", &[huge.clone(), huge.clone()], &[vec![1]]), u64::MAX);
        assert_eq!(of("MatMulInference", &[huge.clone(), huge.clone()], &[huge]), u64::MAX);
    }
}
