//! Steps that turn data into studies and reports, and what they leave on record.
//!
//! **For**: the jobs a person starts from the command line, each of which may be run twice.
//! **Must never know**: the terminal, the environment, the clock; `app` passes them in.
//! **Start reading** at [`demo`], then [`study`]; [`modelling`] serves models of any kind,
//! [`agents`] those that learn by acting.

pub mod agents;
pub mod backtest;
pub mod day;
pub mod demo;
pub mod depth;
pub mod execute;
pub mod figure;
pub mod flow;
pub mod history;
pub mod journal;
pub mod knockout;
pub mod lake_history;
pub mod modelling;
pub mod models;
pub mod options;
pub mod progress;
pub mod study;
pub mod synth;
pub mod trials;
mod vault;

pub use progress::{Progress, Silent};

/// What can go wrong in this room. The variant names the operation that failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A synthetic market that can't be made.
    #[error("make synthetic market")]
    MakeMarket(#[from] sim::Error),
    /// A recorded file that can't be read.
    #[error("read recorded file")]
    ReadRecording(#[source] tape::Error),
    /// A recorded file without an order book.
    #[error("find an order book in {name}: it says {changes} alone")]
    FindBook {
        /// Its name.
        name: String,
        /// What it says, and how often.
        changes: String,
    },
    /// A recorded order book that could not be replayed.
    #[error("replay recorded order book")]
    ReplayDepth(#[source] sim::Error),
    /// A recording from which no flow of orders can be read.
    #[error("read the flow of orders of the recording")]
    WatchFlow(#[source] sim::Error),
    /// A flow that can't be fitted, measured or made as asked.
    #[error("model the flow of orders: {what}")]
    SetFlow {
        /// What is wrong, and what to do.
        what: String,
    },
    /// A stored flow that can't be read.
    #[error("read flow model {name}: {what}")]
    ReadFlow {
        /// Its name.
        name: String,
        /// What is wrong, and what to do.
        what: String,
    },
    /// A flow that can't be stored.
    #[error("write flow model")]
    WriteFlow(#[source] serde_json::Error),
    /// A made recording that can't be written.
    #[error("write made recording")]
    WriteRecording(#[source] tape::Error),
    /// A question about options that can't be answered as asked.
    #[error("{doing}: {what}")]
    AskOptions {
        /// What was asked for.
        doing: &'static str,
        /// What is wrong, and what to do.
        what: String,
    },
    /// An option or a surface that can't be valued.
    #[error("value options")]
    ValueOptions(#[source] pricing::Error),
    /// A price that has no volatility.
    #[error("invert the price of an option")]
    InvertOption(#[source] pricing::implied::NoVolatility),
    /// A plan over option quotes that could not be run.
    #[error("run a plan over option quotes")]
    BacktestOptions(#[source] sim::Error),
    /// Parent orders that can't be worked as asked.
    #[error("work parent orders: {what}")]
    SetExecution {
        /// What is wrong, and what to do.
        what: String,
    },
    /// A parent order that can't be worked, or whose cost can't be told; the fault names which.
    #[error(transparent)]
    WorkParent(desk::Error),
    /// Knock-out certificates that can't be had or held as asked.
    #[error("trade knock-out certificates: {what}")]
    SetKnockOut {
        /// What is wrong, and what to do.
        what: String,
    },
    /// A certificate, a view or a bet that has no value; the fault names which number.
    #[error("value knock-out certificate")]
    ValueKnockOut(#[source] pricing::Error),
    /// Bars of an index on which no certificate can live.
    #[error("hold knock-out certificates")]
    HoldKnockOut(#[source] sim::Error),
    /// A book that could not do its work.
    #[error("run book")]
    RunBook(#[from] books::Error),
    /// The state store did not take or give a record.
    #[error("keep state")]
    KeepState(#[from] store::Error),
    /// A training, a forecast or a model's file that failed; the fault names the operation.
    #[error(transparent)]
    Learn(#[from] learn::Error),
    /// Work ended because it was asked to.
    #[error("stopped; run the same command again to go on from what is on record")]
    Stopped,
    /// Rows that can't be read as rows with a target.
    #[error("read rows: {what}")]
    ReadRows {
        /// What is wrong, and what to do.
        what: String,
    },
    /// A checkpoint that can't be read.
    #[error("read checkpoint {name}")]
    ReadShelf {
        /// Its name.
        name: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A checkpoint that can't be written.
    #[error("write checkpoint {name}: {advice}")]
    WriteShelf {
        /// Its name.
        name: String,
        /// What to do.
        advice: &'static str,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A checkpoint of an earlier run that can't be used.
    #[error("go on from the checkpoints {key}-*: remove them from the home folder to begin anew")]
    ReadCheckpoint {
        /// What their names begin with.
        key: String,
        /// Why.
        #[source]
        source: Box<learn::Error>,
    },
    /// Bars or settings that agents can't be trained or judged by.
    #[error("let agents trade bars: {what}")]
    SetAgents {
        /// What is wrong, and what to do.
        what: String,
    },
    /// No agents of that name.
    #[error("find agents {name}: {known}")]
    FindAgents {
        /// The name.
        name: String,
        /// Those there are.
        known: String,
    },
    /// No model of that name.
    #[error("find model {name}: {known}")]
    FindKept {
        /// The name.
        name: String,
        /// Those there are.
        known: String,
    },
    /// A model trained elsewhere that is broken, hostile, or not what its contract says.
    #[error("register model")]
    Register(#[source] onnx::Error),
    /// A model's card that can't be written.
    #[error("write card of a model")]
    WriteCard(#[source] serde_json::Error),
    /// A model's card that can't be read.
    #[error("read card of a model; train it anew")]
    ReadCard(#[source] serde_json::Error),
    /// The rows that a model was trained on are not what they were.
    #[error(
        "open held-out rows of model {name:?}: its rows are not what they were when it was \
         trained; train it anew, or give rows to evaluate on"
    )]
    ChangeRows {
        /// The model.
        name: String,
    },
    /// A model without held-out rows.
    #[error("open held-out rows of model {name:?}: none were held out; give rows to evaluate on")]
    FindHeldOut {
        /// The model.
        name: String,
    },
    /// A day without a session.
    #[error("walk {day}: the exchange is closed; the next session is {next}")]
    FindSession {
        /// The day asked for.
        day: base::Day,
        /// The next session.
        next: base::Day,
    },
    /// Real money that the signed terms do not allow.
    #[error("trade real money")]
    TradeLive(#[source] desk::live::Refusal),
    /// A record of the journal could not be written as JSON.
    #[error("write journal as json")]
    WriteJournal(#[source] serde_json::Error),
    /// Someone else has written to the journal.
    #[error(
        "continue journal with line {line}: its next line is {next}; another process has written \
         to it. End that one, then run the same command again"
    )]
    ContinueJournal {
        /// The line to be written.
        line: i64,
        /// The line that the journal would take.
        next: i64,
    },
    /// A broker outside that can't be reached, or does not come to rest.
    #[error("reach the broker: {what}")]
    ReachBroker {
        /// What is wrong, and what to do.
        what: String,
    },
    /// A session that was left before its close because a person said so.
    #[error(
        "leave the session of {day}: its orders stand at the broker as they stood; the same \
         command goes on"
    )]
    LeaveSession {
        /// The session.
        day: base::Day,
    },
    /// A step that needs a broker outside, and there is none.
    #[error("find the broker: there is none outside")]
    FindBroker,
    /// Spreads of options where no broker tells what options there are.
    #[error(
        "find a chain of options: the simulated broker has none; name one that has with --broker, \
         or set overlay.express to \"shares\""
    )]
    FindChain,
    /// A home that belongs to another account.
    #[error("change account: this home belongs to {known}, not to {asked}; take another --home")]
    ChangeAccount {
        /// Whose it is.
        known: String,
        /// Who was asked for.
        asked: String,
    },
    /// A day before the last one walked.
    #[error("walk {day}: {last} has been walked already, and an account can't go back")]
    WalkBack {
        /// The day asked for.
        day: base::Day,
        /// The last day walked.
        last: base::Day,
    },
    /// No bars of the session before.
    #[error("download: none of {stocks} stocks has a bar of {previous}; take in newer data")]
    FindBars {
        /// Stocks there are.
        stocks: usize,
        /// The session that is missing.
        previous: base::Day,
    },
    /// No model to score with.
    #[error("score: there is no {side} model yet; run `trimtab study`, or say --scanner-only")]
    FindModel {
        /// Which side.
        side: market::Side,
    },
    /// Bars of a session are missing that was passed over while orders or positions were there.
    #[error(
        "manage {day}: the account had orders or positions then, and the lake has no bar of that \
         session; take it in first"
    )]
    FindSessionBars {
        /// The session.
        day: base::Day,
    },
    /// A word that names no step.
    #[error(
        "read step {text:?}: the steps are download, features, scan, score, plan, approve, \
         execute, manage, reconcile, report"
    )]
    ReadStep {
        /// The word.
        text: String,
    },
    /// A step alone, before those it builds on.
    #[error("run {step} alone: {missing} has not been run; run that first, or --skip it")]
    RunStep {
        /// The step asked for.
        step: day::Step,
        /// The first one missing.
        missing: day::Step,
    },
    /// Other settings than those the day was planned with.
    #[error(
        "walk {day}: {step} was done with other data or settings, and the day is planned; repeat \
         those, or run again with --from {step} (what was sent stays sent)"
    )]
    ChangeSettings {
        /// The session.
        day: base::Day,
        /// The first step done with other settings.
        step: day::Step,
    },
    /// An approval of what no longer waits.
    #[error("approve {intent}: {fault}")]
    Approve {
        /// The intent.
        intent: String,
        /// Why it can't be approved.
        fault: String,
    },
    /// The kill switch can't be read: nothing is sent.
    #[error("read kill switch: {fault}")]
    ReadSwitch {
        /// What is wrong.
        fault: String,
    },
    /// The account or the journal in the store can't be read or written.
    #[error("keep account")]
    ReadAccount(#[source] serde_json::Error),
    /// The engine refused an event.
    #[error("run engine")]
    RunEngine(#[from] desk::Error),
    /// Market data that can't be read or kept.
    #[error("keep market data")]
    KeepData(#[from] lake::Error),
    /// Names or days that the market's words refuse.
    #[error("read market")]
    ReadMarket(#[from] market::Error),
}

impl Error {
    pub(crate) fn shelve(name: &str, source: std::io::Error) -> Error {
        let advice = match source.kind() {
            std::io::ErrorKind::StorageFull => "the disk is full; free space and run again",
            std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
                "it can't be written to; choose another folder with --home"
            }
            _ => "the disk refused; check it and try again",
        };
        Error::WriteShelf { name: name.to_owned(), advice, source }
    }
}
