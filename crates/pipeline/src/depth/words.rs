//! What a replay assumes, in words.

use sim::replay::{Contract, DepthRule, Impact, Latency, QueueModel};

/// What money is counted in.
pub const fn currency(contract: Contract) -> &'static str {
    match contract {
        Contract::Linear { .. } => "in the quote currency",
        Contract::Inverse { .. } => "in millionths of the coin",
    }
}

/// What a contract is.
pub(crate) fn contract(contract: Contract) -> String {
    match contract {
        Contract::Linear { multiplier } => format!("Money: price × units × {multiplier}."),
        Contract::Inverse { face } => format!(
            "Money: each contract stands for {face} of the quote currency and is settled in the \
             coin; amounts are in millionths of the coin."
        ),
    }
}

/// How the book heals.
pub(crate) fn healing(impact: Impact) -> String {
    match impact {
        Impact::Heals { half_life } => {
            format!("what they took is half back after {:.3} s", half_life.seconds())
        }
        Impact::Stays => "what they took never comes back".to_owned(),
        Impact::Nothing => "there is none".to_owned(),
    }
}

/// How long one way takes.
pub(crate) fn travel(latency: &Latency) -> String {
    match latency {
        Latency::Constant { span } => format!("{:.3} ms", 1e3 * span.seconds()),
        Latency::Recorded { .. } => "as long as was recorded".to_owned(),
        Latency::Drawn { .. } => "as long as is drawn from recorded spans".to_owned(),
    }
}

/// What is assumed of cancellations, where the feed shows no orders.
pub(crate) const fn queue(model: QueueModel) -> &'static str {
    match model {
        QueueModel::RiskAverse => "all who cancel stand behind us; exact where orders are shown",
        QueueModel::Share { .. } | QueueModel::ShareOfAll { .. } | QueueModel::OneMinus { .. } => {
            "who cancels stands behind us by what is behind and ahead; exact where orders are shown"
        }
    }
}

/// The rule that allowed a fill.
pub(crate) const fn rule(rule: DepthRule) -> &'static str {
    match rule {
        DepthRule::TookLevel => "took what a level showed",
        DepthRule::QueuePassed => "more traded than stood in front",
        DepthRule::TradedThrough => "a trade at a worse price",
        DepthRule::BookReached => "the other side came to its price",
        DepthRule::OrderBehindTraded => "an order behind it traded",
    }
}
