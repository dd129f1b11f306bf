//! `trimtab exchange`: opens or continues an account in a market and serves it.

mod disk;

use std::fs::File;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use exchange::{
    Clock, Commission, Doors, Keys, Listing, Opening, Pace, Settings, Tape, TapeSource, Venue, Work,
};
use lake::Origin;
use lake::read::DailyQuery;
use market::{BarSize, Cash, Currency, Instrument, Kind, TimedCandle};
use serde::Serialize;
use sim::SynthConfig;
use sim::synth::Market;
use store::{Clock as _, MachineClock};

use super::data::lake;
use crate::cli::exchange::{CommissionArg, ExchangeArgs};
use crate::failure::Failure;
use crate::files;
use crate::random::random;
use crate::terminal::Terminal;

/// What is said at the start.
#[derive(Serialize)]
struct Answer {
    url: String,
    /// Where clients of TWS connect.
    tws: Option<String>,
    key: String,
    /// Only where it was made in this run.
    secret: Option<String>,
    account: String,
    market: String,
    now: String,
    speed: String,
    data: &'static str,
}

pub(crate) fn run(args: &ExchangeArgs, home: &Path, terminal: Terminal) -> Result<(), Failure> {
    let pace = pace(&args.speed)?;
    let folder = folder(home, &args.name)?;
    let _lock = lock(&folder)?;
    let (keys, secret) = keys(args, &folder)?;
    let (tape, data) = tape(args, home)?;
    let tape = Arc::new(tape);
    let venue = venue(args, &folder, &tape)?;
    let (http, at) = listen(args.listen, "--listen")?;
    let (tws, tws_at) = match args.tws_port {
        Some(port) => {
            let (listener, at) = listen(SocketAddr::new(args.listen.ip(), port), "--tws-port")?;
            (Some(listener), Some(at.to_string()))
        }
        None => (None, None),
    };
    let answer = Answer {
        key: keys.key.clone(),
        secret,
        account: folder.display().to_string(),
        market: tape.name().to_owned(),
        now: venue.now().to_string(),
        speed: args.speed.clone(),
        data,
        url: format!("http://{at}"),
        tws: tws_at,
    };
    let Answer { url, account, market, now, .. } = &answer;
    tracing::info!(url, account, market, now, "the exchange opens");
    terminal.answer(&answer, told(&answer))?;
    let keep = Box::new(disk::Disk::new(folder));
    let (requests_per_minute, body_bytes) = (args.requests_per_minute, args.body_bytes);
    let settings = Settings { keys, requests_per_minute, body_bytes, pace };
    let work = Work { venue, tape, keep, clock: clock() };
    Ok(exchange::serve_doors(Doors { http, tws }, work, &settings, &crate::interrupt::ASKED)?)
}

fn listen(at: SocketAddr, word: &str) -> Result<(TcpListener, SocketAddr), Failure> {
    let refused = |error: io::Error| {
        Failure::new(format!("listen on {at}: {error}"))
            .advise(format!("choose another one with {word}; port 0 takes a free one"))
    };
    let listener = TcpListener::bind(at).map_err(refused)?;
    let at = listener.local_addr().map_err(refused)?;
    Ok((listener, at))
}

fn told(answer: &Answer) -> String {
    let secret = match &answer.secret {
        Some(secret) => format!("\nsecret  {secret}   (made now and never shown again)"),
        None => String::new(),
    };
    let tws = match &answer.tws {
        Some(at) => format!("\ntws     {at}   (without a key)"),
        None => String::new(),
    };
    format!(
        "serving {}{tws}\nkey     {}{secret}\naccount {}\nmarket  {} ({})\nnow     {} there, speed {}",
        answer.url,
        answer.key,
        answer.account,
        answer.market,
        answer.data,
        answer.now,
        answer.speed
    )
}

fn pace(text: &str) -> Result<Pace, Failure> {
    let factor = match text {
        "stepped" => return Ok(Pace::Stepped),
        "real" => 1.0,
        other => other.parse().unwrap_or(0.0),
    };
    match factor > 0.0 && factor <= 1e6 {
        true => Ok(Pace::Times(factor)),
        false => Err(Failure::new(format!("read --speed {text}"))
            .advise("say real, stepped, or a number of times as fast, at most 1000000")),
    }
}

fn folder(home: &Path, name: &str) -> Result<PathBuf, Failure> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if name.is_empty() || !name.chars().all(plain) {
        return Err(
            Failure::new(format!("read --name {name:?}")).advise("use letters, digits, - and _")
        );
    }
    let folder = home.join("exchange").join(name);
    files::make_folder(&folder)?;
    Ok(folder)
}

/// One process holds an account; the lock goes with the process.
fn lock(folder: &Path) -> Result<File, Failure> {
    let path = folder.join("lock");
    let refused = |error: String| {
        Failure::new(format!("lock {}: {error}", path.display()))
            .advise("end the other `trimtab exchange` of this account, or choose another --name")
    };
    let file = File::create(&path).map_err(|error| refused(error.to_string()))?;
    file.try_lock().map_err(|error| refused(error.to_string()))?;
    Ok(file)
}

/// The keys given, those kept, or new ones with their secret.
fn keys(args: &ExchangeArgs, folder: &Path) -> Result<(Keys, Option<String>), Failure> {
    let path = folder.join("keys.json");
    if let (Some(key), Some(secret)) = (&args.key, &args.secret) {
        return Ok((Keys::new(key, secret), None));
    }
    if path.is_file() {
        let kept = serde_json::from_slice(&files::read(&path)?).map_err(|_| {
            Failure::new(format!("read {}: it holds no keys", path.display()))
                .advise("remove the file; new keys are made then")
        })?;
        return Ok((kept, None));
    }
    let (key, secret) = (format!("PK{}", random(9)?.to_uppercase()), random(20)?);
    let keys = Keys::new(&key, &secret);
    let text = serde_json::to_vec_pretty(&keys)?;
    files::write(&path, &text, "--home")?;
    Ok((keys, Some(secret)))
}

/// The market, and whether it is recorded or synthetic.
fn tape(args: &ExchangeArgs, home: &Path) -> Result<(Tape, &'static str), Failure> {
    let Some(dataset) = &args.dataset else {
        let config = SynthConfig {
            symbols: args.symbols,
            years: args.years,
            seed: args.seed,
            ..SynthConfig::default()
        };
        return Ok((Tape::synthetic(&Market::new(config)?, args.minutes)?, "synthetic"));
    };
    let (lake, now) = (lake(home), MachineClock.now());
    let as_of = lake.as_of(now);
    let daily = as_of.daily(&DailyQuery::all(dataset))?;
    let finer = match &args.finer {
        Some(finer) => Some(as_of.intraday(&DailyQuery::all(finer))?),
        None => None,
    };
    let mut listings = Vec::new();
    for (place, symbol) in daily.symbols().iter().enumerate() {
        let index = symbol == "VIX";
        let mut listing = Listing {
            instrument: Instrument {
                symbol: symbol.clone(),
                kind: if index { Kind::Index } else { Kind::Stock },
                currency: Currency::USD,
                exchange: "XNYS".to_owned(),
                sector_etf: None,
            },
            candles: daily.raw(place)?.into_iter().map(|(candle, _)| candle).collect(),
            actions: daily.actions(symbol).to_vec(),
            finer: Vec::new(),
        };
        if let Some(finer) = &finer
            && let Ok(place) = finer.place(symbol)
        {
            let step = |bar: lake::read::IntradayBar| TimedCandle {
                start: bar.start,
                size: BarSize::Minutes(bar.minutes.clamp(1, 1_440) as u16),
                candle: bar.candle,
            };
            listing.finer = finer.shorter(place)?.into_iter().map(step).collect();
        }
        listings.push(listing);
    }
    let shorter = finer.map(|finer| format!("+{}", finer.version())).unwrap_or_default();
    let name = format!("{}{shorter}", daily.version());
    let (seed, minutes) = (args.seed, args.minutes);
    let data = match daily.version().origin {
        Origin::Recorded => "recorded",
        Origin::Synthetic => "synthetic",
    };
    Ok((Tape::new(TapeSource { name, seed, minutes, listings })?, data))
}

fn venue(args: &ExchangeArgs, folder: &Path, tape: &Arc<Tape>) -> Result<Venue, Failure> {
    if let Some(venue) = disk::read(folder, tape)? {
        return Ok(venue);
    }
    let cash: Cash = args.cash.parse().map_err(|error| {
        Failure::new(format!("read --cash {}: {error}", args.cash)).advise("write 100000.00")
    })?;
    let share = args.participation_percent;
    let opening = Opening {
        cash,
        half_spread_bps: args.half_spread_bps,
        participation: (share > 0.0).then_some(share / 100.0),
        multiplier: args.margin,
        begin: args.begin,
        commission: match args.commission {
            CommissionArg::Fixed => Commission::Fixed,
            CommissionArg::None => Commission::None,
        },
        price_collar_percent: (args.price_collar_percent > 0.0)
            .then_some(args.price_collar_percent),
    };
    Ok(Venue::open(Arc::clone(tape), &opening)?)
}

/// A clock that never goes back and tells the time of day besides.
fn clock() -> Clock {
    let (begun, date) = (Instant::now(), SystemTime::now());
    let since = date.duration_since(UNIX_EPOCH).unwrap_or_default();
    Arc::new(move || since + begun.elapsed())
}
