//! The ledger: double entry, so that each posting sums to zero in every currency.

use std::collections::BTreeMap;

use base::Ts;
use market::{Cash, Currency};

use crate::record::record;
use crate::{Error, Tx, Written};

record! {
    /// One line of a posting.
    LedgerEntry in "ledger_entries" by [journal, line] {
        /// The number of the posting.
        journal: i64,
        /// The number of the line in the posting, from 0.
        line: u32,
        /// When.
        at: Ts,
        /// The account.
        account: String,
        /// The currency.
        currency: Currency,
        /// The amount; positive adds to the account.
        amount: Cash,
    }
}

/// One side of a posting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The account.
    pub account: String,
    /// The currency.
    pub currency: Currency,
    /// The amount; positive adds to the account.
    pub amount: Cash,
}

impl Tx<'_> {
    /// Posts lines that sum to zero in each currency. The same posting again changes nothing;
    /// another under its number is refused, with nothing of it written once the transaction that
    /// got the error is given up.
    pub fn post(&self, journal: u64, at: Ts, lines: &[Line]) -> Result<Written, Error> {
        check_balance(journal, lines)?;
        let there = self.posting(journal)?;
        let number = journal_number(journal)?;
        let given: Vec<LedgerEntry> = (0..)
            .zip(lines)
            .map(|(line, given)| LedgerEntry {
                journal: number,
                line,
                at: Ts::from_micros(at.micros()),
                account: given.account.clone(),
                currency: given.currency,
                amount: given.amount,
            })
            .collect();
        if there == given {
            return Ok(Written::Already);
        }
        if !there.is_empty() {
            return Err(Error::RecordOnce { table: "ledger_entries", key: journal.to_string() });
        }
        for entry in &given {
            self.insert_once(entry)?;
        }
        Ok(Written::New)
    }

    /// The lines of one posting.
    pub fn posting(&self, journal: u64) -> Result<Vec<LedgerEntry>, Error> {
        let number = journal_number(journal)?;
        self.select("where journal = $1 order by line", vec![number.into()])
    }

    /// The sum of every account in every currency, in millionths. Added up here, in 128 bits:
    /// the databases disagree on sums that do not fit 64.
    pub fn balances(&self) -> Result<BTreeMap<(String, Currency), i128>, Error> {
        let entries: Vec<LedgerEntry> = self.select("order by journal, line", Vec::new())?;
        let mut sums = BTreeMap::new();
        for entry in entries {
            let sum: &mut i128 = sums.entry((entry.account, entry.currency)).or_default();
            *sum += i128::from(entry.amount.raw());
        }
        Ok(sums)
    }
}

fn journal_number(journal: u64) -> Result<i64, Error> {
    i64::try_from(journal).map_err(|_| Error::ReadColumn {
        table: "ledger_entries",
        column: "journal",
        fault: format!("{journal} is out of range"),
    })
}

fn check_balance(journal: u64, lines: &[Line]) -> Result<(), Error> {
    let mut sums: BTreeMap<Currency, i128> = BTreeMap::new();
    for line in lines {
        *sums.entry(line.currency).or_default() += i128::from(line.amount.raw());
    }
    match sums.into_iter().find(|(_, sum)| *sum != 0) {
        None => Ok(()),
        Some((currency, sum)) => {
            Err(Error::PostEntries { journal, currency: format!("{currency:?}"), sum })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(currency: Currency, raw: i64) -> Line {
        Line { account: "a".to_owned(), currency, amount: Cash::from_raw(raw) }
    }

    #[test]
    fn each_currency_must_sum_to_zero_by_itself() {
        let crossed = [line(Currency::USD, 5), line(Currency::EUR, -5)];
        assert!(matches!(check_balance(1, &crossed), Err(Error::PostEntries { sum: 5, .. })));
    }

    #[test]
    fn sums_beyond_64_bits_do_not_wrap() {
        let lines =
            [line(Currency::USD, i64::MAX), line(Currency::USD, i64::MAX), line(Currency::USD, 2)];
        assert!(check_balance(1, &lines).is_err());
    }
}
