//! Where TWS is, who asks, and for whose money.

use desk::live::{Live, Refusal};

use crate::Error;
use crate::gateway::{Mode, Ports, Settings};

/// The broker's word in signed terms.
const NAME: &str = "ibkr";
/// This machine.
const HERE: &str = "127.0.0.1";

/// Where TWS is, who asks, and for whose money. Only signed terms make one for real money.
#[derive(Debug, Clone, PartialEq)]
pub struct Access {
    /// The machine, by name or number.
    host: String,
    /// Our number among the clients of that TWS; orders belong to it, so it must stay the same.
    client: i32,
    settings: Settings,
    options: Result<(), Refusal>,
}

impl Access {
    /// The client id that is used unless another is asked for.
    pub const CLIENT: i32 = 17;

    /// A session on this machine. The mode is that of the terms, whatever the settings say: paper
    /// without them, and with them the account that they name.
    ///
    /// # Errors
    /// [`Error::AdmitAccount`] where the terms are for another broker, or another account than the
    /// one asked for.
    pub fn new(client: i32, asked: Settings, live: Option<&Live>) -> Result<Access, Error> {
        let mut settings = Settings { mode: Mode::Paper, ..asked };
        if let Some(live) = live {
            let account = settings.account.unwrap_or_else(|| live.terms().account.clone());
            live.covers_account(NAME, &account).map_err(Error::AdmitAccount)?;
            settings.account = Some(account);
            settings.mode = Mode::Live;
        }
        let options = live.map_or(Ok(()), Live::covers_options);
        Ok(Access { host: HERE.to_owned(), client, settings, options })
    }

    /// The same at one address alone: `host:port`.
    ///
    /// # Errors
    /// [`Error::ReadAddress`].
    pub fn at(self, address: &str) -> Result<Access, Error> {
        let wrong = || Error::ReadAddress {
            address: address.to_owned(),
            fault: "write HOST:PORT, as 127.0.0.1:4002".to_owned(),
        };
        let (host, port) = address.rsplit_once(':').ok_or_else(wrong)?;
        let port = port.parse().ok().filter(|port| *port > 0 && !host.is_empty());
        let ports = Ports::Only(port.ok_or_else(wrong)?);
        Ok(Access { host: host.to_owned(), settings: Settings { ports, ..self.settings }, ..self })
    }

    /// Whether options may be traded.
    pub(super) fn covers_options(&self) -> Result<(), Error> {
        self.options.clone().map_err(Error::AdmitAccount)
    }

    /// The machine.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// Who asks.
    pub(super) fn client(&self) -> i32 {
        self.client
    }

    /// What the session is held to.
    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// As it was given.
    pub(super) fn address(&self) -> String {
        match self.settings.ports {
            Ports::Known => self.host.clone(),
            Ports::Only(port) => format!("{}:{port}", self.host),
        }
    }
}

#[cfg(test)]
mod tests {
    use base::Seed;
    use desk::live::{SigningKey, Terms};

    use super::*;
    use crate::gateway::Region;

    #[test]
    fn terms_that_say_nothing_of_options_allow_none() {
        let paper = Access::new(17, settings(Mode::Paper, None), None).unwrap();
        assert!(paper.covers_options().is_ok());
        let real = Access::new(17, settings(Mode::Paper, None), Some(&live(NAME))).unwrap();
        assert!(matches!(real.covers_options(), Err(Error::AdmitAccount(Refusal::CheckOptions))));
    }

    fn live(broker: &str) -> Live {
        let day = "2026-01-06".parse().unwrap();
        let terms = Terms {
            broker: broker.to_owned(),
            account: "U1".to_owned(),
            book: "breakout".to_owned(),
            largest_order: "2500".parse().unwrap(),
            largest_gross: "10000".parse().unwrap(),
            first_day: day,
            last_day: day,
            options: false,
        };
        let key = SigningKey::of_seed(&[7; 32]).unwrap();
        key.sign(terms).check(&key.public(), day).unwrap()
    }

    fn settings(mode: Mode, account: Option<&str>) -> Settings {
        let account = account.map(str::to_owned);
        Settings { account, ..Settings::of(mode, Region::Europe, Seed::root(1)) }
    }

    #[test]
    fn without_terms_it_is_paper_whatever_the_settings_say() {
        let access = Access::new(17, settings(Mode::Live, Some("U1")), None).unwrap();
        assert_eq!(access.settings.mode, Mode::Paper);
    }

    #[test]
    fn terms_lead_to_the_account_that_they_name() {
        let access = Access::new(17, settings(Mode::Paper, None), Some(&live(NAME))).unwrap();
        let Settings { mode, account, .. } = access.settings;
        assert_eq!((mode, account.as_deref()), (Mode::Live, Some("U1")));
    }

    #[test]
    fn terms_for_another_account_or_broker_lead_nowhere() {
        let other = Access::new(17, settings(Mode::Live, Some("U2")), Some(&live(NAME)));
        assert!(matches!(other, Err(Error::AdmitAccount(_))));
        let other = Access::new(17, settings(Mode::Live, None), Some(&live("alpaca")));
        assert!(matches!(other, Err(Error::AdmitAccount(_))));
    }

    #[test]
    fn an_address_is_a_host_and_a_port() {
        let access = || Access::new(17, settings(Mode::Paper, None), None).unwrap();
        let found = access().at("there:4100").unwrap();
        assert_eq!((found.host(), found.settings.ports), ("there", Ports::Only(4100)));
        assert_eq!(access().at("[::1]:4002").unwrap().host(), "[::1]");
        for address in ["", "there", "there:", ":4002", "there:0", "there:99999", "there:x"] {
            assert!(matches!(access().at(address), Err(Error::ReadAddress { .. })), "{address}");
        }
    }
}
