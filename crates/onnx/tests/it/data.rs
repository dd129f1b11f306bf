//! The golden models, and panels for them.

use base::{Panel, RowKey, Ts};
use onnx::{Contract, OnnxModel};
use serde::Deserialize;

/// Rows and what comes out, as the reference says.
#[derive(Debug, Deserialize)]
pub(crate) struct Expected {
    pub(crate) rows: Vec<Vec<Option<f64>>>,
    pub(crate) expected: Vec<Vec<f64>>,
}

/// A model as its maker gave it.
pub(crate) struct Golden {
    pub(crate) name: &'static str,
    pub(crate) onnx: &'static [u8],
    contract: &'static [u8],
    expected: &'static [u8],
}

macro_rules! golden {
    ($name:literal) => {
        Golden {
            name: $name,
            onnx: include_bytes!(concat!("../golden/", $name, ".onnx")),
            contract: include_bytes!(concat!("../golden/", $name, ".contract.json")),
            expected: include_bytes!(concat!("../golden/", $name, ".expected.json")),
        }
    };
}

/// All of them.
pub(crate) const ALL: &[Golden] = &[
    golden!("torch_mlp"),
    golden!("torch_mlp_dynamo"),
    golden!("torch_mlp_one_row"),
    golden!("torch_gru"),
    golden!("torch_lstm"),
    golden!("torch_transformer"),
    golden!("torch_transformer_dynamo"),
    golden!("torch_cnn"),
    golden!("sk_logistic"),
    golden!("sk_logistic_three"),
    golden!("sk_forest"),
    golden!("sk_forest_three"),
    golden!("sk_boosting"),
    golden!("sk_hist"),
    golden!("sk_hist_number"),
    golden!("sk_forest_number"),
    golden!("sk_linear_number"),
    golden!("sk_imputed_number"),
    golden!("sk_mlp_number"),
    golden!("sk_zipmap"),
    golden!("xgb_win"),
    golden!("xgb_number"),
    golden!("lgb_win"),
    golden!("lgb_three"),
    golden!("lgb_number"),
];

/// The one of that name.
pub(crate) fn golden(name: &str) -> &'static Golden {
    ALL.iter().find(|golden| golden.name == name).unwrap()
}

impl Golden {
    pub(crate) fn contract(&self) -> Contract {
        Contract::from_json(self.contract).unwrap()
    }

    pub(crate) fn register(&self) -> OnnxModel {
        OnnxModel::register(self.onnx, self.contract())
            .unwrap_or_else(|error| panic!("{}: {}", self.name, told(&error)))
    }

    pub(crate) fn expected(&self) -> Expected {
        serde_json::from_slice(self.expected).unwrap()
    }

    pub(crate) fn panel(&self) -> Panel {
        panel(&self.contract().columns(), &self.expected().rows)
    }
}

/// An error with its reasons.
pub(crate) fn told(error: &dyn std::error::Error) -> String {
    let reasons = std::iter::successors(Some(error), |error| error.source());
    reasons.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// A panel of these columns and rows, NaN where there is no value.
pub(crate) fn panel(names: &[String], rows: &[Vec<Option<f64>>]) -> Panel {
    let mut panel = Panel::new(names.iter().cloned());
    for (at, row) in rows.iter().enumerate() {
        let values: Vec<f64> = row.iter().map(|value| value.unwrap_or(f64::NAN)).collect();
        panel.push(RowKey { at: Ts::from_seconds(at as i64), id: 0 }, &values).unwrap();
    }
    panel
}
