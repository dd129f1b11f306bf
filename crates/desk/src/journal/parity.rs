//! Are two journals the same? Yesterday's live journal, replayed, must decide alike.

use serde::{Deserialize, Serialize};

use super::{Line, Record};

/// What of two journals is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Every line.
    Everything,
    /// Intents, refusals and orders sent: what the engine decided, whatever the broker said.
    Decisions,
}

/// The first place where two journals part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// Which of the compared lines, from 0.
    pub place: usize,
    /// The line of the first journal; `None` where it ended.
    pub left: Option<Line>,
    /// The line of the second.
    pub right: Option<Line>,
}

/// The first difference, or `None` when they agree. Numbers are not compared, and neither is
/// the mode: a live journal and its replay differ there by nature.
pub fn compare(left: &[Line], right: &[Line], scope: Scope) -> Option<Difference> {
    let mut left = left.iter().filter(|line| counts(line, scope));
    let mut right = right.iter().filter(|line| counts(line, scope));
    let mut place = 0;
    loop {
        match (left.next(), right.next()) {
            (None, None) => return None,
            (Some(a), Some(b)) if a.at == b.at && a.record == b.record => place += 1,
            (a, b) => return Some(Difference { place, left: a.cloned(), right: b.cloned() }),
        }
    }
}

fn counts(line: &Line, scope: Scope) -> bool {
    let decision = matches!(
        line.record,
        Record::Wanted(_)
            | Record::Refused { .. }
            | Record::Approved { .. }
            | Record::Sending { .. }
            | Record::Cancelling(_)
            | Record::Killed { .. }
            | Record::Resumed { .. }
            | Record::Frozen { .. }
            | Record::Thawed { .. }
            | Record::RegimeSet(_)
    );
    match scope {
        Scope::Everything => !matches!(line.record, Record::Started { .. }),
        Scope::Decisions => decision,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base::Ts;

    fn line(seq: u64, record: Record) -> Line {
        Line { seq, at: Ts::from_seconds(seq as i64), record }
    }

    #[test]
    fn the_first_difference_is_named() {
        let kill = |reason: &str| Record::Killed { reason: reason.to_owned() };
        let incident = Record::Incident("x".to_owned());
        let left = [line(0, kill("a")), line(1, incident.clone()), line(2, kill("b"))];
        let right = [line(0, kill("a")), line(1, incident), line(2, kill("c"))];
        assert_eq!(compare(&left, &left, Scope::Everything), None);
        assert_eq!(compare(&left, &right, Scope::Everything).unwrap().place, 2);
        assert_eq!(compare(&left, &right, Scope::Decisions).unwrap().place, 1);
        let short = compare(&left[..1], &left, Scope::Decisions).unwrap();
        assert_eq!((short.left, short.place), (None, 1));
    }
}
