//! What TWS's messages say of the way to the broker, for all that hear them.
//!
//! Source: interactivebrokers.github.io/tws-api, "System Message Codes".

/// What a message says of the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Gateway lost its servers.
    ServersLost,
    /// It has them again.
    ServersFound,
    /// It moved to another port, which may be told.
    Moved(Option<u16>),
    /// The client id is taken.
    Taken,
    /// There is no line.
    NoLine,
    /// It takes no orders.
    ReadOnly,
}

/// What a message says of the way, by its number and words; `None` where it is about something
/// else.
pub fn way(code: i32, text: &str) -> Option<Way> {
    match code {
        1100 | 2110 => Some(Way::ServersLost),
        1101 | 1102 => Some(Way::ServersFound),
        1300 => {
            let digits = text.rsplit(|c: char| !c.is_ascii_digit()).find(|part| !part.is_empty());
            let moved = digits.and_then(|digits| digits.parse().ok()).filter(|port| *port > 0);
            Some(Way::Moved(moved))
        }
        326 => Some(Way::Taken),
        321 if text.contains("Read-Only") => Some(Way::ReadOnly),
        502 | 504 => Some(Way::NoLine),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_about_the_way_are_told_from_all_others() {
        let moved = "being dropped. Please reconnect on the new port - 4100";
        let cases = [
            (1100, "", Some(Way::ServersLost)),
            (2110, "", Some(Way::ServersLost)),
            (1101, "", Some(Way::ServersFound)),
            (1102, "", Some(Way::ServersFound)),
            (1300, moved, Some(Way::Moved(Some(4100)))),
            (1300, "port 0", Some(Way::Moved(None))),
            (326, "", Some(Way::Taken)),
            (504, "Not connected", Some(Way::NoLine)),
            (321, "The API interface is currently in Read-Only mode.", Some(Way::ReadOnly)),
            (321, "Error validating request", None),
            (2104, "Market data farm connection is OK", None),
            (201, "Order rejected", None),
        ];
        for (code, text, wanted) in cases {
            assert_eq!(way(code, text), wanted, "{code} {text}");
        }
    }
}
