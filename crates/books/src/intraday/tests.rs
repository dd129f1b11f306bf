use base::{Rounding, Seed, Span};
use learn::agents::{Action, Env as _, PpoConfig};
use market::{
    Bar, BarSize, Broker as _, Calendar, ClientOrderId, InstrumentId, OrderKind, OrderRequest,
    Price, Qty, TimeInForce,
};
use rand::RngExt as _;
use sim::{BarExchange, BarPrint, ExchangeConfig};

use super::measure::Training;
use super::*;

fn price(value: f64) -> Price {
    Price::from_f64((value * 100.0).round() / 100.0, Rounding::HalfEven).unwrap()
}

fn bar(open: f64, close: f64, volume: u64) -> Bar {
    let (open, close) = (price(open), price(close));
    let tick = price(0.05);
    let (high, low) = (open.max(close) + tick, open.min(close) - tick);
    Bar { open, high, low, close, volume }
}

/// A price that leaps away from its anchor and comes back; opens lie at the close before.
fn bars(count: usize, seed: u64) -> Vec<Bar> {
    let mut rng = Seed::root(seed).rng();
    let (mut away, mut before) = (0.0, 180.0);
    let mut one = || {
        away = 0.6 * away + 0.15 * (rng.random::<f64>() - 0.5);
        let close = 180.0 + away;
        let bar = bar(before, close, 20_000 + rng.random_range(0..5_000));
        before = close;
        bar
    };
    (0..count).map(|_| one()).collect()
}

fn config(costs: Option<Costs>) -> BarEnvConfig {
    BarEnvConfig { costs, episode: 100, reward_scale: 1e4 }
}

fn stand(held: i8) -> Stand {
    Stand { bar: 29, held, left: 100 }
}

#[test]
fn a_turn_pays_the_stated_costs_at_the_next_open() {
    let mut bars = vec![bar(100.0, 100.0, 10_000); 30];
    bars.extend([bar(101.0, 102.0, 10_000), bar(102.0, 102.0, 10_000)]);
    let env = BarEnv::new(&bars, config(Some(Costs::default()))).unwrap();
    let (mut state, mut seen) = (stand(-1), vec![0.0; env.width()]);
    let account = env.go(&mut state, 1, &mut seen);
    // Short over the gap of 1, long over the 1 that follows; 0.3 bp + 0.2 bp + 0.01 ÷ √10,000.
    assert!(account.gross.abs() < 1e-7, "{account:?}");
    let wanted = 2.0 * 1.01 * (0.3e-4 + 0.2e-4 + 1e-4);
    assert!((account.paid - wanted).abs() < 2e-6, "{account:?} {wanted}");
    assert_eq!((account.traded, state.held, seen[240]), (2.0, 1, 1.0));
}

#[test]
fn nothing_trades_on_a_bar_without_volume() {
    let mut bars = vec![bar(100.0, 100.0, 10_000); 30];
    bars.extend([bar(100.0, 101.0, 0), bar(101.0, 101.0, 10_000)]);
    let env = BarEnv::new(&bars, config(Some(Costs::default()))).unwrap();
    let (mut state, mut seen) = (stand(1), vec![0.0; env.width()]);
    let account = env.go(&mut state, -1, &mut seen);
    assert_eq!((state.held, account.traded, account.paid), (1, 0.0, 0.0));
    assert!((account.gross - 0.01).abs() < 1e-7, "{account:?}");
}

#[test]
fn a_fee_by_the_share_weighs_less_on_a_dear_share() {
    let costs = |fee| Costs { half_spread_bps: 0.0, fee, impact: 0.0 };
    let paid = |level: f64| {
        let bars = vec![bar(level, level, 10_000); 32];
        let env = BarEnv::new(&bars, config(Some(costs(Fee::PerShare(0.0002))))).unwrap();
        let mut seen = vec![0.0; env.width()];
        env.go(&mut stand(0), 1, &mut seen).paid
    };
    assert!((paid(50.0) - 4e-6).abs() < 1e-8 && (paid(200.0) - 1e-6).abs() < 1e-8);
}

#[test]
fn what_is_seen_depends_on_no_later_bar() {
    let bars = bars(200, 1);
    let (part, whole) = (super::view::table(&bars[..120]), super::view::table(&bars));
    assert_eq!(part[..], whole[..120 * COLUMNS]);
    assert!(whole.iter().all(|value| value.is_finite() && value.abs() <= 5.0));
}

/// The same choices through the engine's exchange, as market orders of a thousand shares.
#[test]
fn totals_are_those_of_the_exchange() {
    const SHARES: i64 = 1_000;
    let costs = Costs { impact: 0.0, ..Costs::default() };
    let bars = bars(200, 2);
    let env = BarEnv::new(&bars, config(Some(costs))).unwrap();
    let exchange = ExchangeConfig { participation: None, ..ExchangeConfig::default() };
    let begun = exchange.cash;
    let mut exchange = BarExchange::new(exchange, costs.model().unwrap(), 1).unwrap();
    let day = |text: &str| text.parse().unwrap();
    let session = &Calendar::of("XNYS").unwrap().between(day("2024-01-02"), day("2024-01-03"))[0];
    let (mut state, mut seen) = (stand(0), vec![0.0; env.width()]);
    let mut rng = Seed::root(9).rng();
    let mut earned = 0.0;
    for (at, bar) in bars.iter().enumerate().skip(30) {
        let start = session.open + Span::from_minutes(at as i64);
        let end = start + Span::from_minutes(1);
        let toward = rng.random_range(-1..=1_i8);
        let qty = i64::from(toward - state.held) * SHARES;
        if qty != 0 {
            exchange.submit(
                start,
                &OrderRequest {
                    id: ClientOrderId::from_text(format!("o{at}")),
                    instrument: InstrumentId(0),
                    qty: Qty::whole(qty),
                    kind: OrderKind::Market,
                    tif: TimeInForce::Gtc,
                    oco_group: None,
                    parent: None,
                    reduce_only: false,
                },
            );
        }
        let size = BarSize::Minutes(1);
        let instrument = InstrumentId(0);
        let print = BarPrint { instrument, size, start, end, known: end, bar: *bar };
        exchange.on_bar(&print).unwrap();
        let before = bars[at - 1].close.to_f64();
        let account = env.go(&mut state, toward, &mut seen);
        earned += (account.gross - account.paid) * before * SHARES as f64;
    }
    let theirs = (exchange.equity() - begun).to_f64();
    // A tick of 1/10,000 on each of about 150 fills, against us.
    assert!((earned - theirs).abs() < 15.0, "{earned} {theirs}");
    assert!(earned.abs() > 100.0, "{earned} says little");
}

#[test]
fn episodes_end_by_length_or_with_the_bars() {
    let env = BarEnv::new(&bars(60, 1), config(None)).unwrap();
    let mut seen = vec![0.0; env.width()];
    let mut state = env.reset(Seed::root(1), &mut seen);
    let mut steps = 1;
    while env.step(&mut state, Action::Choice(0), Seed::root(1), &mut seen).end.is_none() {
        steps += 1;
    }
    assert_eq!((steps, state.bar), (30, 59));
}

#[test]
fn an_agent_that_met_costs_trades_less_and_keeps_more() {
    // Reversion earns more than nothing, and less than a spread of 1.5 bp if traded each bar.
    let costs = Some(Costs { half_spread_bps: 1.5, ..Costs::default() });
    let env = |seed, costs| BarEnv::new(&bars(3_000, seed), config(costs)).unwrap();
    let (learned, judged) = ((env(1, None), env(1, costs)), env(2, costs));
    let ppo = PpoConfig {
        steps: 128,
        batch: 256,
        epochs: 5,
        rate: 1e-3,
        gamma: 0.9,
        ..PpoConfig::default()
    };
    let training = Training { ppo, environments: 8, steps: 40_000, seed: Seed::root(1) };
    let found = compare((&learned.0, &learned.1), &judged, &training).unwrap();
    let (naive, aware) = (found.naive, found.aware);
    assert!(aware.turnover_per_bar() < 0.6 * naive.turnover_per_bar(), "{found:?}");
    assert!(naive.gross > 0.0 && aware.net() > naive.net(), "{found:?}");
}

#[test]
fn what_is_no_setting_is_told() {
    let told = |bars: &[Bar], config| BarEnv::new(bars, config).err().unwrap().to_string();
    let few = told(&bars(31, 1), config(None));
    assert!(few.contains("31 bars are fewer than the 32"), "{few}");
    let mut broken = bars(40, 1);
    broken[7].high = broken[7].low - price(1.0);
    let broken = told(&broken, config(None));
    assert!(broken.contains("bar 7 is none that a market prints"), "{broken}");
    let impact = Some(Costs { impact: f64::NAN, ..Costs::default() });
    let impact = told(&bars(40, 1), config(impact));
    assert!(impact.contains("impact is NaN"), "{impact}");
    let spread = Some(Costs { half_spread_bps: -1.0, ..Costs::default() });
    let spread = told(&bars(40, 1), config(spread));
    assert!(spread.contains("half_spread_bps"), "{spread}");
}
