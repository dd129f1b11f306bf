//! What is refused, with the broker's numbers and words.

use super::messages::session::ErrorMessage;
use crate::Answer;

/// A notice concerns this request.
pub(super) const NO_REQUEST: i32 = -1;

/// A refusal or a notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The request or the order that it concerns.
    pub(super) id: i32,
    pub(super) code: i32,
    pub(super) text: String,
}

impl Refusal {
    pub(super) fn new(id: i32, code: i32, text: impl Into<String>) -> Refusal {
        Refusal { id, code, text: text.into() }
    }

    /// Nothing that is listed fits the contract.
    pub(super) fn no_definition(id: i32) -> Refusal {
        Refusal::new(id, 200, "No security definition has been found for the request")
    }

    /// An order that the account can't take.
    pub(super) fn rejected(id: i32, reason: &str) -> Refusal {
        Refusal::new(id, 201, format!("Order rejected - reason:{reason}"))
    }

    /// A request that makes no sense, or none here.
    pub(super) fn invalid(id: i32, cause: impl AsRef<str>) -> Refusal {
        Refusal::new(
            id,
            321,
            format!("Error validating request.-'tt' : cause - {}", cause.as_ref()),
        )
    }

    /// A subscription that is not there.
    pub(super) fn no_subscription(id: i32) -> Refusal {
        Refusal::new(id, 300, format!("Can't find EId with tickerId:{id}"))
    }

    /// A refusal of the account, as an order's.
    pub(super) fn of(id: i32, answer: &Answer) -> Refusal {
        let said = answer.body.as_ref().and_then(|body| body["message"].as_str());
        Refusal::rejected(id, said.unwrap_or("the order was not taken"))
    }

    /// As it is told, at a time in milliseconds since 1970.
    pub(super) fn message(&self, at_millis: i64) -> ErrorMessage {
        ErrorMessage {
            id: Some(self.id),
            error_time: Some(at_millis),
            error_code: Some(self.code),
            error_msg: Some(self.text.clone()),
            advanced_order_reject_json: None,
        }
    }
}
