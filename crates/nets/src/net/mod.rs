//! Networks by name: one file each, written as its paper draws it.
//!
//! A [`Design`] is plain data: it travels in a model's card, and the same design and seed give
//! the same network. Inputs are rows; a sequence is step after step within the row.

pub mod deep_lob;
pub mod dual;
pub mod health;
pub mod kan;
pub mod mlp;
pub mod recurrent;
pub mod regime_gru;
pub mod regime_transformer;

use serde::{Deserialize, Serialize};

use crate::training::Network;
use crate::{Error, Real};

pub use deep_lob::DeepLob;
pub use dual::Dual;
pub use health::Health;
pub use kan::KanNet;
pub use mlp::Mlp;
pub use recurrent::Recurrent;
pub use regime_gru::RegimeGru;
pub use regime_transformer::RegimeTransformer;

/// A network as data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "network", rename_all = "snake_case")]
pub enum Design {
    /// Dense layers.
    Mlp(Mlp),
    /// GRU or LSTM, the last step read out.
    Recurrent(Recurrent),
    /// Two GRUs with attention over their steps.
    RegimeGru(RegimeGru),
    /// A Transformer encoder with a class token.
    RegimeTransformer(RegimeTransformer),
    /// An autoencoder, or a variational one, with three heads.
    Health(Health),
    /// A dense branch beside a liquid one.
    Dual(Dual),
    /// Kolmogorov–Arnold layers.
    Kan(KanNet),
    /// Convolutions over levels and time, inception, LSTM.
    DeepLob(DeepLob),
}

impl Design {
    /// Names and what they are, in order.
    pub const NAMES: [(&'static str, &'static str); 8] = [
        ("mlp", "dense layers"),
        ("recurrent", "GRU or LSTM, the last step read out"),
        ("regime_gru", "two GRUs with attention over their steps"),
        ("regime_transformer", "Transformer encoder with a class token"),
        ("health", "autoencoder, plain or variational, with three heads"),
        ("dual", "dense branch beside a liquid one, wired as a neural circuit policy"),
        ("kan", "Kolmogorov–Arnold network: a learned curve on each edge"),
        ("deep_lob", "convolutions over levels and time, inception, LSTM, three heads"),
    ];

    /// The network: layers, tensors and loss.
    pub fn build<R: Real>(&self) -> Result<Network<R>, Error> {
        match self {
            Design::Mlp(design) => design.build(),
            Design::Recurrent(design) => design.build(),
            Design::RegimeGru(design) => design.build(),
            Design::RegimeTransformer(design) => design.build(),
            Design::Health(design) => design.build(),
            Design::Dual(design) => design.build(),
            Design::Kan(design) => design.build(),
            Design::DeepLob(design) => design.build(),
        }
    }
}

/// Refuses sizes of 0: `(name, size)`.
fn sizes(network: &'static str, all: &[(&str, usize)]) -> Result<(), Error> {
    match all.iter().find(|(_, size)| *size == 0) {
        Some((name, _)) => Err(Error::Build { network, what: format!("{name} is 0") }),
        None => Ok(()),
    }
}

/// Refuses a share outside 0..1.
fn share(network: &'static str, name: &str, share: f64) -> Result<(), Error> {
    match (0.0..1.0).contains(&share) {
        true => Ok(()),
        false => Err(Error::Build { network, what: format!("{name} is {share}, not in 0..1") }),
    }
}

/// Refuses weights of classes that are not one for each class; none at all are fine.
fn weighed(network: &'static str, weights: &[f64], classes: usize) -> Result<(), Error> {
    let count = weights.len();
    if count != 0 && count != classes {
        let what = format!("{count} class weights for {classes} classes; give one for each");
        return Err(Error::Build { network, what });
    }
    match weights.iter().find(|weight| !(weight.is_finite() && **weight >= 0.0)) {
        Some(weight) => {
            let what = format!("a class weight is {weight}, not a number from 0 on");
            Err(Error::Build { network, what })
        }
        None => Ok(()),
    }
}
