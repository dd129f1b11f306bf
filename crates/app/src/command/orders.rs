//! `trimtab orders`: what waits for a person, and the person's word.

use std::path::Path;

use base::Ts;
use pipeline::day::approvals::{self, Decided, Word, last_intents};
use pipeline::day::{BOOK, Step};
use serde::Serialize;
use store::{Decision, Intent, IntentState, StepKey, Store, Tx};

use crate::cli::{DecideArgs, OrdersCommand};
use crate::command::statement;
use crate::failure::Failure;
use crate::state;
use crate::terminal::Terminal;

pub(crate) fn run(
    command: OrdersCommand,
    home: &Path,
    url: Option<&str>,
    terminal: Terminal,
) -> Result<(), Failure> {
    let store = state::open(home, url)?;
    match command {
        OrdersCommand::Ls => list(&store, terminal),
        OrdersCommand::Pending => pending(&store, terminal),
        OrdersCommand::Statement(args) => statement::run(&args, home, url, terminal),
        OrdersCommand::Approve(args) => decide(&args, Decision::Approve, &store, terminal),
        OrdersCommand::Reject(args) => decide(&args, Decision::Reject, &store, terminal),
        OrdersCommand::Resolve { incident, how } => {
            store.transaction("orders", |tx| tx.resolve_incident(&incident, &how).map(drop))?;
            terminal
                .answer(&serde_json::json!({"resolved": incident}), format!("resolved {incident}"))
        }
    }
}

#[derive(Serialize)]
struct Shown {
    id: String,
    state: String,
    why: String,
}

/// What `orders ls` lists.
#[derive(Serialize)]
struct Listed {
    intents: Vec<Shown>,
    /// Those that nobody has settled yet.
    incidents: Vec<Open>,
}

#[derive(Serialize)]
struct Open {
    id: String,
    detail: serde_json::Value,
}

/// An intent that a word came too late for.
#[derive(Serialize)]
struct Left {
    id: String,
    why: String,
}

/// An intent that waits for a word.
#[derive(Serialize)]
struct Pending {
    id: String,
    symbol: String,
    /// From then on it can't be approved any more.
    until: Option<String>,
    why: String,
}

/// Those that a word would still let trade.
fn pending(store: &Store, terminal: Terminal) -> Result<(), Failure> {
    let intents = last_intents(store)?;
    let waiting: Vec<Pending> = store.read(|tx| -> Result<_, Failure> {
        let mut waiting = Vec::new();
        for intent in intents {
            let until = until(tx, &intent)?;
            let is_late = until.is_some_and(|until| tx.now() >= until);
            let is_open = intent.state == IntentState::Planned;
            if is_open && !is_late && tx.approval(&intent.id)?.is_none() {
                waiting.push(Pending {
                    why: why(&intent),
                    until: until.map(|until| until.to_string()),
                    symbol: intent.symbol,
                    id: intent.id,
                });
            }
        }
        Ok(waiting)
    })?;
    let line = |one: &Pending| {
        let until = one.until.as_deref().unwrap_or("the end of the session");
        format!("{}  until {until}  {}", one.id, one.why)
    };
    let mut lines: Vec<String> = waiting.iter().map(line).collect();
    lines.push(match lines.is_empty() {
        true => "nothing waits for a word; `trimtab orders ls` lists all intents".to_owned(),
        false => "`trimtab orders approve ID`, or `reject`, or `--all`".to_owned(),
    });
    terminal.answer(&waiting, lines.join("\n"))
}

/// When an intent expires, as its day has written it down.
fn until(tx: &Tx<'_>, intent: &Intent) -> Result<Option<Ts>, Failure> {
    let record = tx.step_record(&StepKey::new(intent.day, BOOK, Step::Plan.name()))?;
    let expires = record.map(|record| record.output["expires"].clone());
    Ok(expires.and_then(|expires| serde_json::from_value(expires).ok()))
}

fn why(intent: &Intent) -> String {
    intent.payload["why"].as_str().unwrap_or_default().to_owned()
}

fn list(store: &Store, terminal: Terminal) -> Result<(), Failure> {
    let shown: Vec<Shown> = last_intents(store)?
        .into_iter()
        .map(|intent| Shown {
            state: format!("{:?}", intent.state).to_lowercase(),
            why: why(&intent),
            id: intent.id,
        })
        .collect();
    let incidents = store.read(|tx| tx.open_incidents())?;
    let mut lines: Vec<String> =
        shown.iter().map(|s| format!("{:<9} {}  {}", s.state, s.id, s.why)).collect();
    lines.extend(incidents.iter().map(|i| format!("incident  {} {}", i.id, i.detail)));
    if lines.is_empty() {
        lines.push("no intents; `trimtab day` makes some".to_owned());
    }
    let open = |it: store::Incident| Open { id: it.id, detail: it.detail };
    let incidents = incidents.into_iter().map(open).collect();
    terminal.answer(&Listed { intents: shown, incidents }, lines.join("\n"))
}

fn decide(
    args: &DecideArgs,
    decision: Decision,
    store: &Store,
    terminal: Terminal,
) -> Result<(), Failure> {
    let mut chosen = args.intent.clone();
    if args.all {
        let planned = last_intents(store)?;
        let planned = planned.into_iter().filter(|intent| intent.state == IntentState::Planned);
        chosen.extend(planned.map(|intent| intent.id));
    }
    if chosen.is_empty() {
        return Err(Failure::new("decide: no intent named").advise("trimtab orders pending"));
    }
    let who = std::env::var("USER").unwrap_or_else(|_| "unknown".to_owned());
    let word = Word { who, decision, why: args.why.clone() };
    let said = if decision == Decision::Approve { "approved" } else { "rejected" };
    if !args.all {
        approvals::decide(store, &chosen, &word)?;
        return terminal.answer(&chosen, format!("{said}: {}", chosen.join(", ")));
    }
    let Decided { done, left } = approvals::decide_each(store, &chosen, &word)?;
    let mut lines: Vec<String> =
        left.iter().map(|(id, why)| format!("left: {id}: {why}")).collect();
    if !done.is_empty() {
        lines.push(format!("{said}: {}", done.join(", ")));
    }
    if done.is_empty() {
        return Err(Failure::new(lines.join("\n")).advise("trimtab orders pending"));
    }
    let left: Vec<Left> = left.into_iter().map(|(id, why)| Left { id, why }).collect();
    terminal.answer(&serde_json::json!({ said: done, "left": left }), lines.join("\n"))
}
