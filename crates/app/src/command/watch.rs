//! `trimtab watch`: prices of some symbols as a broker tells them, until Ctrl-C.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use brokers::feed::{Feed as _, Told};
use serde_json::{Value, json};

use super::broker;
use crate::cli::WatchArgs;
use crate::failure::Failure;
use crate::interrupt::ASKED;
use crate::terminal::{Reader, Terminal};

pub(crate) fn run(args: &WatchArgs, terminal: Terminal) -> Result<(), Failure> {
    let mut feed = broker::prices(&args.broker)?;
    let symbols: BTreeSet<String> = args.symbols.iter().map(|it| it.to_uppercase()).collect();
    feed.want(&symbols);
    let mut left = args.lines.unwrap_or(u64::MAX);
    let mut told = Vec::new();
    while !ASKED.load(Ordering::Relaxed) {
        feed.hear(&mut told);
        for one in told.drain(..) {
            let Some((value, text)) = shown(&one) else { continue };
            if terminal.line(&value, text)? == Reader::Gone {
                return Ok(());
            }
            left -= 1;
            if left == 0 {
                return Ok(());
            }
        }
        broker::wait_a_turn();
    }
    Ok(())
}

fn offer(side: Option<(market::Price, u64)>) -> Value {
    side.map_or(Value::Null, |(price, size)| json!({ "price": price.to_string(), "size": size }))
}

/// What is told, as a value and in words.
fn shown(told: &Told) -> Option<(Value, String)> {
    Some(match told {
        Told::Minute(minute) => {
            let (symbol, start, bar) = (&minute.symbol, minute.start, minute.bar);
            let (seconds, volume) = (minute.length.seconds(), bar.volume);
            let [open, high, low, close] = [bar.open, bar.high, bar.low, bar.close];
            let value = json!({
                "kind": "bar", "symbol": symbol, "start": start.to_string(), "seconds": seconds,
                "open": open.to_string(), "high": high.to_string(), "low": low.to_string(),
                "close": close.to_string(), "volume": volume,
            });
            let words =
                format!("{start}  {symbol:<6} bar    {open} {high} {low} {close}  {volume} traded");
            (value, words)
        }
        Told::Quote(quote) => {
            let at = quote.at.map(|at| at.to_string());
            let value = json!({
                "kind": "quote", "symbol": quote.symbol, "at": at,
                "bid": offer(quote.bid), "ask": offer(quote.ask),
            });
            let side = |side: Option<(market::Price, u64)>| match side {
                Some((price, size)) => format!("{price} x {size}"),
                None => "none".to_owned(),
            };
            let (bid, ask) = (side(quote.bid), side(quote.ask));
            let at = at.unwrap_or_default();
            (value, format!("{at:<20}  {:<6} quote  {bid} to {ask}", quote.symbol))
        }
        Told::Halted { symbol, is_halted, words } => {
            let word = if *is_halted { "halted" } else { "trades again" };
            let value = json!({
                "kind": "status", "symbol": symbol, "halted": is_halted, "words": words,
            });
            (value, format!("{symbol:<6} {word}: {words}"))
        }
        Told::Hears(symbols) => {
            let all: Vec<&str> = symbols.iter().map(String::as_str).collect();
            (json!({ "kind": "hears", "symbols": all }), format!("listens to {}", all.join(", ")))
        }
        Told::Lost(why) => {
            let words = format!("the stream broke: {why}; it is opened again");
            (json!({ "kind": "lost", "why": why }), words)
        }
        Told::Time(_) => return None,
    })
}
