//! The operators that are run: a closed list. What is not on it is refused by name, so that a file
//! can't reach a corner of the runtime that nobody looked at.

use tract_onnx::pb::NodeProto;

use crate::Error;

/// Of the domain `ai.onnx`. Left out: control flow, random draws, sizes that depend on values,
/// quantised and vendors' operators.
const STANDARD: &str = " Abs Acos Acosh Add And ArgMax ArgMin Asin Asinh Atan Atanh AveragePool \
    BatchNormalization Cast CastLike Ceil Celu Clip Concat Constant ConstantOfShape Conv \
    ConvTranspose Cos Cosh CumSum DepthToSpace Div Dropout Einsum Elu Equal Erf Exp Expand EyeLike \
    Flatten Floor GRU Gather GatherElements GatherND Gelu Gemm GlobalAveragePool GlobalMaxPool \
    Greater GreaterOrEqual GroupNormalization HardSigmoid HardSwish Hardmax Identity \
    InstanceNormalization IsInf IsNaN LRN LSTM LayerNormalization LeakyRelu Less LessOrEqual Log \
    LogSoftmax LpNormalization MatMul Max MaxPool Mean MeanVarianceNormalization Min Mish Mod Mul \
    Neg Not OneHot Or PRelu Pad Pow RMSNormalization RNN Range Reciprocal ReduceL1 ReduceL2 \
    ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum \
    ReduceSumSquare Relu Reshape Resize Round ScatterElements ScatterND Selu Shape Shrink Sigmoid \
    Sign Sin Sinh Size Slice Softmax Softplus Softsign SpaceToDepth Split Sqrt Squeeze Sub Sum Tan \
    Tanh ThresholdedRelu Tile TopK Transpose Trilu Unsqueeze Where Xor ";

/// Of the domain `ai.onnx.ml`, after `graph::lower`.
const LEARNT: &str = " LinearClassifier LinearRegressor Normalizer TreeEnsembleClassifier \
    TreeEnsembleRegressor ";

/// The set of operators that classical models use.
pub(crate) const ML: &str = "ai.onnx.ml";

/// Refuses an operator that is not on the list.
pub(crate) fn check(node: &NodeProto) -> Result<(), Error> {
    let list = match node.domain.as_str() {
        "" | "ai.onnx" => STANDARD,
        ML => LEARNT,
        _ => "",
    };
    let name = node.op_type.as_str();
    let plain = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if plain && list.contains(&format!(" {name} ")) {
        return Ok(());
    }
    let domain = if node.domain.is_empty() { "ai.onnx" } else { &node.domain };
    Err(Error::FindOperator {
        operator: name.chars().take(80).collect(),
        domain: domain.chars().take(80).collect(),
        node: node.name.chars().take(80).collect(),
        advice: advice(name, &node.domain).to_owned(),
    })
}

fn advice(name: &str, domain: &str) -> &'static str {
    match (domain, name) {
        ("" | "ai.onnx", "If" | "Loop" | "Scan") => {
            "control flow that depends on the data is not run here; export the model without it"
        }
        ("" | "ai.onnx", _) if name.contains("Random") || name == "Multinomial" => {
            "a forecast must not be drawn at random; put the model in eval mode before the export"
        }
        ("" | "ai.onnx", _) if name.contains("Linear") || name.contains("Integer") => {
            "quantised models are not run here; export the model with 32-bit floats"
        }
        (ML, "TreeEnsemble") => {
            "this is a newer way to write trees; export with target_opset={'': 17, 'ai.onnx.ml': 3}"
        }
        (ML, "ZipMap" | "LabelEncoder" | "ArrayFeatureExtractor") => {
            "it makes class labels; export with options={'zipmap': False} and name the tensor of \
             probabilities as the contract's output"
        }
        (ML, "SVMClassifier" | "SVMRegressor") => {
            "kernel machines are not run here; use a linear model, trees or a network"
        }
        (ML, _) => {
            "export the step before the model as numbers, or leave it out and make it a feature \
             of the panel"
        }
        _ => {
            "only ai.onnx and ai.onnx.ml are run here; export the model without a vendor's \
             operators and unoptimised"
        }
    }
}
