//! What can go wrong in this room.

/// What can go wrong in this room. The variant names the operation that failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A card that could not be written as JSON.
    #[error("write card as json")]
    WriteCard(#[source] serde_json::Error),
    /// Tensors that could not be written.
    #[error("write tensors")]
    WriteTensors(#[source] safetensors::SafeTensorError),
    /// Tensors that hold what is no number.
    #[error("check tensors: {what}")]
    CheckTensors {
        /// Which tensor holds what, and where.
        what: String,
    },
    /// Bytes that are no weights of this network.
    #[error("read tensors: {what}")]
    ReadTensors {
        /// What is wrong, and where.
        what: String,
    },
    /// A setting that makes no network.
    #[error("build {network}: {what}")]
    Build {
        /// The network.
        network: &'static str,
        /// What is wrong with which setting.
        what: String,
    },
    /// A loss, a gradient, a weight or an output that is no number.
    #[error("train: {what} is {value} at step {step}; {remedy}")]
    Train {
        /// Loss, gradient, weight or output.
        what: &'static str,
        /// What it is.
        value: f64,
        /// The step, from 0.
        step: u64,
        /// What to do.
        remedy: &'static str,
    },
}

impl Error {
    /// Numbers that ran away in training: what is what, at which step.
    pub fn exploded(what: &'static str, value: f64, step: u64) -> Error {
        let remedy = "lower the learning rate, clip the gradient, or look for extremes in the \
                      inputs";
        Error::Train { what, value, step, remedy }
    }
}
