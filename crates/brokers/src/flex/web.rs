//! The Flex Web Service over the network.
//!
//! The token stands in the address of each request, as the service wants it. So no address that was
//! asked is ever told, redirects are not followed, and whatever comes back is cleared of the token
//! before anyone sees it.

use std::time::Duration;

use super::service::{Fetch, Page, Request};
use super::xml::LONGEST;
use crate::{Error, Secret};

/// The service.
const SERVICE: &str = "https://ndcdyn.interactivebrokers.com/AccountManagement/FlexWebService";
/// Whose machines a statement may lie on.
const BROKER: &str = "interactivebrokers.com";
/// How long one answer is waited for.
const ANSWER: Duration = Duration::from_secs(60);
/// What stands where the token stood.
const HIDDEN: &str = "[token]";

/// Requests to the service with a token.
#[derive(Debug, Clone)]
pub struct Web {
    agent: ureq::Agent,
    service: url::Url,
    token: Secret,
}

impl Web {
    /// Interactive Brokers' own service.
    ///
    /// # Errors
    /// [`Error::ReadAddress`] does not come to pass.
    pub fn new(token: Secret) -> Result<Web, Error> {
        Web::at(SERVICE, token)
    }

    /// A service at another address: one with TLS, or of this machine.
    ///
    /// # Errors
    /// [`Error::ReadAddress`].
    pub fn at(address: &str, token: Secret) -> Result<Web, Error> {
        let wrong = |fault: String| Error::ReadAddress { address: address.to_owned(), fault };
        let service: url::Url = address.parse().map_err(|error| wrong(format!("{error}")))?;
        let is_here = matches!(service.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
        match service.scheme() {
            "https" => {}
            "http" if is_here => {}
            _ => return Err(wrong("the token is sent over TLS only".to_owned())),
        }
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(ANSWER))
            .http_status_as_error(false)
            // A redirect would carry the token elsewhere.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("trimtab/", env!("CARGO_PKG_VERSION")))
            .build()
            .new_agent();
        Ok(Web { agent, service, token })
    }

    /// The address of the service, for an [`super::Errand`].
    pub fn service(&self) -> &str {
        self.service.as_str()
    }

    /// A text without the token, however it is written in addresses.
    fn hide(&self, text: &str) -> String {
        let token = self.token.reveal();
        if token.is_empty() {
            return text.to_owned();
        }
        let written: String = url::form_urlencoded::byte_serialize(token.as_bytes()).collect();
        text.replace(token, HIDDEN).replace(&written, HIDDEN)
    }

    fn ask(&self, request: &Request) -> Result<Page, String> {
        let mut url: url::Url = request.address.parse().map_err(|_| "no address".to_owned())?;
        url.query_pairs_mut()
            .append_pair("t", self.token.reveal())
            .append_pair("q", &request.number)
            .append_pair("v", "3");
        let answer = self.agent.get(url.as_str()).call();
        let mut answer = answer.map_err(|error| error.to_string())?;
        let status = answer.status().as_u16();
        let body = answer.body_mut().with_config().limit(LONGEST as u64);
        let body = body.read_to_vec().map_err(|error| error.to_string())?;
        Ok(Page { status, body })
    }
}

impl Fetch for Web {
    fn fetch(&mut self, request: &Request) -> Result<Page, String> {
        match self.ask(request) {
            Ok(Page { status, body }) => match String::from_utf8(body) {
                Ok(text) => Ok(Page { status, body: self.hide(&text).into_bytes() }),
                Err(_) => Err("an answer that is not UTF-8".to_owned()),
            },
            Err(why) => Err(self.hide(&why)),
        }
    }

    fn trusts(&self, address: &str) -> bool {
        let Ok(url) = address.parse::<url::Url>() else { return false };
        let is_same = url.origin() == self.service.origin();
        let is_brokers = url.host_str().is_some_and(|host| {
            host == BROKER || host.strip_suffix(BROKER).is_some_and(|rest| rest.ends_with('.'))
        });
        is_same || (url.scheme() == "https" && is_brokers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "12 34/secret";

    #[test]
    fn the_token_is_sent_to_the_broker_alone() {
        let web = Web::new(Secret::new(TOKEN)).unwrap();
        for (address, wanted) in [
            ("https://gdcdyn.interactivebrokers.com/Universal/servlet/GetStatement", true),
            ("https://interactivebrokers.com/x", true),
            ("http://gdcdyn.interactivebrokers.com/x", false),
            ("https://evilinteractivebrokers.com/x", false),
            ("https://interactivebrokers.com.evil.com/x", false),
            ("https://a@evil.com/interactivebrokers.com", false),
            ("not an address", false),
        ] {
            assert_eq!(web.trusts(address), wanted, "{address}");
        }
        assert!(Web::at("http://example.com/x", Secret::new(TOKEN)).is_err());
        assert!(Web::at("http://127.0.0.1:1/x", Secret::new(TOKEN)).is_ok());
    }

    #[test]
    fn the_token_is_not_shown_however_it_is_written() {
        let web = Web::at("http://127.0.0.1:1/x", Secret::new(TOKEN)).unwrap();
        let hidden = web.hide("a?t=12+34%2Fsecret&q=1 or 12 34/secret");
        assert_eq!(hidden, "a?t=[token]&q=1 or [token]");
        assert!(!format!("{web:?}").contains("secret\""));
        let mut web = web;
        let request = Request { address: "http://127.0.0.1:1/x".into(), number: "7".into() };
        let why = web.fetch(&request).unwrap_err();
        assert!(!why.contains("secret"), "{why}");
    }
}
