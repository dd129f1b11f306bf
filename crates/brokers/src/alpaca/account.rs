//! An account that may be traded: asked for its number, and held against who may trade it.

use desk::live::{Live, Refusal};
use market::Cash;

use super::online::NAME;
use super::{Access, Inquiry, Servers, Source};
use crate::Error;

/// How numbers of paper accounts begin.
const PAPER: &str = "PA";

/// An account that may be traded. There is no other way to one than to ask the server for it, so a
/// wire never speaks to an account that nobody let it trade.
#[derive(Debug, Clone)]
pub struct Account {
    number: String,
    cash: Cash,
    servers: Servers,
    access: Access,
    options: Result<(), Refusal>,
}

impl Account {
    /// Asks for the account behind the keys. A paper account may be traded always, another one only
    /// as signed terms say: an address alone proves nothing.
    ///
    /// # Errors
    /// [`Error::AskAccount`], [`Error::MeetRealMoney`] without terms, [`Error::AdmitAccount`] where
    /// they are for another account.
    pub fn open(servers: Servers, access: Access, live: Option<&Live>) -> Result<Account, Error> {
        let inquiry = Inquiry::new(servers.clone(), Source::default(), access.clone());
        let asked = inquiry.account();
        let (number, cash) = asked.map_err(|fault| Error::AskAccount { fault })?;
        admit(&number, live)?;
        let options = live.map_or(Ok(()), Live::covers_options);
        Ok(Account { number, cash, servers, access, options })
    }

    /// Its name at the broker.
    pub fn number(&self) -> &str {
        &self.number
    }

    /// Its cash when it was asked for.
    pub fn cash(&self) -> Cash {
        self.cash
    }

    /// Whether options may be traded on it.
    pub(super) fn covers_options(&self) -> Result<(), Error> {
        self.options.clone().map_err(Error::AdmitAccount)
    }

    /// Where it is.
    pub(super) fn servers(&self) -> &Servers {
        &self.servers
    }

    /// Who asks.
    pub(super) fn access(&self) -> &Access {
        &self.access
    }
}

/// Whether an account may be traded. Numbers of paper accounts begin with `PA`.
fn admit(number: &str, live: Option<&Live>) -> Result<(), Error> {
    match live {
        Some(live) => live.covers_account(NAME, number).map_err(Error::AdmitAccount),
        None if number.starts_with(PAPER) => Ok(()),
        None => Err(Error::MeetRealMoney { account: number.to_owned() }),
    }
}
