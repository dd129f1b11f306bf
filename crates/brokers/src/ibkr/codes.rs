//! What TWS's numbers of errors mean for an order. What they mean for the way to the broker is
//! `gateway::way`'s to say.
//!
//! Source: interactivebrokers.github.io/tws-api/message_codes.html.

/// What follows from an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Nothing: a warning, or a notice about market data.
    Notice,
    /// The order was refused, or a change of it.
    Refused,
    /// It was refused for want of its parent, which may still come.
    Orphaned,
    /// The number was used before; what became of that order, a look tells.
    Used,
    /// Something ended it, or a request came too late for it: a look tells.
    Unsure,
}

/// What an error with a number means. Those that concern no order refuse none.
pub(super) fn meaning(code: i32) -> Meaning {
    match code {
        // An order was cancelled; it can't be any more; it is not there; it is filled already.
        202 | 161 | 135 | 136 | 104 | 10147 | 10148 => Meaning::Unsure,
        103 => Meaning::Used,
        10006 => Meaning::Orphaned,
        // Words about an order that stands all the same: shares looked for, times ignored.
        399 | 404 | 10167 | 10349 => Meaning::Notice,
        2100..=2170 => Meaning::Notice,
        _ => Meaning::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_and_warnings_are_told_apart() {
        let cases = [
            (&[110, 200, 201, 203, 321, 355, 387, 434, 10052, 10243, 10326][..], Meaning::Refused),
            (&[399, 2104, 2106, 2109, 2158], Meaning::Notice),
            (&[202, 104, 161, 10147, 10148], Meaning::Unsure),
        ];
        for (codes, wanted) in cases {
            for code in codes {
                assert_eq!(meaning(*code), wanted, "{code}");
            }
        }
    }
}
