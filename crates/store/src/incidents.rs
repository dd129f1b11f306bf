//! What went wrong, and how it was settled.

use base::Ts;
use serde_json::Value as Json;

use crate::record::{record, words};
use crate::{Error, Tx, Written};

words! {
    /// How bad it is.
    Severity {
        /// Worth knowing.
        Notice = "notice",
        /// Worth a look today.
        Warning = "warning",
        /// Trading must wait.
        Critical = "critical",
    }
}

record! {
    /// Something that went wrong.
    Incident in "incidents" by [id] {
        /// Its name, derived from what it is about, so that it is written once.
        id: String,
        /// When it was noticed.
        at: Ts,
        /// How bad it is.
        severity: Severity,
        /// What kind of thing it is.
        kind: String,
        /// What was seen.
        detail: Json,
        /// When it was settled.
        resolved: Option<Ts>,
        /// How it was settled.
        resolution: Option<String>,
    }
}

impl Tx<'_> {
    /// Writes down an incident. One that was settled meanwhile stays settled.
    pub fn record_incident(&self, incident: &Incident) -> Result<Written, Error> {
        let Some(there) = self.incident(&incident.id)? else { return self.insert_once(incident) };
        let (resolved, resolution) = (there.resolved, there.resolution);
        self.insert_once(&Incident { resolved, resolution, ..incident.clone() })
    }

    /// The incident of that name.
    pub fn incident(&self, id: &str) -> Result<Option<Incident>, Error> {
        self.find(vec![id.into()])
    }

    /// Writes down how an incident was settled; the first settlement stands.
    pub fn resolve_incident(&self, id: &str, resolution: &str) -> Result<Written, Error> {
        let mut incident: Incident = self.hold(vec![id.into()])?;
        if incident.resolved.is_some() {
            return Ok(Written::Already);
        }
        incident.resolved = Some(self.now());
        incident.resolution = Some(resolution.to_owned());
        self.put(&incident)?;
        Ok(Written::New)
    }

    /// The incidents that are not settled, oldest first.
    pub fn open_incidents(&self) -> Result<Vec<Incident>, Error> {
        self.select("where resolved is null order by at, id", Vec::new())
    }
}
