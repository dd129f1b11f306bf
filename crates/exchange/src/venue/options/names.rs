//! Names of contracts, as the clearing house writes them: root, day, right, strike in thousandths.
//!
//! Source: OCC, "Options Symbology Initiative" (2010). The root is that of the share without what
//! is no letter or digit; a contract that delivers another number of shares than a hundred has a 1
//! behind it.

use base::Day;
use market::{InstrumentId, OptionContract, OptionRight, Price, Qty, Settlement};

use super::STANDARD;
use crate::Tape;

/// A thousandth of a dollar, the step of strikes in names.
const THOUSANDTH: i64 = Price::SCALE / 1_000;

/// An American contract on a hundred shares, settled in cash by the close of its last session.
pub(crate) fn standard(
    underlying: InstrumentId,
    (expiry, strike, right): (Day, Price, OptionRight),
) -> OptionContract {
    OptionContract {
        settlement: Settlement::CashAtClose,
        ..OptionContract::on_shares(underlying, right, strike, expiry)
    }
}

/// The root in a name.
pub(crate) fn root(tape: &Tape, contract: &OptionContract) -> String {
    let symbol = &tape.universe().get(contract.underlying).symbol;
    let mut root = plain(symbol);
    if contract.shares != Qty::whole(STANDARD) {
        root.push('1');
    }
    root
}

fn plain(symbol: &str) -> String {
    symbol.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// The name of a contract.
pub(crate) fn symbol(tape: &Tape, contract: &OptionContract) -> String {
    let day = contract.expiry.to_string().replace('-', "");
    let letter = if contract.right == OptionRight::Call { 'C' } else { 'P' };
    let strike = contract.strike.raw() / THOUSANDTH;
    format!("{}{}{letter}{strike:08}", root(tape, contract), &day[2..])
}

/// The contract of a name, listed or not; `None` for what is no name of a contract on a hundred
/// shares.
pub(crate) fn read(tape: &Tape, name: &str) -> Option<OptionContract> {
    if !name.is_ascii() || name.len() < 16 {
        return None;
    }
    let (root, rest) = name.split_at(name.len() - 15);
    let root = root.trim_end();
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(&rest[..6]) || !digits(&rest[7..]) {
        return None;
    }
    let expiry: Day = format!("20{}-{}-{}", &rest[..2], &rest[2..4], &rest[4..6]).parse().ok()?;
    let right = match &rest[6..7] {
        "C" => OptionRight::Call,
        "P" => OptionRight::Put,
        _ => return None,
    };
    let strike = Price::from_raw(rest[7..].parse::<i64>().ok()? * THOUSANDTH);
    let mut listed = tape.universe().iter();
    let (underlying, _) = listed.find(|(_, listed)| plain(&listed.symbol) == root)?;
    Some(standard(underlying, (expiry, strike, right)))
}
