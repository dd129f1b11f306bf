//! Real money or not: by the code of the account alone.

use std::fmt;

/// Real money, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Simulated money.
    Paper,
    /// Real money.
    Live,
}

impl Mode {
    /// The mode of an account: codes of paper accounts begin with a D (`DU…`, of advisors `DF…`).
    /// What is not known to be paper is live.
    ///
    /// Source: ibkrguides.com, "Paper Trading Account": a paper account has a number of its own.
    pub fn of(account: &str) -> Mode {
        match account.trim().as_bytes().first() {
            Some(b'D') => Mode::Paper,
            _ => Mode::Live,
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Mode::Paper => "paper",
            Mode::Live => "live",
        })
    }
}

/// Why a session that was found is not the one to trade on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrong {
    /// Its account is of the other mode.
    Mode {
        /// Where it listens.
        port: u16,
        /// Its account.
        account: String,
        /// The mode asked for.
        wanted: Mode,
    },
    /// It has not the account asked for.
    Account {
        /// Where it listens.
        port: u16,
        /// The account asked for.
        wanted: String,
        /// Those that it has.
        there: Vec<String>,
    },
    /// It has several accounts, and none was asked for.
    Several {
        /// Where it listens.
        port: u16,
        /// Its accounts.
        there: Vec<String>,
    },
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Wrong::Mode { port, account, wanted } => {
                let is = Mode::of(account);
                let port = super::ports::named(*port);
                write!(f, "{port} has the {is} account {account}, and the mode says {wanted}")
            }
            Wrong::Account { port, wanted, there } => {
                let (port, there) = (super::ports::named(*port), there.join(", "));
                write!(f, "{port} has {there}, not the account {wanted} that was asked for")
            }
            Wrong::Several { port, there } => {
                let (port, there) = (super::ports::named(*port), there.join(", "));
                write!(f, "{port} has several accounts, and none was asked for: {there}")
            }
        }
    }
}

/// The account to trade on, of those that a session has.
///
/// # Errors
/// [`Wrong`], where any of them is of the other mode, where the one asked for is not there, or where
/// there are several and none was asked for.
pub fn choose(
    port: u16,
    mode: Mode,
    asked: Option<&str>,
    there: &[String],
) -> Result<String, Wrong> {
    let codes: Vec<String> =
        there.iter().map(|code| code.trim().to_owned()).filter(|code| !code.is_empty()).collect();
    let wrong = |account: &str| Wrong::Mode { port, account: account.to_owned(), wanted: mode };
    if let Some(other) = codes.iter().find(|code| Mode::of(code) != mode) {
        return Err(wrong(other));
    }
    let none =
        || Wrong::Account { port, wanted: asked.unwrap_or("any").to_owned(), there: codes.clone() };
    let found = match (asked, codes.as_slice()) {
        (Some(asked), _) => codes.iter().find(|code| *code == asked),
        (None, [_, _, ..]) => return Err(Wrong::Several { port, there: codes }),
        (None, _) => codes.first(),
    };
    found.cloned().ok_or_else(none)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(codes: &[&str]) -> Vec<String> {
        codes.iter().map(|code| (*code).to_owned()).collect()
    }

    #[test]
    fn the_code_says_whether_money_is_real() {
        for code in ["DU1234567", "DF12345", "DI99", " DU1"] {
            assert_eq!(Mode::of(code), Mode::Paper, "{code}");
        }
        for code in ["U1234567", "F12345", "I99", "", "du1", "X"] {
            assert_eq!(Mode::of(code), Mode::Live, "{code}");
        }
    }

    #[test]
    fn an_account_of_the_other_mode_spoils_the_whole_session() {
        let there = codes(&["DU1", "U2"]);
        let wrong = choose(4002, Mode::Paper, None, &there).unwrap_err().to_string();
        let wanted = "port 4002 (Gateway, paper) has the live account U2, and the mode says paper";
        assert_eq!(wrong, wanted);
        assert!(choose(4001, Mode::Live, Some("U2"), &there).is_err());
        assert_eq!(choose(4001, Mode::Live, None, &codes(&["U2"])), Ok("U2".to_owned()));
    }

    #[test]
    fn the_account_asked_for_must_be_there() {
        let there = codes(&["DU1", "DU2", ""]);
        assert_eq!(choose(1, Mode::Paper, Some("DU2"), &there), Ok("DU2".to_owned()));
        let wrong = choose(1, Mode::Paper, Some("DU3"), &there).unwrap_err().to_string();
        assert_eq!(wrong, "port 1 has DU1, DU2, not the account DU3 that was asked for");
        for mode in [Mode::Paper, Mode::Live] {
            assert!(choose(1, mode, None, &codes(&["", " "])).is_err());
        }
    }

    #[test]
    fn of_several_accounts_one_must_be_named() {
        let wrong = choose(1, Mode::Paper, None, &codes(&["DU1", "DU2"])).unwrap_err().to_string();
        assert_eq!(wrong, "port 1 has several accounts, and none was asked for: DU1, DU2");
    }
}
