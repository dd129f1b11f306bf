//! Words of a broker outside.

use std::str::FromStr;

use base::Span;
use brokers::Secret;
use clap::Args;

fn secret() -> Option<Secret> {
    let text = std::env::var("APCA_API_SECRET_KEY").ok()?;
    Some(Secret::new(&text)).filter(|secret| !secret.is_empty())
}

/// The broker that orders go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum BrokerArg {
    /// The one in this process; its account lies in the store.
    Simulated,
    /// Alpaca, or the paper exchange.
    Alpaca,
    /// Interactive Brokers behind TWS or the IB Gateway, or the paper exchange with --tws-port.
    Ibkr,
}

/// Where the servers of an account at Interactive Brokers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum RegionArg {
    /// Both Americas.
    NorthAmerica,
    /// Europe.
    Europe,
    /// Asia and the Pacific.
    AsiaPacific,
}

/// By how much the broker's clock may differ from this machine's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BrokerClock {
    /// So much.
    Within(Span),
    /// It shows the time of a made market.
    Any,
}

impl FromStr for BrokerClock {
    type Err = String;

    fn from_str(text: &str) -> Result<BrokerClock, String> {
        match text.parse::<u32>() {
            _ if text == "any" => Ok(BrokerClock::Any),
            Ok(seconds) => Ok(BrokerClock::Within(Span::from_seconds(i64::from(seconds)))),
            Err(_) => Err("write seconds, or any".to_owned()),
        }
    }
}

/// Hour and minute of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TimeOfDay(pub(crate) (i8, i8));

impl FromStr for TimeOfDay {
    type Err = String;

    fn from_str(text: &str) -> Result<TimeOfDay, String> {
        let read = |text: &str, below: i8| {
            let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|number| digits && *number < below)
        };
        let parts = text.split_once(':');
        let time = parts.and_then(|(hour, minute)| Some((read(hour, 24)?, read(minute, 60)?)));
        time.map(TimeOfDay).ok_or_else(|| "write HH:MM, as 23:55".to_owned())
    }
}

/// A broker outside.
#[derive(Debug, Args)]
pub(crate) struct BrokerArgs {
    /// Where orders go with --mode paper and live.
    #[arg(long, value_enum, default_value = "simulated")]
    pub broker: BrokerArg,
    /// Another address than Alpaca's, or the only one at which TWS is looked for: a URL for alpaca,
    /// HOST:PORT for ibkr, both as `trimtab exchange` prints them. Without it the ports of TWS and
    /// the IB Gateway on this machine are tried.
    #[arg(long, value_name = "ADDRESS")]
    pub broker_address: Option<String>,
    /// With ibkr: our number among the clients of that TWS. Orders belong to it.
    #[arg(long, value_name = "ID", default_value_t = brokers::ibkr::Access::CLIENT)]
    pub broker_client: i32,
    /// With ibkr: the account, where the login has several.
    #[arg(long, value_name = "NAME")]
    pub broker_account: Option<String>,
    /// With ibkr: where the account's servers are, whose hours of resets alarm nobody.
    #[arg(long, value_enum, value_name = "REGION", default_value = "north-america")]
    pub broker_region: RegionArg,
    /// With ibkr: when Gateway was told to start anew each day, by the clock of the region (New
    /// York, Zurich, Hong Kong).
    #[arg(long, value_name = "HH:MM")]
    pub broker_restart: Option<TimeOfDay>,
    /// With ibkr: by how many seconds the broker's clock may differ from this machine's. `any` for
    /// the paper exchange, whose time is made; never with real money.
    #[arg(long, value_name = "SECONDS", default_value = "2")]
    pub broker_clock_within: BrokerClock,
    /// With alpaca: prices of all exchanges, for which the data plan must be paid. Without it those
    /// of IEX, while a session runs.
    #[arg(long)]
    pub broker_sip: bool,
    /// Name of the key.
    #[arg(long, value_name = "KEY", env = "APCA_API_KEY_ID", hide_env_values = true)]
    pub broker_key: Option<String>,
    /// The key's secret; from the environment alone.
    #[arg(skip = secret())]
    pub broker_secret: Option<Secret>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_is_two_digits_and_two_digits() {
        assert_eq!("23:55".parse(), Ok(TimeOfDay((23, 55))));
        for text in ["", "24:00", "23:60", "7:05", "+1:00", "23", "23:5x"] {
            assert!(text.parse::<TimeOfDay>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_clock_is_held_to_seconds_or_to_nothing() {
        assert_eq!("2".parse(), Ok(BrokerClock::Within(Span::from_seconds(2))));
        assert_eq!("any".parse(), Ok(BrokerClock::Any));
        assert!("-1".parse::<BrokerClock>().is_err());
    }
}
