//! From elements to statements.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::ControlFlow;

use base::{Day, Ts};
use market::BrokerRef;

use super::fields::Fields;
use super::records::{self, Cash, CorporateAction, Level, Position, Trade, Transfer};
use super::times::Reading;
use super::xml::{Part, walk};
use crate::Error;
use crate::gateway::Zone;

/// Faults that are kept; those beyond are counted.
const MOST_FAULTS: usize = 100;

/// A value that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Fault {
    /// The element.
    pub element: String,
    /// Its number in the document, from 1.
    pub row: usize,
    /// The attribute.
    pub attribute: String,
    /// What stands there, or its beginning.
    pub value: String,
    /// What is wrong with it.
    pub why: &'static str,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Fault { element, row, attribute, value, why } = self;
        match value.is_empty() {
            true => write!(f, "element {row}, {element}: {attribute} is {why}"),
            false => write!(f, "element {row}, {element}: {attribute} {value:?} is {why}"),
        }
    }
}

/// An account over a period.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Statement {
    /// The account.
    pub account: String,
    /// First day.
    pub from: Option<Day>,
    /// Last day.
    pub to: Option<Day>,
    /// When it was made.
    pub made: Option<Ts>,
    /// Executions, and sums of them, in the document's order.
    pub trades: Vec<Trade>,
    /// Cash that moved without a trade.
    pub cash: Vec<Cash>,
    /// What was held at the end.
    pub positions: Vec<Position>,
    /// Whether it tells that: a query may leave it out.
    pub tells_positions: bool,
    /// Cash at the end, by currency, where it is told.
    pub ending_cash: BTreeMap<String, market::Cash>,
    /// Splits, mergers, new names.
    pub actions: Vec<CorporateAction>,
    /// From and to other brokers.
    pub transfers: Vec<Transfer>,
}

impl Statement {
    /// From the midnight before its first day to the one after its last, in New York; `None` where
    /// it does not say its days.
    pub fn period(&self) -> Option<(Ts, Ts)> {
        let midnight = |day: Day| {
            let (year, month, day) = day.ymd();
            let (year, month) = (i16::try_from(year).ok()?, i8::try_from(month).ok()?);
            let date = jiff::civil::Date::new(year, month, i8::try_from(day).ok()?).ok()?;
            Zone::NewYork.when(date.at(0, 0, 0, 0))
        };
        Some((midnight(self.from?)?, midnight(self.to?.plus(1))?))
    }

    /// Trades that are executions.
    pub fn executions(&self) -> impl Iterator<Item = &Trade> {
        self.trades.iter().filter(|trade| trade.level == Level::Execution)
    }
}

/// All statements of a document.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Report {
    /// What the query is called.
    pub query: String,
    /// One for each account and period.
    pub statements: Vec<Statement>,
    /// Values that could not be read; their rows are left out where they can't do without.
    pub faults: Vec<Fault>,
    /// Faults beyond those that are kept.
    pub more_faults: usize,
    /// Executions that were told more than once, in the same words.
    pub doubled: usize,
}

/// Reads the answer of a Flex Query.
///
/// # Errors
/// [`Error::ReadStatement`] where it is none.
pub fn read(bytes: &[u8], reading: &Reading) -> Result<Report, Error> {
    let mut reader = Reader::new(reading);
    let mut root = None;
    walk(bytes, &mut |part| {
        match part {
            Part::Open(name, attributes, depth) => {
                if depth == 0 {
                    root = Some(name.to_owned());
                    if name != "FlexQueryResponse" {
                        return ControlFlow::Break(());
                    }
                }
                reader.open(name, attributes, depth);
            }
            Part::Close(depth) => reader.path.truncate(depth),
            Part::Text(_) => {}
        }
        ControlFlow::Continue(())
    })?;
    match root.as_deref() {
        Some("FlexQueryResponse") => Ok(reader.report),
        Some(other) => {
            let shown: String = other.chars().take(40).collect();
            let fault = format!("its first element is {shown:?}, not FlexQueryResponse");
            Err(Error::ReadStatement { at: 0, fault })
        }
        None => Ok(reader.report),
    }
}

struct Reader<'a> {
    reading: &'a Reading,
    report: Report,
    /// Names of the elements within which the next one lies.
    path: Vec<String>,
    elements: usize,
    /// Executions of the statement, by name: their place among its trades.
    known: BTreeMap<BrokerRef, usize>,
}

impl<'a> Reader<'a> {
    fn new(reading: &'a Reading) -> Reader<'a> {
        Reader {
            reading,
            report: Report::default(),
            path: Vec::new(),
            elements: 0,
            known: BTreeMap::new(),
        }
    }

    fn open(&mut self, name: &str, attributes: &[(String, String)], depth: usize) {
        self.elements += 1;
        self.path.truncate(depth);
        let parent = self.path.last().cloned().unwrap_or_default();
        self.path.push(name.to_owned());
        let mut faults = Vec::new();
        let mut fields = Fields {
            element: name,
            row: self.elements,
            attributes,
            reading: self.reading,
            faults: &mut faults,
        };
        let mut trade = None;
        if name == "FlexQueryResponse" {
            self.report.query = fields.words("queryName");
        } else if name == "FlexStatement" {
            self.known.clear();
            self.report.statements.push(Statement {
                account: fields.words("accountId"),
                from: fields.day("fromDate"),
                to: fields.day("toDate"),
                made: fields.moment("whenGenerated").and_then(|moment| moment.at),
                ..Statement::default()
            });
        } else if let Some(statement) = self.report.statements.last_mut() {
            let account = statement.account.clone();
            let account = account.as_str();
            match (parent.as_str(), name) {
                ("TradeConfirms", _) => {
                    fields.fault(name, "", "of a trade confirmation: use an Activity Flex Query");
                }
                ("Trades", _) => trade = records::trade(&mut fields, account),
                ("CashTransactions", "CashTransaction") => {
                    statement.cash.extend(records::cash_line(&mut fields, account));
                }
                (_, "OpenPositions") => statement.tells_positions = true,
                ("CashReport", "CashReportCurrency") => {
                    statement.ending_cash.extend(records::ending_cash(&mut fields));
                }
                ("OpenPositions", "OpenPosition") => {
                    statement.positions.extend(records::position(&mut fields, account));
                }
                ("CorporateActions", "CorporateAction") => {
                    statement.actions.extend(records::corporate_action(&mut fields, account));
                }
                ("Transfers", "Transfer") => {
                    statement.transfers.extend(records::transfer(&mut fields, account));
                }
                _ => {}
            }
        }
        if let Some(trade) = trade {
            self.add(trade, &mut faults);
        }
        let room = MOST_FAULTS.saturating_sub(self.report.faults.len());
        self.report.more_faults += faults.len().saturating_sub(room);
        self.report.faults.extend(faults.into_iter().take(room));
    }

    /// Takes in a trade; an execution that is known is counted once.
    fn add(&mut self, trade: Trade, faults: &mut Vec<Fault>) {
        let Some(statement) = self.report.statements.last_mut() else { return };
        let name = trade.execution.clone().filter(|_| trade.level == Level::Execution);
        let Some(name) = name else {
            statement.trades.push(trade);
            return;
        };
        match self.known.get(&name).and_then(|place| statement.trades.get(*place)) {
            None => {
                self.known.insert(name, statement.trades.len());
                statement.trades.push(trade);
            }
            Some(known) if *known == trade => self.report.doubled += 1,
            // A trade taken back bears the name of the trade.
            Some(known) if known.side != trade.side => statement.trades.push(trade),
            Some(_) => faults.push(Fault {
                element: "Trade".to_owned(),
                row: self.elements,
                attribute: "ibExecID".to_owned(),
                value: name.0,
                why: "the name of another execution; this one is left out",
            }),
        }
    }
}
