//! What can be traded, and when.

use base::Day;
use market::{Calendar, InstrumentId, Session};
use serde_json::{Value, json};

use super::Venue;
use crate::figures::{moment, new_york, wall_day, wall_time};
use crate::{Answer, Request};

impl Venue {
    /// The day of the session that is on, or that was on last.
    pub(crate) fn today(&self) -> Day {
        self.session().map_or(self.state.now.utc_day(), |session| session.day)
    }

    /// The instrument of a symbol, however it is written, or of an asset's id.
    pub(crate) fn find(&self, symbol: &str) -> Option<InstrumentId> {
        let universe = self.tape.universe();
        if crate::figures::is_uuid(symbol) {
            let of = |name: &str| self.asset_id(name).eq_ignore_ascii_case(symbol);
            return universe.iter().find(|(_, listed)| of(&listed.symbol)).map(|(id, _)| id);
        }
        universe.find(symbol).or_else(|_| universe.find(&symbol.to_uppercase())).ok()
    }

    fn show_asset(&self, instrument: InstrumentId) -> Value {
        let listed = self.tape.universe().get(instrument);
        let is_active = self.tape.is_active(instrument, self.today());
        let is_tradable = is_active
            && self.tape.is_tradable(instrument)
            && !self.state.halted.contains(&instrument);
        json!({
            "id": self.asset_id(&listed.symbol),
            "class": "us_equity",
            "exchange": "NYSE",
            "symbol": listed.symbol,
            "name": listed.symbol,
            "status": if is_active { "active" } else { "inactive" },
            "tradable": is_tradable,
            "marginable": true,
            "maintenance_margin_requirement": 30,
            "margin_requirement_long": "30",
            "margin_requirement_short": "30",
            "shortable": is_tradable,
            "easy_to_borrow": is_tradable,
            "fractionable": is_tradable,
            "attributes": [],
        })
    }

    pub(super) fn show_assets(&self, request: &Request) -> Answer {
        let class = request.word("asset_class").unwrap_or("us_equity");
        let exchange = request.word("exchange").unwrap_or("NYSE");
        if class != "us_equity" || exchange != "NYSE" || request.word("attributes").is_some() {
            return Answer::ok(Vec::<Value>::new());
        }
        let all = self.tape.universe().iter().map(|(id, _)| self.show_asset(id));
        let wanted = |asset: &Value| {
            request.word("status").is_none_or(|status| status == "all" || asset["status"] == status)
        };
        Answer::ok(all.filter(wanted).collect::<Vec<Value>>())
    }

    pub(super) fn show_one_asset(&self, symbol: &str) -> Answer {
        match self.find(symbol) {
            Some(instrument) => Answer::ok(self.show_asset(instrument)),
            None => Answer::missing(format!("asset not found for {symbol}")),
        }
    }

    pub(super) fn show_clock(&self) -> Answer {
        let now = self.state.now;
        let calendar = Calendar::of("XNYS").ok();
        let closes = calendar.and_then(|calendar| calendar.closing_after(now));
        let Some(session) = closes else {
            return Answer::refuse(500, 50_010_000, "the calendar's table ends here");
        };
        let opens = match session.open > now {
            true => Some(session),
            false => calendar.and_then(|calendar| calendar.next(session.day).ok()),
        };
        Answer::ok(json!({
            "timestamp": new_york(now),
            "is_open": self.is_open(),
            "next_open": new_york(opens.unwrap_or(session).open),
            "next_close": new_york(session.close),
        }))
    }

    pub(super) fn show_calendar(&self, request: &Request) -> Answer {
        let Ok(calendar) = Calendar::of("XNYS") else {
            return Answer::refuse(500, 50_010_000, "there is no calendar");
        };
        let (first, last) = calendar.covers();
        let day = |name: &str, usual: Day| match request.word(name) {
            None => Ok(usual),
            Some(text) => {
                moment(text).map(wall_day).ok_or_else(|| Answer::invalid(format!("invalid {name}")))
            }
        };
        let (from, to) = match (day("start", first), day("end", last)) {
            (Ok(from), Ok(to)) => (from, to),
            (Err(refusal), _) | (_, Err(refusal)) => return refusal,
        };
        let show = |session: &Session| {
            json!({
                "date": session.day.to_string(),
                "open": wall_time(session.open),
                "close": wall_time(session.close),
                "session_open": "0400",
                "session_close": "2000",
                "settlement_date": calendar.next(session.day).map_or(session.day, |next| next.day)
                    .to_string(),
            })
        };
        Answer::ok(calendar.between(from, to).iter().map(show).collect::<Vec<Value>>())
    }
}
