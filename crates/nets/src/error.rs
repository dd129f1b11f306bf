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
    /// A loss or a gradient that is no number.
    #[error("train: {what} is {value} at step {step}; {remedy}")]
    Train {
        /// Loss or gradient.
        what: &'static str,
        /// What it is.
        value: f64,
        /// The step, from 0.
        step: u64,
        /// What to do.
        remedy: &'static str,
    },
}
