//! `trimtab orders`: what waits for a person, and the person's word.

use std::path::Path;

use pipeline::day::approvals::{self, Word, last_intents};
use serde::Serialize;
use store::{Decision, IntentState, Store};

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

fn list(store: &Store, terminal: Terminal) -> Result<(), Failure> {
    let shown: Vec<Shown> = last_intents(store)?
        .into_iter()
        .map(|intent| Shown {
            state: format!("{:?}", intent.state).to_lowercase(),
            why: intent.payload["why"].as_str().unwrap_or_default().to_owned(),
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
    terminal.answer(&shown, lines.join("\n"))
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
        return Err(Failure::new("decide: no intent named").advise("trimtab orders ls"));
    }
    let who = std::env::var("USER").unwrap_or_else(|_| "unknown".to_owned());
    approvals::decide(store, &chosen, &Word { who, decision, why: args.why.clone() })?;
    let word = if decision == Decision::Approve { "approved" } else { "rejected" };
    terminal.answer(&chosen, format!("{word}: {}", chosen.join(", ")))
}
