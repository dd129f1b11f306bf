use base::{Day, Seed};
use learn::agents::{Action, Env as _};
use market::{Cash, InstrumentId};
use rand::RngExt as _;
use sim::options::backtest::Moment;
use sim::options::synthetic::{SyntheticChains, SyntheticConfig};

use super::*;

fn chains(underlying: u32, spot: f64) -> SyntheticChains {
    let config = SyntheticConfig {
        underlying: InstrumentId(underlying),
        spot,
        ..SyntheticConfig::default()
    };
    let day = |text: &str| text.parse::<Day>().unwrap();
    let days = (day("2014-01-02"), day("2014-06-30"));
    SyntheticChains::new(config, days, Seed::root(u64::from(underlying))).unwrap()
}

/// Two underlyings whose chains come at the same moments.
fn moments() -> Vec<Moment> {
    let join = |(mut one, two): (Moment, Moment)| {
        one.spots.extend(two.spots);
        one.quotes.extend(two.quotes);
        one.closes.extend(two.closes);
        one
    };
    chains(0, 100.0).zip(chains(1, 250.0)).map(join).collect()
}

fn config() -> OptionEnvConfig {
    let underlyings = vec![InstrumentId(0), InstrumentId(1)];
    OptionEnvConfig { underlyings, episode: 50, ..OptionEnvConfig::default() }
}

fn env(config: OptionEnvConfig) -> OptionEnv {
    OptionEnv::new(moments(), config).unwrap()
}

/// An episode of choices drawn from a seed: rewards, all that was seen, and the seat at the end.
fn episode(env: &OptionEnv, seed: u64) -> (Vec<f32>, Vec<f32>, Seat) {
    let mut seen = vec![0.0; env.width()];
    let mut seat = env.reset(Seed::root(seed), &mut seen);
    let mut rng = Seed::root(seed).child("choices").rng();
    let (mut rewards, mut all) = (Vec::new(), seen.clone());
    loop {
        let choice = rng.random_range(0..env.actions().outputs());
        let step = env.step(&mut seat, Action::Choice(choice), Seed::root(0), &mut seen);
        rewards.push(step.reward);
        all.extend(&seen);
        if step.end.is_some() {
            return (rewards, all, seat);
        }
    }
}

#[test]
fn one_seed_gives_one_episode() {
    let env = env(config());
    assert_eq!(episode(&env, 4), episode(&env, 4));
    assert_ne!(episode(&env, 4).0, episode(&env, 5).0);
}

#[test]
fn rewards_sum_to_what_the_account_earned() {
    let env = env(config());
    for seed in 0..10 {
        let (rewards, _, seat) = episode(&env, seed);
        let sum: f64 = rewards.iter().map(|reward| f64::from(*reward)).sum();
        let earned = (seat.account.equity() - env.config().cash).to_f64();
        let wanted = earned / env.config().cash.to_f64() * 1e4;
        assert!((sum - wanted).abs() < 1e-3 * wanted.abs().max(1.0), "{sum} {wanted}");
        let account = &seat.account;
        let parts = env.config().cash + account.realised + account.unrealised() + account.dividends
            - account.fees;
        assert_eq!(account.equity(), parts);
        assert!(account.fees > Cash::ZERO);
    }
}

#[test]
fn all_that_is_seen_is_a_number_within_bounds_and_greeks_move() {
    let env = env(config());
    let (_, all, _) = episode(&env, 2);
    assert!(all.iter().all(|value| value.is_finite() && value.abs() <= 10.0));
    for column in 0..env.width() {
        let values = all.iter().skip(column).step_by(env.width());
        let first = all[column];
        assert!(values.into_iter().any(|value| *value != first), "column {column} never moves");
    }
}

#[test]
fn a_long_straddle_is_long_gamma_and_pays_for_time() {
    let env = env(config());
    let mut seen = vec![0.0; env.width()];
    let mut seat = env.reset(Seed::root(1), &mut seen);
    // 1 + close + hedge + the first structure, of the first underlying.
    let step = env.step(&mut seat, Action::Choice(3), Seed::root(0), &mut seen);
    assert!(step.end.is_none() && seat.refused == 0);
    let [_, gamma, vega, theta] = [5, 6, 7, 8].map(|at| seen[at]);
    assert!(gamma > 0.0 && vega > 0.0 && theta < 0.0, "{gamma} {vega} {theta}");
    env.step(&mut seat, Action::Choice(2), Seed::root(0), &mut seen);
    let shares = sim::options::Asset::Shares(InstrumentId(0));
    assert_ne!(seat.account.held(&shares), 0);
    env.step(&mut seat, Action::Choice(1), Seed::root(0), &mut seen);
    assert!(seat.account.is_flat());
}

#[test]
fn the_same_choices_keep_less_where_costs_are_paid() {
    let paid = env(config());
    let free = env(config().free());
    let sum = |env: &OptionEnv| -> f64 {
        (0..10).map(|seed| episode(env, seed).0.iter().map(|r| f64::from(*r)).sum::<f64>()).sum()
    };
    let (with, without) = (sum(&paid), sum(&free));
    assert!(with < without, "{with} {without}");
}

#[test]
fn doing_nothing_earns_nothing() {
    let env = env(config());
    let mut seen = vec![0.0; env.width()];
    let mut seat = env.reset(Seed::root(1), &mut seen);
    let mut steps = 0;
    loop {
        let step = env.step(&mut seat, Action::Choice(0), Seed::root(0), &mut seen);
        assert_eq!(step.reward, 0.0);
        steps += 1;
        if step.end.is_some() {
            break;
        }
    }
    assert_eq!((steps, seat.account.cash), (50, env.config().cash));
}

#[test]
fn what_is_seen_depends_on_no_later_moment() {
    let whole = env(config());
    let part = OptionEnv::new(moments()[..60].to_vec(), config()).unwrap();
    let walk = |env: &OptionEnv| {
        let mut seen = vec![0.0; env.width()];
        let account = sim::options::Account::new(env.config().cash);
        let mut seat = Seat { moment: 0, left: 59, account, refused: 0 };
        let mut rng = Seed::root(7).rng();
        let mut all = Vec::new();
        for _ in 0..59 {
            let choice = rng.random_range(0..env.actions().outputs());
            let step = env.step(&mut seat, Action::Choice(choice), Seed::root(0), &mut seen);
            all.push(step.reward);
            all.extend(&seen);
        }
        all
    };
    assert_eq!(walk(&whole), walk(&part));
}

#[test]
fn a_seat_reads_back_as_it_was_written() {
    let (_, _, seat) = episode(&env(config()), 3);
    let text = serde_json::to_string(&seat).unwrap();
    assert_eq!(serde_json::from_str::<Seat>(&text).unwrap(), seat);
}

#[test]
fn what_is_no_setting_is_told() {
    let told = |moments, config| OptionEnv::new(moments, config).unwrap_err().to_string();
    assert!(told(Vec::new(), config()).contains("0 moments"));
    let mut back = moments();
    back.reverse();
    assert!(told(back, config()).contains("order of time"));
    let none = OptionEnvConfig { underlyings: Vec::new(), ..config() };
    assert!(told(moments(), none).contains("nothing to trade"));
    let poor = OptionEnvConfig { cash: Cash::ZERO, ..config() };
    assert!(told(moments(), poor).contains("cash"));
    let mut odd = config();
    odd.rules.fees.minimum = -1.0;
    assert!(told(moments(), odd).contains("fees"));
}
