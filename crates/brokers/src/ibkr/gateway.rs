//! The session with TWS or the IB Gateway, which all that asks it anything shares: one client id
//! has one session.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ibapi::client::blocking::Client;

use crate::Error;

/// How long one answer is waited for.
pub(super) const ANSWER: Duration = Duration::from_secs(10);

/// Where TWS is, and who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// `host:port`: 7497 is TWS's port for paper accounts, 4002 that of the gateway.
    pub address: String,
    /// Our number among the clients of that TWS; orders belong to it, so it must stay the same.
    pub client: i32,
    /// The account, where the login has several.
    pub account: Option<String>,
}

impl Access {
    /// The client id that is used unless another is asked for.
    pub const CLIENT: i32 = 17;

    /// The port of TWS on this machine for paper accounts.
    pub fn paper() -> Access {
        let address = "127.0.0.1:7497".to_owned();
        Access { address, client: Access::CLIENT, account: None }
    }
}

/// A session that is opened again where it broke.
pub struct Gateway {
    access: Access,
    account: String,
    session: Mutex<Option<Arc<Client>>>,
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway").field("account", &self.account).finish_non_exhaustive()
    }
}

impl Gateway {
    /// Opens the session and looks which account it is of.
    ///
    /// # Errors
    /// [`Error::ReachGateway`] where nobody answers, [`Error::OpenAccount`] for an account with
    /// real money, and where it is not clear which account is meant.
    pub fn open(access: Access) -> Result<Arc<Gateway>, Error> {
        let client = connect(&access)?;
        let account = choose(client.handshake_managed_accounts(), access.account.as_deref())?;
        let session = Mutex::new(Some(Arc::new(client)));
        Ok(Arc::new(Gateway { access, account, session }))
    }

    /// The account's name.
    pub fn account(&self) -> &str {
        &self.account
    }

    fn session(&self) -> MutexGuard<'_, Option<Arc<Client>>> {
        // Whoever panicked with it left a whole session behind, or none.
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The session, where there is one.
    pub(super) fn standing(&self) -> Option<Arc<Client>> {
        self.session().clone().filter(|client| client.is_connected())
    }

    /// The session; a new one where it broke.
    pub(super) fn client(&self) -> Result<Arc<Client>, Error> {
        let mut session = self.session();
        if let Some(client) = session.as_ref().filter(|client| client.is_connected()) {
            return Ok(Arc::clone(client));
        }
        if let Some(old) = session.take() {
            // TWS frees our number once the old session is gone.
            old.disconnect();
        }
        let client = connect(&self.access)?;
        choose(client.handshake_managed_accounts(), Some(&self.account))?;
        let client = Arc::new(client);
        *session = Some(Arc::clone(&client));
        Ok(client)
    }

    /// Ends the session.
    pub(super) fn close(&self) {
        if let Some(client) = self.session().take() {
            client.disconnect();
        }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.close();
    }
}

fn connect(access: &Access) -> Result<Client, Error> {
    let client = Client::builder()
        .address(access.address.as_str())
        .client_id(access.client)
        .tcp_no_delay(true)
        // A break must be seen, not hidden: what was missed meanwhile is to be read.
        .max_reconnect_attempts(0)
        .rate_limiter(ibapi::RateLimiter::default())
        .one_shot_timeout(ANSWER)
        .connect();
    client.map_err(|fault| Error::ReachGateway {
        address: access.address.clone(),
        fault: fault.to_string(),
    })
}

/// The account that is meant. Those of paper begin with a D; of real money none is touched.
fn choose(accounts: &[String], wanted: Option<&str>) -> Result<String, Error> {
    let refuse = |fault: String| Error::OpenAccount { fault };
    let all = accounts.join(", ");
    let chosen = match (wanted, accounts) {
        (Some(wanted), _) => {
            accounts.iter().find(|account| *account == wanted).ok_or_else(|| {
                refuse(format!("{wanted} is none of this login's accounts, which are {all}"))
            })?
        }
        (None, [only]) => only,
        (None, []) => return Err(refuse("the login has no account".to_owned())),
        (None, _) => return Err(refuse(format!("the login has several, name one: {all}"))),
    };
    match chosen.starts_with('D') {
        true => Ok(chosen.clone()),
        false => Err(refuse(format!(
            "{chosen} is an account with real money; only paper accounts (DU…) are traded: log TWS \
             in to the paper account"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(accounts: &[&str], wanted: Option<&str>) -> Result<String, String> {
        let accounts: Vec<String> = accounts.iter().map(|name| (*name).to_owned()).collect();
        choose(&accounts, wanted).map_err(|error| error.to_string())
    }

    #[test]
    fn only_one_paper_account_is_opened() {
        assert_eq!(chosen(&["DU123"], None).as_deref(), Ok("DU123"));
        assert_eq!(chosen(&["DU123", "DU124"], Some("DU124")).as_deref(), Ok("DU124"));
        for (accounts, wanted, why) in [
            (&["U123"][..], None, "real money"),
            (&["U123", "DU124"], Some("U123"), "real money"),
            (&["DU123", "DU124"], None, "name one: DU123, DU124"),
            (&["DU123"], Some("DU999"), "none of this login's accounts"),
            (&[], None, "no account"),
        ] {
            let told = chosen(accounts, wanted).unwrap_err();
            assert!(told.contains(why), "{told}");
        }
    }

    #[test]
    fn where_nobody_listens_the_address_is_told() {
        let access = Access { address: "127.0.0.1:9".to_owned(), ..Access::paper() };
        let told = Gateway::open(access).unwrap_err().to_string();
        assert!(told.contains("127.0.0.1:9"), "{told}");
    }
}
