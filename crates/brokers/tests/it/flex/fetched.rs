//! Statements from a service: by what it says, and over a real socket.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use base::Span;
use brokers::Secret;
use brokers::flex::{Errand, Fetch, Page, Patience, Refusal, Request, Web};

use super::{SAMPLE, report};

const TOKEN: &str = "4711 0815/hush";

fn success(address: &str) -> String {
    format!(
        "<FlexStatementResponse timestamp='28 August, 2012 10:37 AM EDT'>\n\
         <Status>Success</Status>\n<ReferenceCode>1234567890</ReferenceCode>\n\
         <Url>{address}</Url>\n</FlexStatementResponse>"
    )
}

fn failure(code: &str, message: &str) -> String {
    format!(
        "<FlexStatementResponse timestamp='28 August, 2012 10:37 AM EDT'>\n\
         <Status>Fail</Status>\n<ErrorCode>{code}</ErrorCode>\n\
         <ErrorMessage>{message}</ErrorMessage>\n</FlexStatementResponse>"
    )
}

/// A service that says one thing after another.
struct Script {
    answers: VecDeque<Result<Page, String>>,
    asked: Vec<Request>,
}

impl Fetch for Script {
    fn fetch(&mut self, request: &Request) -> Result<Page, String> {
        self.asked.push(request.clone());
        self.answers.pop_front().unwrap_or_else(|| Err("nothing more".to_owned()))
    }

    fn trusts(&self, address: &str) -> bool {
        address.starts_with("https://there/")
    }
}

fn page(status: u16, body: &str) -> Result<Page, String> {
    Ok(Page { status, body: body.as_bytes().to_vec() })
}

/// What comes of these answers, what was asked, and the waits in seconds.
fn run(answers: Vec<Result<Page, String>>) -> (Result<Vec<u8>, Refusal>, Vec<String>, Vec<f64>) {
    let mut script = Script { answers: answers.into(), asked: Vec::new() };
    let mut waits = Vec::new();
    let errand = Errand::new("https://there/service/", "77", Patience::default());
    let done = errand.run(&mut script, &mut |wait: Span| waits.push(wait.seconds()));
    let asked = script.asked.iter().map(|one| format!("{} {}", one.address, one.number)).collect();
    (done, asked, waits)
}

#[test]
fn a_statement_is_asked_for_until_it_is_made() {
    let statement = str::from_utf8(SAMPLE).unwrap();
    let busy = failure("1019", "Statement generation in progress. Please try again shortly.");
    let (done, asked, waits) = run(vec![
        page(200, &failure("1018", "Too many requests have been made from this token.")),
        Err("no route".to_owned()),
        page(200, &success("https://there/service/GetStatement")),
        page(200, &busy),
        page(503, ""),
        page(200, statement),
    ]);
    assert_eq!(done.unwrap(), SAMPLE);
    let send = "https://there/service/SendRequest 77";
    let get = "https://there/service/GetStatement 1234567890";
    assert_eq!(asked, [send, send, send, get, get, get]);
    assert_eq!(waits, [5.0, 10.0, 20.0, 40.0, 40.0]);
}

#[test]
fn what_can_not_pass_ends_at_once_and_says_what_to_do() {
    for (code, words) in [
        ("1012", "make a new one"),
        ("1015", "check the token"),
        ("1014", "check the number of the query"),
        ("1013", "machine's address"),
        ("4242", "Client Portal"),
    ] {
        let (done, asked, _) = run(vec![page(200, &failure(code, "words"))]);
        let told = done.unwrap_err().to_string();
        assert!(told.contains(code) && told.contains(words), "{told}");
        assert_eq!(asked.len(), 1);
    }
    let cases = [
        (page(404, ""), "status 404"),
        (page(302, ""), "status 302"),
        (page(200, "<html/>"), "\"html\""),
        (page(200, "busy"), "no element"),
        (page(200, "<FlexStatementResponse/>"), "a failure without a code"),
        (page(200, &failure("one", "")), "a code that is no number"),
        (
            page(200, "<FlexStatementResponse><Status>Success</Status></FlexStatementResponse>"),
            "neither",
        ),
        (page(200, "<FlexQueryResponse/>"), "before one was asked for"),
        (page(200, &success("https://evil/GetStatement")), "where the token is not sent"),
    ];
    for (answer, words) in cases {
        let (done, asked, _) = run(vec![answer]);
        let told = done.unwrap_err().to_string();
        assert!(told.contains(words), "{told}");
        assert_eq!(asked.len(), 1, "{told}");
    }
}

#[test]
fn patience_ends() {
    let (done, _, waits) = run(vec![]);
    assert!(done.unwrap_err().to_string().contains("takes too long"));
    assert!(waits.iter().sum::<f64>() <= 600.0);
    assert!(waits.iter().all(|wait| *wait <= 40.0));
}

/// A server of HTTP that answers so, one connection each; gives the first lines that it heard.
fn serve(answers: Vec<String>) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/service", listener.local_addr().unwrap());
    let heard = Arc::new(Mutex::new(Vec::new()));
    let (own, here) = (Arc::clone(&heard), address.clone());
    std::thread::spawn(move || {
        for answer in answers {
            let (mut socket, _) = listener.accept().unwrap();
            let mut lines = BufReader::new(socket.try_clone().unwrap()).lines();
            let first = lines.next().unwrap().unwrap();
            while !lines.next().unwrap().unwrap().is_empty() {}
            own.lock().unwrap().push(first);
            let body = answer.replace("HERE", &here);
            let head = match body.strip_prefix("MOVED") {
                Some(_) => "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/stolen",
                None => "HTTP/1.1 200 OK",
            };
            let length = body.len();
            let head = format!("{head}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
            socket.write_all(head.as_bytes()).unwrap();
            socket.write_all(body.as_bytes()).unwrap();
        }
    });
    (address, heard)
}

fn fetch(answers: Vec<String>) -> (Result<Vec<u8>, Refusal>, Vec<String>) {
    let (address, heard) = serve(answers);
    let mut web = Web::at(&address, Secret::new(TOKEN)).unwrap();
    let errand = Errand::new(web.service(), "77", Patience::default());
    let done = errand.run(&mut web, &mut |_| {});
    let heard = heard.lock().unwrap().clone();
    (done, heard)
}

#[test]
fn over_a_socket_the_token_goes_with_each_request() {
    let (done, heard) = fetch(vec![
        success("HERE/GetStatement"),
        failure("1019", "Statement generation in progress. Please try again shortly."),
        str::from_utf8(SAMPLE).unwrap().to_owned(),
    ]);
    assert_eq!(report(&done.unwrap()).statements.len(), 1);
    let wanted = [
        "GET /service/SendRequest?t=4711+0815%2Fhush&q=77&v=3 HTTP/1.1",
        "GET /service/GetStatement?t=4711+0815%2Fhush&q=1234567890&v=3 HTTP/1.1",
        "GET /service/GetStatement?t=4711+0815%2Fhush&q=1234567890&v=3 HTTP/1.1",
    ];
    assert_eq!(heard, wanted);
}

#[test]
fn nothing_that_a_service_says_brings_the_token_to_light() {
    let echo = failure("1015", &format!("Token {TOKEN} and 4711+0815%2Fhush are invalid"));
    let (done, _) = fetch(vec![echo]);
    let refusal = done.unwrap_err();
    let told = format!("{refusal} {refusal:?}");
    assert!(told.contains("Token [token] and [token] are invalid"), "{told}");
    assert!(!told.contains("hush"), "{told}");
    // Nobody is there any more.
    let (address, _) = serve(vec![]);
    let mut web = Web::at(&address, Secret::new(TOKEN)).unwrap();
    let request = Request { address: format!("{address}/SendRequest"), number: "1".to_owned() };
    let told = format!("{:?} {web:?}", web.fetch(&request));
    assert!(!told.contains("hush"), "{told}");
}

#[test]
fn a_redirect_is_not_followed_with_the_token() {
    let (done, heard) = fetch(vec!["MOVED".to_owned()]);
    assert_eq!(done.unwrap_err(), Refusal::Status(302));
    assert_eq!(heard.len(), 1);
}
