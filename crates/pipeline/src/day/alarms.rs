//! Alarms on the way to the broker, kept on record: an incident each, settled by itself once the
//! alarm is cleared.

use base::Day;
use store::{Incident, Store, Tx};

use super::incidents::{self, WAY};
use super::outside::Alarm;
use super::records::micros;
use crate::Error;

/// How an incident is settled whose alarm is cleared.
const WELL: &str = "it is well again";
/// How one is settled whose alarm is told in other words.
const CHANGED: &str = "it is told in other words";

/// What of the alarms is on record.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    /// As they were looked at last; `None` before the first look, when an earlier life may have
    /// left some open.
    raised: Option<Vec<Alarm>>,
}

impl Kept {
    /// Writes down what was raised and cleared since the last look, and gives it in words.
    pub(crate) fn look(
        &mut self,
        store: &Store,
        day: Day,
        now: Vec<Alarm>,
    ) -> Result<Vec<String>, Error> {
        if self.raised.as_ref() == Some(&now) {
            return Ok(Vec::new());
        }
        store.transaction("breakout.alarms", |tx| settle(tx, day, &now))?;
        let before = self.raised.replace(now).unwrap_or_default();
        let now = self.raised.iter().flatten();
        let raised = now.clone().filter(|alarm| !before.contains(alarm));
        let raised = raised.map(|alarm| format!("ALARM: {}", alarm.words));
        let is_raised = |kind: &str| now.clone().any(|alarm| alarm.kind == kind);
        let cleared = before.iter().filter(|alarm| !is_raised(&alarm.kind));
        let cleared = cleared.map(|alarm| format!("no longer: {}", alarm.words));
        Ok(raised.chain(cleared).collect())
    }
}

fn settle(tx: &Tx<'_>, day: Day, now: &[Alarm]) -> Result<(), Error> {
    let mut open = tx.open_incidents()?;
    open.retain(|incident| incident.kind == WAY);
    let is_of = |incident: &Incident, alarm: &Alarm| incident.detail["alarm"] == *alarm.kind;
    let says = |incident: &Incident, alarm: &Alarm| incident.detail["what"] == *alarm.words;
    for incident in &open {
        match now.iter().find(|alarm| is_of(incident, alarm)) {
            Some(alarm) if says(incident, alarm) => {}
            Some(_) => drop(tx.resolve_incident(&incident.id, CHANGED)?),
            None => drop(tx.resolve_incident(&incident.id, WELL)?),
        }
    }
    for alarm in now {
        if !open.iter().any(|incident| is_of(incident, alarm) && says(incident, alarm)) {
            record(tx, day, alarm)?;
        }
    }
    Ok(())
}

fn record(tx: &Tx<'_>, day: Day, alarm: &Alarm) -> Result<(), Error> {
    let when = (day, micros(alarm.since));
    for number in 1.. {
        let incident = incidents::on_the_way(when, (&alarm.kind, number), &alarm.words);
        if tx.incident(&incident.id)?.is_none() {
            tx.record_incident(&incident)?;
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use base::Ts;
    use store::{Address, OpenOptions};

    use super::*;

    fn store() -> Store {
        let address = Address::read("sqlite::memory:").unwrap();
        Store::open_with(address, OpenOptions::default()).unwrap()
    }

    fn day() -> Day {
        Day::from_ymd(2026, 1, 14).unwrap()
    }

    fn alarm(kind: &str, words: &str) -> Vec<Alarm> {
        let since = Ts::from_seconds(1_700_000_000);
        vec![Alarm { kind: kind.to_owned(), words: words.to_owned(), since }]
    }

    /// Names of the incidents that are open.
    fn open(store: &Store) -> Vec<String> {
        let open = store.read(|tx| tx.open_incidents()).unwrap();
        open.into_iter().map(|incident| incident.id).collect()
    }

    #[test]
    fn an_alarm_is_an_incident_until_it_is_cleared() {
        let (store, mut kept) = (store(), Kept::default());
        for said in [vec!["ALARM: nothing listens".to_owned()], vec![], vec![]] {
            let found = kept.look(&store, day(), alarm("away", "nothing listens")).unwrap();
            assert_eq!(found, said);
        }
        assert_eq!(open(&store), ["2026-01-14/way/away/1"]);
        let found = kept.look(&store, day(), Vec::new()).unwrap();
        assert_eq!(found, ["no longer: nothing listens"]);
        assert_eq!(open(&store), [""; 0]);
        let settled = store.read(|tx| tx.incident("2026-01-14/way/away/1")).unwrap().unwrap();
        assert_eq!(settled.resolution.as_deref(), Some(WELL));
    }

    #[test]
    fn one_that_is_raised_again_is_another_incident() {
        let (store, mut kept) = (store(), Kept::default());
        for alarms in [alarm("clock", "off"), Vec::new(), alarm("clock", "off")] {
            kept.look(&store, day(), alarms).unwrap();
        }
        assert_eq!(open(&store), ["2026-01-14/way/clock/2"]);
    }

    #[test]
    fn one_that_is_told_in_other_words_takes_the_place_of_the_first() {
        let (store, mut kept) = (store(), Kept::default());
        kept.look(&store, day(), alarm("away", "nothing listens")).unwrap();
        kept.look(&store, day(), alarm("away", "it does not greet")).unwrap();
        assert_eq!(open(&store), ["2026-01-14/way/away/2"]);
    }

    #[test]
    fn what_an_earlier_life_left_open_is_settled_at_the_first_look() {
        let store = store();
        Kept::default().look(&store, day(), alarm("away", "nothing listens")).unwrap();
        Kept::default().look(&store, day(), alarm("away", "nothing listens")).unwrap();
        assert_eq!(open(&store), ["2026-01-14/way/away/1"]);
        Kept::default().look(&store, day(), Vec::new()).unwrap();
        assert_eq!(open(&store), [""; 0]);
    }

    #[test]
    fn what_is_no_alarm_is_left_alone() {
        let store = store();
        let met = incidents::met((day(), Ts::from_seconds(1_700_000_000)), 7, "a late trade");
        store.transaction("test", |tx| tx.record_incident(&met).map(drop)).unwrap();
        Kept::default().look(&store, day(), Vec::new()).unwrap();
        assert_eq!(open(&store), ["2026-01-14/desk/7"]);
    }
}
