//! `trimtab live`: the key of a person, and the terms signed with it. Without both nothing reaches
//! real money.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use base::Day;
use desk::live::{Live, PublicKey, Signed, SigningKey, Terms};
use market::Cash;

use crate::cli::live::{LiveCommand, SignArgs};
use crate::failure::Failure;
use crate::files;
use crate::random::random;
use crate::terminal::Terminal;

/// Name of the file with the key that this home trusts.
const TRUSTED: &str = "live-key.pub";

pub(crate) fn run(command: &LiveCommand, home: &Path, terminal: Terminal) -> Result<(), Failure> {
    match command {
        LiveCommand::Key { to } => make(to, terminal),
        LiveCommand::Trust { key } => {
            let key: PublicKey = key.parse().map_err(|error| {
                Failure::of(&error).advise("give the digits that `trimtab live key` printed")
            })?;
            files::make_folder(home)?;
            files::write(&home.join(TRUSTED), format!("{key}\n").as_bytes(), "--home")?;
            let told = format!("what {key} signs may trade real money from this home");
            terminal.answer(&serde_json::json!({"trusted": key.to_string()}), told)
        }
        LiveCommand::Sign(args) => sign(args, terminal),
        LiveCommand::Show { terms, session } => {
            let live = check(terms, home, *session)?;
            terminal.answer(live.terms(), told(live.terms()))
        }
    }
}

/// The terms in a file, where the key that this home trusts has signed them for that session.
pub(crate) fn check(file: &Path, home: &Path, session: Day) -> Result<Live, Failure> {
    let path = home.join(TRUSTED);
    let key = std::fs::read_to_string(&path).map_err(|error| {
        Failure::new(format!("read the trusted key {}: {error}", path.display()))
            .advise("trimtab live trust KEY, once, with the public half of your key")
    })?;
    let key: PublicKey = key.parse().map_err(|error| Failure::of(&error))?;
    let text = String::from_utf8(files::read(file)?)?;
    let signed: Signed = toml::from_str(&text).map_err(|error| {
        Failure::new(format!("read terms {}: {error}", file.display()))
            .advise("make them with trimtab live sign")
    })?;
    signed.check(&key, session).map_err(|error| Failure::of(&error).advise("trimtab live sign"))
}

fn make(to: &Path, terminal: Terminal) -> Result<(), Failure> {
    let digits = random(32)?;
    let key = SigningKey::read(&digits)?;
    write_secret(to, &digits).map_err(|error| {
        Failure::new(format!("write key {}: {error}", to.display()))
            .advise("choose a new file with --to; a key is never overwritten")
    })?;
    let public = key.public().to_string();
    let text = format!("public half  {public}\nsecret half  {} (keep it away)", to.display());
    terminal.answer(&serde_json::json!({"public": public, "secret_file": to}), text)
}

/// For its owner's eyes alone.
fn write_secret(to: &Path, digits: &str) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(to)?;
    file.write_all(digits.as_bytes())?;
    file.sync_all()
}

fn sign(args: &SignArgs, terminal: Terminal) -> Result<(), Failure> {
    let key = String::from_utf8(files::read(&args.key)?)?;
    let key = SigningKey::read(&key)?;
    let terms = Terms {
        broker: args.broker.clone(),
        account: args.account.clone(),
        book: args.book.clone(),
        largest_order: cash("--largest-order", &args.largest_order)?,
        largest_gross: cash("--largest-gross", &args.largest_gross)?,
        first_day: args.first_day,
        last_day: args.last_day,
        options: args.options,
    };
    if terms.first_day > terms.last_day {
        return Err(Failure::new("sign terms: the last day lies before the first"));
    }
    let text = told(&terms);
    let signed = key.sign(terms);
    files::write(&args.to, toml::to_string_pretty(&signed)?.as_bytes(), "--to")?;
    terminal.answer(&signed, format!("{text}\nsigned in {}", args.to.display()))
}

fn cash(word: &str, text: &str) -> Result<Cash, Failure> {
    let cash: Option<Cash> = text.parse().ok();
    cash.filter(|cash| *cash > Cash::ZERO).ok_or_else(|| {
        Failure::new(format!("read {word} {text}")).advise("write an amount above 0: 2500.00")
    })
}

fn told(terms: &Terms) -> String {
    let Terms { broker, account, book, largest_order, largest_gross, .. } = terms;
    let Terms { first_day, last_day, options, .. } = terms;
    let what = if *options { "shares and options" } else { "shares alone" };
    format!(
        "real money: {book} on account {account} at {broker}, {first_day} to {last_day}\n\
         {what}, no order above {largest_order}, no more than {largest_gross} held"
    )
}
