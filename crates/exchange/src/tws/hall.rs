//! All lines of all clients: who is connected, what each is told. Free of any network: bytes of
//! messages come in, frames go out.

use std::collections::BTreeMap;

use base::Ts;
use prost::Message;

use super::book::Book;
use super::frames::{BINARY, framed, welcome};
use super::messages::ask;
use super::messages::session::{
    CurrentTime, CurrentTimeInMillis, ManagedAccounts, NextValidId, Nothing, StartApiRequest,
};
use super::messages::tell;
use super::refusals::{NO_REQUEST, Refusal};
use super::times::{millis, seconds, stamp};
use super::wants::Wants;
use crate::venue::Note;
use crate::{Turn, Venue};

/// Which line; counted from the first that was opened.
pub type LineId = u64;

/// What goes to a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Out {
    /// Bytes to send.
    Bytes(Vec<u8>),
    /// Nothing more: the line is to be closed.
    Cut,
}

/// A line to a client.
#[derive(Debug, Default)]
pub(super) struct Line {
    /// Its client, once it said which.
    pub(super) client: Option<i32>,
    pub(super) wants: Wants,
}

/// All lines.
#[derive(Debug, Default)]
pub struct Hall {
    lines: BTreeMap<LineId, Line>,
    out: Vec<(LineId, Out)>,
}

/// The most open orders that are told at the start of a session: a client may give up on a session
/// in which too much comes before its first order id.
const MOST_TOLD: usize = 40;

/// Words of the notices at the start of a session, as those of a broker whose data are well.
const WELL: [(i32, &str); 3] = [
    (2104, "Market data farm connection is OK:usfarm"),
    (2106, "HMDS data farm connection is OK:ushmds"),
    (2158, "Sec-def data farm connection is OK:secdefil"),
];

impl Hall {
    /// A client greeted; `version` is the one that both speak.
    pub fn open(&mut self, line: LineId, version: i32, now: Ts) {
        self.lines.insert(line, Line::default());
        self.out.push((line, Out::Bytes(welcome(version, &stamp(now)))));
    }

    /// A line whose client said who it is: for a message of it that is worked again.
    pub(crate) fn seat(&mut self, line: LineId, client: i32) {
        self.lines.insert(line, Line { client: Some(client), ..Line::default() });
    }

    /// The client on a line, once it said which.
    pub(crate) fn client(&self, line: LineId) -> Option<i32> {
        self.lines.get(&line)?.client
    }

    /// A line ended.
    pub fn close(&mut self, line: LineId) {
        self.lines.remove(&line);
    }

    /// Takes in a message; what came of it for the account is given back, and goes to
    /// [`Hall::news`] next.
    pub fn hear(&mut self, venue: &mut Venue, id: LineId, (message, body): (u32, &[u8])) -> Turn {
        let taken = |client: i32, lines: &BTreeMap<LineId, Line>| {
            lines.iter().any(|(other, line)| *other != id && line.client == Some(client))
        };
        let start =
            StartApiRequest::decode(body).ok().filter(|_| message == BINARY + ask::START_API);
        let in_use =
            start.is_some_and(|start| taken(start.client_id.unwrap_or_default(), &self.lines));
        let Some(line) = self.lines.get_mut(&id) else { return venue.act(|_| ()).1 };
        let out = &mut self.out;
        let (heard, turn) = venue.act(|venue| {
            venue.with_book(|venue, book| {
                let mut desk = Desk { venue, book, line, id, out };
                match in_use {
                    true => desk.turn_away(),
                    false => desk.answer(message, body),
                }
            })
        });
        if let Err(refusal) = heard {
            let told = framed(tell::ERROR, &refusal.message(millis(venue.now())));
            self.out.push((id, Out::Bytes(told)));
        }
        turn
    }

    /// Tells all lines what came of a turn, whoever brought it about.
    pub fn news(&mut self, venue: &mut Venue, turn: &Turn) {
        venue.with_book(|venue, book| {
            // Positions may have become others, by a split.
            for lot in venue.lots() {
                book.know(&lot.contract);
            }
            for note in &turn.notes {
                self.tell_note(venue, book, note);
            }
            let has_traded = turn.notes.iter().any(|note| note.traded.is_some());
            if has_traded || !turn.prints.is_empty() {
                for (id, line) in &mut self.lines {
                    let out = &mut self.out;
                    let mut desk = Desk { venue, book, line, id: *id, out };
                    desk.tell_prints(&turn.prints);
                    desk.tell_account();
                }
            }
        });
    }

    fn tell_note(&mut self, venue: &mut Venue, book: &mut Book, note: &Note) {
        let trades = book.take(venue, note);
        for trade in &trades {
            venue.charge(trade.commission, note.at, &format!("commission of {}", trade.id));
        }
        let Some(place) = book.place_of(note.number) else { return };
        let client = book.tickets()[place].client;
        for (id, line) in &mut self.lines {
            if line.client == Some(client) {
                let out = &mut self.out;
                let mut desk = Desk { venue, book, line, id: *id, out };
                desk.tell_change(place, note, &trades);
            }
        }
    }

    /// What is to be sent, in its order.
    pub fn take(&mut self) -> Vec<(LineId, Out)> {
        std::mem::take(&mut self.out)
    }
}

/// One line at work on the account.
pub(super) struct Desk<'a> {
    pub(super) venue: &'a mut Venue,
    pub(super) book: &'a mut Book,
    pub(super) line: &'a mut Line,
    id: LineId,
    out: &'a mut Vec<(LineId, Out)>,
}

/// Reads the body of a message.
fn read<M: Message + Default>(body: &[u8]) -> Result<M, Refusal> {
    M::decode(body).map_err(|_| {
        Refusal::new(NO_REQUEST, 320, "Server error when reading an API client request.")
    })
}

impl Desk<'_> {
    /// Tells the client something.
    pub(super) fn tell<M: Message>(&mut self, id: u32, message: &M) {
        self.out.push((self.id, Out::Bytes(framed(id, message))));
    }

    /// Tells the client a refusal or a notice.
    pub(super) fn refuse(&mut self, refusal: &Refusal) {
        let message = refusal.message(millis(self.venue.now()));
        self.tell(tell::ERROR, &message);
    }

    /// The client's number; a line that has not begun its session has none.
    pub(super) fn client(&self) -> i32 {
        self.line.client.unwrap_or(NO_REQUEST)
    }

    /// The account's name.
    pub(super) fn account(&self) -> String {
        account_name(self.venue)
    }

    fn turn_away(&mut self) -> Result<(), Refusal> {
        let text =
            "Unable to connect as the client id is already in use. Retry with a unique client id.";
        self.refuse(&Refusal::new(NO_REQUEST, 326, text));
        self.out.push((self.id, Out::Cut));
        Ok(())
    }

    /// Answers a message by its number.
    fn answer(&mut self, id: u32, body: &[u8]) -> Result<(), Refusal> {
        let Some(id) = id.checked_sub(BINARY) else {
            return Err(Refusal::new(NO_REQUEST, 505, "Fatal Error: Unknown message id."));
        };
        match (id, self.line.client) {
            (ask::START_API, None) => self.start(&read(body)?),
            (_, None) => return Err(Refusal::new(NO_REQUEST, 504, "Not connected")),
            (ask::PLACE_ORDER, _) => return self.place_order(&read(body)?),
            (ask::CANCEL_ORDER, _) => return self.cancel_order(&read(body)?),
            (ask::GLOBAL_CANCEL, _) => self.cancel_all(),
            (ask::OPEN_ORDERS, _) => self.tell_own_orders(),
            (ask::ALL_OPEN_ORDERS, _) => self.tell_all_orders(),
            (ask::AUTO_OPEN_ORDERS, _) => return self.auto_open_orders(),
            (ask::COMPLETED_ORDERS, _) => self.tell_completed(&read(body)?),
            (ask::EXECUTIONS, _) => return self.tell_executions(&read(body)?),
            (ask::IDS, _) => self.tell_next_id(),
            (ask::MANAGED_ACCOUNTS, _) => self.tell_accounts(),
            (ask::CURRENT_TIME, _) => {
                let current_time = Some(seconds(self.venue.now()));
                self.tell(tell::CURRENT_TIME, &CurrentTime { current_time });
            }
            (ask::CURRENT_TIME_IN_MILLIS, _) => {
                let current_time_in_millis = Some(millis(self.venue.now()));
                let told = CurrentTimeInMillis { current_time_in_millis };
                self.tell(tell::CURRENT_TIME_IN_MILLIS, &told);
            }
            (ask::CONTRACT_DATA, _) => return self.contract_data(&read(body)?),
            (ask::MATCHING_SYMBOLS, _) => self.matching_symbols(&read(body)?),
            (ask::MARKET_RULE, _) => return self.market_rule(&read(body)?),
            // All contract data are told at once; there is nothing left to cancel.
            (ask::LOG_LEVEL | ask::CANCEL_CONTRACT_DATA | ask::CANCEL_HEAD_TIMESTAMP, _) => {}
            (id, _) => return self.answer_more(id, body),
        }
        Ok(())
    }

    /// The same for subscriptions: account and market data.
    fn answer_more(&mut self, id: u32, body: &[u8]) -> Result<(), Refusal> {
        match id {
            ask::CHAIN => return self.option_chain(&read(body)?),
            ask::ACCOUNT_DATA => return self.account_data(&read(body)?),
            ask::ACCOUNT_SUMMARY => return self.account_summary(&read(body)?),
            ask::POSITIONS => self.positions(),
            ask::CANCEL_POSITIONS => self.line.wants.positions = false,
            ask::POSITIONS_MULTI => return self.positions_multi(&read(body)?),
            ask::ACCOUNT_UPDATES_MULTI => return self.account_updates_multi(&read(body)?),
            ask::PNL => return self.pnl(&read(body)?),
            ask::PNL_SINGLE => return self.pnl_single(&read(body)?),
            ask::HISTORICAL_DATA => return self.historical_data(&read(body)?),
            ask::HEAD_TIMESTAMP => return self.head_timestamp(&read(body)?),
            ask::MARKET_DATA => return self.market_data(&read(body)?),
            ask::MARKET_DATA_TYPE => self.market_data_type(&read(body)?),
            ask::REAL_TIME_BARS => return self.real_time_bars(&read(body)?),
            ask::TICK_BY_TICK => return self.tick_by_tick(&read(body)?),
            ask::CANCEL_MARKET_DATA
            | ask::CANCEL_REAL_TIME_BARS
            | ask::CANCEL_TICK_BY_TICK
            | ask::CANCEL_HISTORICAL_DATA
            | ask::CANCEL_ACCOUNT_SUMMARY
            | ask::CANCEL_POSITIONS_MULTI
            | ask::CANCEL_ACCOUNT_UPDATES_MULTI
            | ask::CANCEL_PNL
            | ask::CANCEL_PNL_SINGLE => return self.line.wants.cancel(id, &read(body)?),
            id => {
                let request: super::messages::session::OfRequest = read(body).unwrap_or_default();
                let text = format!("request {id} is not answered here");
                return Err(Refusal::invalid(request.req_id.unwrap_or(NO_REQUEST), text));
            }
        }
        Ok(())
    }

    /// Begins the session: the account, the client's open orders, its next order id.
    fn start(&mut self, ask: &StartApiRequest) {
        self.line.client = Some(ask.client_id.unwrap_or_default());
        self.tell_accounts();
        if self.tell_open(Some(self.client()), MOST_TOLD) > 0 {
            self.tell(tell::OPEN_ORDERS_END, &Nothing {});
        }
        self.tell_next_id();
        for (code, text) in WELL {
            self.refuse(&Refusal::new(NO_REQUEST, code, text));
        }
    }

    fn tell_accounts(&mut self) {
        let accounts_list = Some(self.account());
        self.tell(tell::MANAGED_ACCOUNTS, &ManagedAccounts { accounts_list });
    }

    fn tell_next_id(&mut self) {
        let order_id = Some(self.book.next_order());
        self.tell(tell::NEXT_VALID_ID, &NextValidId { order_id });
    }
}

/// The account's name in the broker's form: two letters for a paper account, and digits.
pub(super) fn account_name(venue: &Venue) -> String {
    let hex: String = venue.account_id().chars().take(7).collect();
    let digits = u32::from_str_radix(&hex, 16).unwrap_or_default() % 10_000_000;
    format!("DU{digits:07}")
}
