use base::{Day, Rounding, Seed, Span, Ts};
use learn::agents::env::End;
use learn::agents::{Action, Actions, Env as _};
use market::{
    Bar, Broker as _, Cash, ClientOrderId, InstrumentId, OrderKind, OrderRequest, Price, Qty, Side,
    TimeInForce,
};
use pricing::knockout::{BarrierRule, Terms, Turbo};
use proptest::prelude::*;
use sim::knockout::{
    Clash, IssuerRules, KnockOutExchange, MeanRange, Print, SpreadRule, Unwind, Watch,
};

use super::*;

fn candle(start: Ts, [open, high, low, close]: [f64; 4]) -> Print {
    let end = start + Span::from_minutes(5);
    Print::Candle { start, end, known: end, bar: Bar::from_f64(open, high, low, close).unwrap() }
}

fn at(slot: i64) -> Ts {
    Day::from_ymd(2024, 1, 2).unwrap().start() + Span::from_minutes(9 * 60 + 5 * slot)
}

/// Quiet candles at 17,000 in the index's hours, then these.
fn then(last: &[[f64; 4]]) -> Vec<Print> {
    let quiet = std::iter::repeat_n([17_000.0; 4], CANDLES);
    let path: Vec<[f64; 4]> = quiet.chain(last.iter().copied()).collect();
    path.iter().zip(0..).map(|(prices, slot)| candle(at(slot), *prices)).collect()
}

/// Two weeks of candles from 07:00 to 22:00 in Frankfurt, with gaps overnight.
fn weeks(seed: u64) -> Vec<Print> {
    let mut rng = Seed::root(seed).rng();
    let (mut level, mut candles) = (17_000.0f64, Vec::new());
    let from = Day::from_ymd(2024, 1, 24).unwrap();
    for day in (0..14).map(|days| from.plus(days)).filter(|day| day.weekday() < 5) {
        let mut step = |scale: f64| (scale * (rng.random::<f64>() - 0.5)).round();
        level += step(400.0);
        for slot in 0..60 {
            let start = day.start() + Span::from_minutes(6 * 60 + 15 * slot);
            let open = level + step(8.0);
            let close = open + step(70.0);
            let (high, low) =
                (open.max(close) + step(30.0).abs(), open.min(close) - step(30.0).abs());
            candles.push(candle(start, [open, high, low, close]));
            level = close;
        }
    }
    candles
}

/// No spread, no interest: sums come out by hand.
fn plain() -> KnockOutEnvConfig {
    let rules = IssuerRules { unwind: Unwind::AtBarrier, ..IssuerRules::dax() };
    KnockOutEnvConfig { rules, costs: Costs::Off, stop_loss: None, ..KnockOutEnvConfig::default() }
}

fn env(candles: &[Print], config: KnockOutEnvConfig) -> KnockOutEnv {
    KnockOutEnv::new(candles, config).unwrap()
}

/// Follows choices from the first window; the equities and outcomes after each.
fn follow(env: &KnockOutEnv, choices: &[usize]) -> Vec<(Stand, Outcome)> {
    let (mut stand, mut seen) = (env.start(0), vec![0.0; env.width()]);
    let mut step = |choice: &usize| {
        let outcome = env.go(&mut stand, *choice, &mut seen);
        (stand, outcome)
    };
    choices.iter().map(&mut step).collect()
}

#[test]
fn a_long_gains_the_move_times_the_pieces() {
    let path = [[17_000.0, 17_000.0, 17_000.0, 17_000.0], [17_000.0, 17_100.0, 17_000.0, 17_100.0]];
    let env = env(&then(&path), plain());
    let choice = env.choice(Side::Long, 1);
    let end = follow(&env, &[choice, choice])[1].0;
    // 2 % of 17,000 in a hundredth is 3.40 a piece: 294 pieces for a tenth of 10,000.
    assert_eq!(end.holding.unwrap().pieces, 294);
    assert_eq!(end.equity, "10294".parse().unwrap());
}

#[test]
fn a_short_gains_from_a_fall() {
    let path = [[17_000.0; 4], [17_000.0, 17_000.0, 16_900.0, 16_900.0]];
    let env = env(&then(&path), plain());
    let choice = env.choice(Side::Short, 1);
    assert_eq!(follow(&env, &[choice, choice])[1].0.equity, "10294".parse().unwrap());
}

#[test]
fn costs_off_keeps_more_than_costs_on() {
    let candles = weeks(3);
    let total = |costs| {
        let env = env(&candles, KnockOutEnvConfig { costs, ..KnockOutEnvConfig::default() });
        let choices: Vec<usize> = (0..200).map(|step| step / 5 % 7).collect();
        follow(&env, &choices).last().unwrap().0.equity
    };
    assert!(total(Costs::Off) > total(Costs::Charged));
}

#[test]
fn a_knock_out_ends_or_flattens_as_stated() {
    let path =
        [[17_000.0; 4], [17_000.0, 17_000.0, 16_500.0, 17_000.0], [17_000.0; 4], [17_000.0; 4]];
    for (after_knock_out, ends) in
        [(AfterKnockOut::Ends, Some(End::Done)), (AfterKnockOut::Flattens, None)]
    {
        let env = env(&then(&path), KnockOutEnvConfig { after_knock_out, ..plain() });
        let (mut stand, mut seen) = (env.start(0), vec![0.0; env.width()]);
        let choice = Action::Choice(env.choice(Side::Long, 0));
        assert_eq!(env.step(&mut stand, choice, Seed::root(1), &mut seen).end, None);
        let killed = env.step(&mut stand, choice, Seed::root(1), &mut seen);
        assert_eq!((killed.end, stand.holding), (ends, None));
        // 588 pieces of 1.70: all that was staked is gone, no more.
        assert!((killed.reward + 9.996).abs() < 1e-4, "{}", killed.reward);
    }
}

#[test]
fn a_stop_sells_before_a_barrier_it_stands_in_front_of() {
    let path = [[17_000.0; 4], [17_000.0; 4], [17_000.0, 17_000.0, 16_800.0, 16_900.0]];
    let config = KnockOutEnvConfig { stop_loss: Some(0.25), ..plain() };
    let env = env(&then(&path), config);
    let choice = env.choice(Side::Long, 1);
    let end = follow(&env, &[choice; 3])[2];
    assert!(end.1.stopped && end.0.holding.is_none());
    // A quarter of 294 pieces of 3.40.
    assert_eq!(end.0.equity, "9750.10".parse().unwrap());
}

#[test]
fn nothing_is_bought_while_nobody_quotes() {
    let mut config = plain();
    config.rules.hours.opens_minute = 13 * 60;
    let env = env(&then(&[[17_000.0; 4]; 3]), config);
    let choice = env.choice(Side::Long, 1);
    assert!(follow(&env, &[choice; 2]).iter().all(|(stand, _)| stand.holding.is_none()));
}

#[test]
fn a_dip_while_nobody_watches_kills_nothing() {
    let path = [[17_000.0; 4], [17_000.0, 17_000.0, 16_500.0, 17_000.0]];
    for (watch, dies) in [(Watch::Always, true), (Watch::IndexHours, false)] {
        let mut config = plain();
        config.rules.watch = watch;
        // Shut at noon, two hours before the dip.
        config.rules.index_hours.closes_minute = 12 * 60;
        let env = env(&then(&path), config);
        let choice = env.choice(Side::Long, 0);
        assert_eq!(follow(&env, &[choice; 2])[1].1.knocked_out, dies, "{watch:?}");
    }
}

/// An account at the exchange of `sim`, which knows nothing of the environment.
struct Account {
    exchange: KnockOutExchange,
    range: MeanRange,
    sent: usize,
    waiting: Vec<ClientOrderId>,
    /// What is held, and what was ordered: number and choice.
    held: Option<(InstrumentId, usize)>,
    ordered: Option<(InstrumentId, usize)>,
}

impl Account {
    fn send(
        &mut self,
        now: Ts,
        which: InstrumentId,
        pieces: i64,
        kind: OrderKind,
    ) -> ClientOrderId {
        self.sent += 1;
        let id = ClientOrderId::from_text(format!("order {}", self.sent));
        let (qty, tif) = (Qty::whole(pieces), TimeInForce::Gtc);
        let (oco_group, parent) = (None, None);
        let id_sent = id.clone();
        let request = OrderRequest {
            id,
            instrument: which,
            qty,
            kind,
            tif,
            oco_group,
            parent,
            reduce_only: false,
        };
        self.exchange.submit(now, &request);
        id_sent
    }

    fn pieces(&self, which: InstrumentId) -> i64 {
        self.exchange.certificates()[which.index()].pieces
    }

    /// After a print: rests the stop of what was bought in it, forgets what is gone.
    fn settle(&mut self, print: &Print, stop_loss: f64) {
        let now = print.known();
        self.range.take(&print.bar());
        for id in std::mem::take(&mut self.waiting) {
            self.exchange.cancel(now, &id);
        }
        self.held = self.held.filter(|(which, _)| self.pieces(*which) > 0);
        let Some((which, choice)) = self.ordered.take() else { return };
        let pieces = self.pieces(which);
        if pieces > 0 {
            let paid = self.exchange.certificates()[which.index()].average_price.to_f64();
            let stop = Price::from_f64(paid * (1.0 - stop_loss), Rounding::HalfEven).unwrap();
            self.send(now, which, -pieces, OrderKind::Stop { stop });
            self.held = Some((which, choice));
        }
    }

    fn choose(&mut self, print: &Print, choice: usize, config: &KnockOutEnvConfig) {
        let now = print.known();
        if let Some((which, held)) = self.held {
            if held == choice {
                return;
            }
            let sale = self.send(now, which, -self.pieces(which), OrderKind::Market);
            self.waiting.push(sale);
        }
        let Some(at) = choice.checked_sub(1) else { return };
        let bins = config.distances.len();
        let side = if at < bins { Side::Long } else { Side::Short };
        let (financing, rule, ratio) = (config.financing, config.barrier, config.ratio);
        let terms = Terms { side, ratio, financing, rule };
        let close = print.bar().close.to_f64();
        let turbo = Turbo::at_distance(terms, close, config.distances[at % bins]).unwrap();
        let spread = config.rules.spread_points(print.ends(), self.range.points());
        let ask = config.rules.ask(&turbo, close, spread).unwrap().to_f64();
        let pieces = (config.stake * self.exchange.equity().to_f64() / ask).floor() as i64;
        if pieces > 0 {
            let which = self.exchange.list(turbo).unwrap();
            let purchase = self.send(now, which, pieces, OrderKind::Market);
            self.waiting.push(purchase);
            self.ordered = Some((which, choice));
        }
    }
}

fn any_config(seed: u64) -> KnockOutEnvConfig {
    let pick = |of: &str, count: usize| Seed::root(seed).child(of).rng().random_range(0..count);
    let rules = IssuerRules {
        // By the index's hours the exchange may buy anew while what is held can't be sold; an
        // agent waits for the sale.
        watch: [Watch::Always, Watch::IssuerHours][pick("watch", 2)],
        unwind: [Unwind::AtBarrier, Unwind::WorstOfCandle][pick("unwind", 2)],
        clash: [Clash::StopFirst, Clash::BarrierFirst][pick("clash", 2)],
        latency: Span::ZERO,
        order_fee: ["0", "1.50"][pick("fee", 2)].parse().unwrap(),
        ..IssuerRules::dax()
    };
    let barrier = [BarrierRule::AtStrike, BarrierRule::Buffer { fraction: 0.01 }][pick("rule", 2)];
    let stop_loss = Some([0.2, 0.6][pick("stop", 2)]);
    KnockOutEnvConfig { rules, barrier, stop_loss, ..KnockOutEnvConfig::default() }
}

fn any_choices(seed: u64, count: usize) -> Vec<usize> {
    let mut rng = Seed::root(seed).child("choices").rng();
    let mut choice = 0;
    let mut next = || {
        if rng.random_range(0..4) == 0 {
            choice = rng.random_range(0..7);
        }
        choice
    };
    (0..count).map(|_| next()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn equity_is_that_of_the_exchange_to_the_cent(seed: u64) {
        let (candles, config) = (weeks(seed), any_config(seed));
        let choices = any_choices(seed, candles.len() - CANDLES);
        let mut account = Account {
            exchange: KnockOutExchange::new(config.rules.clone(), config.capital).unwrap(),
            range: MeanRange::default(),
            sent: 0,
            waiting: Vec::new(),
            held: None,
            ordered: None,
        };
        let ours = follow(&env(&candles, config.clone()), &choices);
        for (bar, print) in candles.iter().enumerate() {
            account.exchange.on_print(print).unwrap();
            if bar >= CANDLES {
                let (stand, outcome) = &ours[bar - CANDLES];
                prop_assert_eq!(stand.equity, account.exchange.equity(), "{} {:?}", bar, outcome);
                prop_assert_eq!(stand.cash, account.exchange.cash());
            }
            account.settle(print, config.stop_loss.unwrap());
            if let Some(choice) = (bar + 1).checked_sub(CANDLES).and_then(|at| choices.get(at)) {
                account.choose(print, *choice, &config);
            }
        }
    }

    #[test]
    fn rewards_sum_to_the_change_of_equity_and_equity_never_falls_below_zero(seed: u64) {
        let env = env(&weeks(seed), any_config(seed));
        let (mut stand, mut seen) = (env.start(0), vec![0.0; env.width()]);
        let mut sum = 0.0;
        for choice in any_choices(seed, 300) {
            let action = Action::Choice(choice);
            let step = env.step(&mut stand, action, Seed::root(1), &mut seen);
            sum += f64::from(step.reward);
            prop_assert!(!stand.equity.is_negative() && stand.equity >= stand.cash);
            prop_assert!(seen.iter().all(|value| value.is_finite() && value.abs() <= 5.0));
        }
        let change = (stand.equity - env.config().capital).to_f64();
        prop_assert!((sum - change / 100.0).abs() < 1e-3, "{} {}", sum, change);
    }

    #[test]
    fn what_is_seen_and_earned_hangs_on_no_later_candle(seed: u64, cut in 60usize..500) {
        let (candles, config) = (weeks(seed), any_config(seed));
        let choices = any_choices(seed, cut - CANDLES);
        let (part, whole) = (env(&candles[..cut], config.clone()), env(&candles, config));
        prop_assert_eq!(follow(&part, &choices), follow(&whole, &choices));
        let (mut early, mut late) = (vec![0.0; part.width()], vec![0.0; part.width()]);
        part.show(&part.start(cut - 2), &mut early);
        whole.show(&whole.start(cut - 2), &mut late);
        prop_assert_eq!(early, late);
    }
}

#[test]
fn one_seed_is_one_episode_and_a_stand_comes_back_from_its_record() {
    let env = env(&weeks(5), any_config(5));
    assert_eq!(env.actions(), Actions::Choice(7));
    let episode = |seed: u64| {
        let mut seen = vec![0.0; env.width()];
        let mut stand = env.reset(Seed::root(seed), &mut seen);
        let mut all = seen.clone();
        for choice in any_choices(1, 50) {
            let text = serde_json::to_string(&stand).unwrap();
            stand = serde_json::from_str(&text).unwrap();
            all.push(env.step(&mut stand, Action::Choice(choice), Seed::root(1), &mut seen).reward);
            all.extend_from_slice(&seen);
        }
        all
    };
    assert_eq!(episode(1), episode(1));
    assert_ne!(episode(1), episode(2));
}

#[test]
fn what_is_no_setting_is_told() {
    let quiet = then(&[[17_000.0; 4]; 4]);
    let told =
        |candles: &[Print], config| KnockOutEnv::new(candles, config).err().unwrap().to_string();
    let config = KnockOutEnvConfig::default;
    let financing = config().financing;
    let spread = config().rules.spread;
    let rules = |spread: SpreadRule| IssuerRules { spread, ..config().rules };
    let cases = [
        (KnockOutEnvConfig { distances: vec![], ..config() }, "distances"),
        (KnockOutEnvConfig { distances: vec![0.0], ..config() }, "distances"),
        (KnockOutEnvConfig { distances: vec![f64::NAN], ..config() }, "distances"),
        (KnockOutEnvConfig { stake: 1.1, ..config() }, "stake"),
        (KnockOutEnvConfig { stop_loss: Some(1.0), ..config() }, "stop_loss"),
        (KnockOutEnvConfig { capital: Cash::ZERO, ..config() }, "capital"),
        (KnockOutEnvConfig { episode: 0, ..config() }, "step"),
        (KnockOutEnvConfig { reward_scale: 0.0, ..config() }, "multiplied"),
        (KnockOutEnvConfig { ratio: 0.0, ..config() }, "ratio"),
        (
            KnockOutEnvConfig {
                financing: pricing::knockout::Financing { margin: -0.1, ..financing },
                ..config()
            },
            "margin",
        ),
        (
            KnockOutEnvConfig { barrier: BarrierRule::Buffer { fraction: 0.0 }, ..config() },
            "buffer",
        ),
        (
            KnockOutEnvConfig {
                rules: rules(SpreadRule { points: f64::NAN, ..spread }),
                ..config()
            },
            "spread.points",
        ),
    ];
    for (config, wanted) in cases {
        let found = told(&quiet, config);
        assert!(found.contains(wanted), "{found:?} lacks {wanted:?}");
    }
    assert!(told(&quiet[..31], config()).contains("31 candles are fewer than the 32"));
    let mut back = quiet.clone();
    back.swap(3, 4);
    assert!(told(&back, config()).contains("time goes backwards"));
    let mut broken = quiet.clone();
    if let Print::Candle { bar, .. } = &mut broken[5] {
        bar.high = bar.low - Price::from_f64(1.0, Rounding::HalfEven).unwrap();
    }
    assert!(told(&broken, config()).contains("high and low"));
}
