//! The paper exchange as a process: keys, a kill, a second one, the wrong market.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::trimtab;

pub(crate) struct Served {
    child: Child,
    pub(crate) said: Value,
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn command(home: &Path, words: &[&str]) -> Command {
    let usual = ["--json", "exchange", "--symbols", "2", "--years", "1", "--speed", "stepped"];
    let mut command = trimtab(home, &usual);
    command.args(["--listen", "127.0.0.1:0"]).args(words);
    command.env_remove("TRIMTAB_EXCHANGE_KEY").env_remove("TRIMTAB_EXCHANGE_SECRET");
    command
}

fn serve(home: &Path, words: &[&str]) -> Served {
    Served::read(command(home, words).stdout(Stdio::piped()).spawn().unwrap())
}

impl Served {
    /// Waits until it has said where it is.
    pub(crate) fn read(child: Child) -> Served {
        let mut served = Served { child, said: Value::Null };
        let mut said = String::new();
        for line in BufReader::new(served.child.stdout.take().unwrap()).lines() {
            said.push_str(&line.unwrap());
            if let Ok(said) = serde_json::from_str(&said) {
                served.said = said;
                return served;
            }
        }
        panic!("the exchange said nothing: {said}");
    }

    pub(crate) fn ask(&self, secret: &str, what: &str, body: &str) -> String {
        let key = self.said["key"].as_str().unwrap();
        let address = self.said["url"].as_str().unwrap().trim_start_matches("http://");
        let mut line = TcpStream::connect(address).unwrap();
        let length = body.len();
        write!(
            line,
            "{what} HTTP/1.1\r\nHost: a\r\nAPCA-API-KEY-ID: {key}\r\n\
             APCA-API-SECRET-KEY: {secret}\r\nContent-Length: {length}\r\n\
             Connection: close\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        // Who is cut off has heard what came before.
        let _ = line.read_to_string(&mut answer);
        answer
    }
}

fn refused(home: &Path, words: &[&str]) -> String {
    let done = command(home, words).output().unwrap();
    assert!(!done.status.success(), "{words:?} was not refused");
    String::from_utf8_lossy(&done.stderr).into_owned()
}

const ORDER: &str = r#"{"symbol":"SPY","qty":"1","side":"buy","type":"market",
    "time_in_force":"day","client_order_id":"one"}"#;

#[test]
fn an_account_survives_a_kill_and_belongs_to_one_process_and_one_market() {
    let home = tempfile::tempdir().unwrap();
    let served = serve(home.path(), &[]);
    let secret = served.said["secret"].as_str().unwrap().to_owned();
    assert!(served.ask(&secret, "POST /v2/orders", ORDER).contains("pending_new"));
    assert!(served.ask("wrong", "GET /v2/account", "").starts_with("HTTP/1.1 401"));
    assert!(refused(home.path(), &[]).contains("lock"));
    drop(served);

    let again = serve(home.path(), &[]);
    assert!(again.said["secret"].is_null(), "a secret is shown once");
    let twice = again.ask(&secret, "POST /v2/orders", ORDER);
    assert!(twice.contains("client_order_id must be unique"), "{twice}");
    assert!(again.ask(&secret, "POST /control/step", "").contains("\"bars\":1"));
    assert!(again.ask(&secret, "GET /v2/positions", "").contains("\"SPY\""));
    drop(again);

    assert!(refused(home.path(), &["--seed", "8"]).contains("continue state"));
    let kept = std::fs::read_dir(home.path().join("exchange/paper")).unwrap();
    for file in kept {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains(&secret));
    }
}

fn journals(home: &Path) -> Vec<std::path::PathBuf> {
    let kept = std::fs::read_dir(home.join("exchange/paper")).unwrap();
    let mut paths: Vec<_> = kept.map(|file| file.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|kind| kind == "log"));
    paths.sort();
    paths
}

fn named(name: &str) -> String {
    ORDER.replace("\"one\"", &format!("{name:?}"))
}

#[test]
fn a_journal_that_is_torn_is_gone_on_from_and_a_damaged_one_is_not() {
    let home = tempfile::tempdir().unwrap();
    let served = serve(home.path(), &[]);
    let secret = served.said["secret"].as_str().unwrap().to_owned();
    let status = |served: &Served, name: &str| {
        let path = format!("GET /v2/orders:by_client_order_id?client_order_id={name}");
        served.ask(&secret, &path, "").split(' ').nth(1).unwrap().to_owned()
    };
    for name in ["one", "two", "three"] {
        assert!(served.ask(&secret, "POST /v2/orders", &named(name)).contains("pending_new"));
    }
    drop(served);
    let path = journals(home.path()).pop().unwrap();
    let whole = std::fs::read(&path).unwrap();
    let state = std::fs::read(home.path().join("exchange/paper/state.json")).unwrap();

    // The last change lies in its middle: what it said is as if it had never been asked.
    std::fs::write(&path, &whole[..whole.len() - 5]).unwrap();
    let again = serve(home.path(), &[]);
    let found = ["one", "two", "three"].map(|name| status(&again, name));
    assert_eq!(found, ["200", "200", "404"]);
    assert!(again.ask(&secret, "POST /v2/orders", &named("three")).contains("pending_new"));
    drop(again);

    // Back to the first journal, with a bit turned over in its middle.
    journals(home.path()).iter().for_each(|path| std::fs::remove_file(path).unwrap());
    std::fs::write(home.path().join("exchange/paper/state.json"), state).unwrap();
    let mut damaged = whole.clone();
    damaged[whole.len() / 2] ^= 1;
    std::fs::write(&path, damaged).unwrap();
    let told = refused(home.path(), &[]);
    assert!(told.contains("read journal at byte") && told.contains("journal-"), "{told}");
    std::fs::write(&path, &whole).unwrap();
    assert_eq!(status(&serve(home.path(), &[]), "three"), "200");

    // Changes without the state that they go on from are no account, and no new one is opened.
    std::fs::write(&path, whole).unwrap();
    std::fs::remove_file(home.path().join("exchange/paper/state.json")).unwrap();
    let told = refused(home.path(), &[]);
    assert!(told.contains("it is gone"), "{told}");
}

/// A file may take 24 KiB: the journal is full after some dozens of orders.
#[test]
fn a_full_disk_ends_it_and_loses_nothing_that_was_answered() {
    let home = tempfile::tempdir().unwrap();
    let limited = command(home.path(), &[]);
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' XFSZ; ulimit -f 48; exec \"$@\"", "sh"]);
    shell.arg(limited.get_program()).args(limited.get_args());
    for (name, value) in limited.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    let mut child = shell.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut errors = child.stderr.take().unwrap();
    let mut served = Served::read(child);
    let secret = served.said["secret"].as_str().unwrap().to_owned();
    let taken = (0..2_000).take_while(|number| {
        let body = named(&format!("n{number}"));
        served.ask(&secret, "POST /v2/orders", &body).contains("pending_new")
    });
    let count = taken.count();
    assert!(count > 10 && count < 2_000, "{count}");
    assert!(!served.child.wait().unwrap().success());
    let mut told = String::new();
    errors.read_to_string(&mut told).unwrap();
    assert!(told.contains("keep state"), "{told}");
    let again = serve(home.path(), &[]);
    for (number, wanted) in [(0, "200"), (count - 1, "200"), (count, "404")] {
        let path = format!("GET /v2/orders:by_client_order_id?client_order_id=n{number}");
        let answer = again.ask(&secret, &path, "");
        assert_eq!(answer.split(' ').nth(1), Some(wanted), "{number}");
    }
}

#[test]
fn clients_of_tws_are_welcomed_where_a_port_was_given() {
    let home = tempfile::tempdir().unwrap();
    let served = serve(home.path(), &["--tws-port", "0"]);
    let mut line = TcpStream::connect(served.said["tws"].as_str().unwrap()).unwrap();
    line.write_all(b"API\0\0\0\0\x09v100..225").unwrap();
    let mut welcome = [0; 8];
    line.read_exact(&mut welcome).unwrap();
    assert_eq!(&welcome[4..], b"222\0");
    drop(served);
    let without = serve(home.path(), &[]);
    assert!(without.said["tws"].is_null());
}

#[test]
fn words_that_make_no_sense_are_told_with_advice() {
    let home = tempfile::tempdir().unwrap();
    let cases: [(&[&str], &str); 5] = [
        (&["--speed", "fast"], "read --speed fast"),
        (&["--name", "../up"], "read --name"),
        (&["--cash", "much"], "read --cash much"),
        (&["--begin", "2030-01-02"], "begin at 2030-01-02"),
        (&["--dataset", "nowhere"], "nowhere"),
    ];
    for (words, wanted) in cases {
        let mut asked = command(home.path(), &[]);
        // The usual speed stands before; clap takes no word twice.
        if words[0] == "--speed" {
            asked = trimtab(home.path(), &["exchange"]);
        }
        let done = asked.args(words).output().unwrap();
        let told = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(!done.status.success() && told.contains(wanted), "{words:?}: {told}");
    }
}
