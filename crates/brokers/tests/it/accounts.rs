//! Which account at Alpaca is opened, and what is said where one is not: against a server that
//! answers whatever it is told to.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use base::Ts;
use brokers::alpaca::{Access, Account, Ask, Line, Method, News, Online, Servers};
use brokers::{Error, Secret};
use desk::live::{Live, SigningKey, Terms};
use market::OrderKind;
use market::remote::{Heard, Said, Wire as _};

use crate::rig::order;
use crate::stub::Stub;

/// Writes the body of an answer to a question, of which it is given the first line.
type Body = dyn Fn(&str, &mut TcpStream) -> std::io::Result<()> + Send + Sync;

/// A server that answers whatever it is told to; it lives as long as the tests do.
fn server(
    body: impl Fn(&str, &mut TcpStream) -> std::io::Result<()> + Send + Sync + 'static,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let body: Arc<Body> = Arc::new(body);
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let body = Arc::clone(&body);
            std::thread::spawn(move || answer(client, &*body));
        }
    });
    address
}

fn answer(mut client: TcpStream, body: &Body) -> std::io::Result<()> {
    // A question that has no body ends at its first empty line.
    let (mut asked, mut byte) = (Vec::new(), [0]);
    while !asked.ends_with(b"\r\n\r\n") {
        client.read_exact(&mut byte)?;
        asked.push(byte[0]);
    }
    client.write_all(b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")?;
    let asked = String::from_utf8_lossy(&asked).into_owned();
    body(asked.lines().next().unwrap_or_default(), &mut client)
}

/// Opens the account that a server shows.
fn open(shown: &str, live: Option<&Live>) -> Result<Account, Error> {
    let shown = shown.to_owned();
    at(&server(move |_, client| client.write_all(shown.as_bytes())), live)
}

fn at(address: &str, live: Option<&Live>) -> Result<Account, Error> {
    let access = Access { key: "key".to_owned(), secret: Secret::new("secret") };
    Account::open(Servers::at(address).unwrap(), access, live)
}

fn signed(account: &str) -> Live {
    let day = "2026-01-06".parse().unwrap();
    let terms = Terms {
        broker: "alpaca".to_owned(),
        account: account.to_owned(),
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

/// More than any answer may be long.
fn flood(client: &mut TcpStream) -> std::io::Result<()> {
    let spaces = vec![b' '; 1 << 20];
    (0..65).try_for_each(|_| client.write_all(&spaces))
}

#[test]
fn an_account_that_is_too_long_is_refused_in_words() {
    let refused = at(&server(|_, client| flood(client)), None).unwrap_err().to_string();
    assert!(refused.contains("/v2/account") && refused.contains("larger than"), "{refused}");
}

#[test]
fn an_answer_that_is_too_long_is_none_and_the_next_one_is_heard() {
    let address = server(|asked, client| match asked.contains("/v2/positions") {
        true => flood(client),
        false => client.write_all(PAPER.as_bytes()),
    });
    let mut line = Online::start(&at(&address, None).unwrap()).unwrap();
    let mut ask = |number, path: &str| {
        let path = path.to_owned();
        line.ask(Ask { number, method: Method::Get, path, body: None });
        let (begun, mut news) = (Instant::now(), Vec::new());
        while news.is_empty() {
            assert!(begun.elapsed().as_secs() < 60, "{number} is never answered");
            std::thread::sleep(Duration::from_millis(5));
            line.hear(&mut news);
        }
        news.remove(0)
    };
    let too_long = ask(1, "/v2/positions");
    let News::Unanswered { number: 1, why } = too_long else { panic!("it was taken") };
    assert!(why.contains("larger than"), "{why}");
    assert!(matches!(ask(2, "/v2/account"), News::Answer { number: 2, status: 200, .. }));
}

const PAPER: &str = r#"{"account_number": "PA123", "currency": "USD", "cash": "100.5"}"#;
const REAL: &str = r#"{"account_number": "123", "currency": "USD", "cash": "100.5"}"#;

#[test]
fn a_paper_account_is_opened_without_terms() {
    let account = open(PAPER, None).unwrap();
    assert_eq!((account.number(), account.cash().to_string().as_str()), ("PA123", "100.5"));
}

#[test]
fn an_account_with_real_money_is_opened_by_terms_that_name_it_and_nothing_else() {
    assert!(matches!(open(REAL, None), Err(Error::MeetRealMoney { account }) if account == "123"));
    assert!(matches!(open(REAL, Some(&signed("124"))), Err(Error::AdmitAccount(_))));
    assert_eq!(open(REAL, Some(&signed("123"))).unwrap().number(), "123");
}

#[test]
fn an_account_in_another_currency_is_not_opened() {
    for currency in ["EUR", ""] {
        let shown = PAPER.replace("USD", currency);
        let refused = open(&shown, None).unwrap_err().to_string();
        assert!(refused.contains("PA123 is kept in") && refused.contains(currency), "{refused}");
        assert!(refused.contains("use the keys of an account in USD"), "{refused}");
    }
}

#[test]
fn cash_in_another_currency_is_never_told_and_nothing_is_placed_with_it() {
    for (currency, is_told) in [("USD", true), ("EUR", false)] {
        let mut stub = Stub::open();
        stub.wire.say(&Said::Submit(order("entry", 10, OrderKind::Market)));
        stub.wire.say(&Said::AskBooks { number: 1, since: Ts::from_seconds(0) });
        stub.read_books(&PAPER.replace("USD", currency));
        let is_books = |heard: &&Heard| matches!(heard, Heard::Books(_));
        assert_eq!(stub.heard.iter().any(|heard| is_books(&heard)), is_told, "{currency}");
        let is_placed = stub.asked().iter().any(|ask| ask.method == Method::Post);
        assert_eq!(is_placed, is_told, "{currency}");
    }
}

#[test]
fn an_account_that_is_not_told_is_not_opened() {
    for shown in ["", "{}", "[]", r#"{"account_number": "PA1"}"#, r#"{"cash": "1"}"#, "PA1"] {
        assert!(matches!(open(shown, None), Err(Error::AskAccount { .. })), "{shown}");
    }
}
