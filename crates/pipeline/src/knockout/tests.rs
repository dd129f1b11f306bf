use base::Rounding;
use market::{Cash, Price, Side};
use pricing::knockout::{Financing, Utility};
use sim::knockout::{Hours, IssuerRules, Unwind};

use super::ladder::{Barriers, Ladder, Weighed, weigh};
use super::life::{Bars, Ended, Life, Pick, Settings, SideRule, live};
use super::*;

fn kind() -> Kind {
    Kind {
        ratio: None,
        financing: Financing { reference_rate: 0.03, margin: 0.03, year_days: 360.0 },
        buffer: 0.0,
        spread_points: None,
        tick: Price::from_f64(0.01, Rounding::HalfEven).unwrap(),
    }
}

fn free() -> Kind {
    let financing = Financing { reference_rate: 0.0, margin: 0.0, year_days: 360.0 };
    Kind { financing, spread_points: Some(0.0), ..kind() }
}

fn view() -> View {
    View {
        cases: Cases::Drift(0.0),
        volatility: 0.2,
        sessions: 5,
        gaps: Gaps { night_share: 0.3, jump_chance: 0.01, jump_deviation: 0.03 },
    }
}

fn asked(level: Level) -> Asked {
    Asked { side: Side::Long, index: 18_000.0, level }
}

#[test]
fn a_quote_says_value_prices_leverage_and_what_a_night_costs() {
    let level = Level::Strike { strike: 17_100.0, barrier: None };
    let found = quote(asked(level), &kind(), &view(), (2_000, 7)).unwrap();
    assert_eq!(found.offer.ratio, 0.01);
    assert!((found.value - 9.0).abs() < 1e-9);
    // 1.8 points of spread are 1.8 cents: half of it below and above, to the cent outwards.
    assert_eq!((found.bid.to_string(), found.ask.to_string()), ("8.99".into(), "9.01".into()));
    assert!((found.leverage - 20.0).abs() < 1e-9);
    assert!((found.distance - 0.05).abs() < 1e-12);
    assert!((found.distance_sigmas - 0.05 * 252f64.sqrt() / 0.2).abs() < 1e-9);
    assert!((found.financing.night - 17_100.0 * 0.06 / 360.0 * 0.01).abs() < 1e-9);
    assert!((found.financing.weekend - 3.0 * found.financing.night).abs() < 1e-9);
    assert!(found.by_paths.low <= found.by_paths.value && found.by_paths.value > 0.0);
}

#[test]
fn without_nights_and_jumps_paths_agree_with_the_closed_form() {
    let gaps = Gaps { night_share: 0.0, jump_chance: 0.0, jump_deviation: 0.0 };
    let cases = [Cases::Drift(0.5), Cases::UpOrDown { up_chance: 0.7, by: 0.02 }];
    for cases in cases {
        let view = View { cases, gaps, ..view() };
        let found = quote(asked(Level::Distance(0.03)), &free(), &view, (40_000, 1)).unwrap();
        let off = (found.by_paths.value - found.closed_form).abs();
        assert!(off < 1.5 * (found.by_paths.high - found.by_paths.low), "{cases:?} {found:?}");
        assert!(found.closed_form > 0.05 && found.closed_form < 0.5, "{}", found.closed_form);
    }
}

#[test]
fn an_index_without_drift_gives_a_holder_who_pays_nothing_nothing() {
    // A barrier behind which something is left would be lost to a leap: none here.
    let found = quote(asked(Level::Distance(0.2)), &free(), &view(), (100_000, 3)).unwrap();
    assert!(found.held.low < 0.0 && found.held.high > 0.0, "{:?}", found.held);
    assert!(found.held.high - found.held.low < 0.01);
}

#[test]
fn a_barrier_beside_its_strike_is_a_mini_future() {
    let level = Level::Strike { strike: 17_000.0, barrier: Some(17_340.0) };
    let found = quote(asked(level), &kind(), &view(), (200, 7)).unwrap();
    assert_eq!((found.strike, found.barrier), (17_000.0, 17_340.0));
    let below = Level::Strike { strike: 17_000.0, barrier: Some(16_900.0) };
    let fault = quote(asked(below), &kind(), &view(), (200, 7)).unwrap_err();
    assert!(matches!(fault, crate::Error::ValueKnockOut(_)), "{fault}");
}

fn ladder(drift: f64) -> Ladder {
    let utility = Utility::LogGrowth;
    Ladder {
        side: Side::Long,
        index: 18_000.0,
        barriers: Barriers::Usual,
        kind: kind(),
        view: View { cases: Cases::Drift(drift), ..view() },
        weighed: Weighed { stake: 0.1, stop_loss: None, utility, most_knock_out: None },
        paths: 4_000,
        seed: 7,
    }
}

#[test]
fn a_wrong_side_is_not_bought_and_a_strong_view_chooses_a_barrier() {
    let wrong = weigh(ladder(-0.5)).unwrap();
    assert_eq!((wrong.rungs.len(), wrong.best), (16, None));
    let strong = weigh(ladder(1.0)).unwrap();
    let best = &strong.rungs[strong.best.unwrap()];
    assert!(best.utility.value > 0.0);
    assert!(strong.rungs.windows(2).all(|two| two[0].leverage > two[1].leverage));
    assert!(strong.rungs.windows(2).all(|two| two[0].knock_out.value >= two[1].knock_out.value));
    let bound = Weighed { most_knock_out: Some(0.01), ..ladder(1.0).weighed };
    let bound = weigh(Ladder { weighed: bound, ..ladder(1.0) }).unwrap();
    let careful = &bound.rungs[bound.best.unwrap()];
    assert!(careful.is_borne && careful.knock_out.value <= 0.01);
    assert!(careful.distance >= best.distance);
    assert!(!bound.is_at_an_end() && !wrong.is_at_an_end());
    let alone = Barriers::Levels(vec![17_000.0]);
    assert!(weigh(Ladder { barriers: alone, ..ladder(1.0) }).unwrap().is_at_an_end());
}

#[test]
fn levels_become_distances_and_one_on_the_wrong_side_is_refused() {
    let levels = |levels: &[f64]| Barriers::Levels(levels.to_vec());
    let found = weigh(Ladder { barriers: levels(&[16_000.0, 17_000.0]), ..ladder(0.0) }).unwrap();
    assert!((found.rungs[0].barrier - 17_000.0).abs() < 1e-6);
    let wrong = weigh(Ladder { barriers: levels(&[19_000.0]), ..ladder(0.0) }).unwrap_err();
    assert!(wrong.to_string().contains("below it"), "{wrong}");
}

fn rules(offer: &Offer) -> IssuerRules {
    IssuerRules { index_hours: Hours::dax(), ..offer.rules() }
}

fn made(sessions: u32, pick: Pick, side: SideRule, kind: &Kind) -> Life {
    let offer = kind.on(10_000.0).unwrap();
    let mut rules = rules(&offer);
    let bars = Bars::made(sessions, &view(), 5, &mut rules).unwrap();
    let settings = Settings {
        offer,
        rules,
        side,
        pick,
        hold: 5,
        stake: 0.1,
        cash: Cash::from_raw(1_000_000 * Cash::SCALE),
        window: 20,
        drift: 0.0,
        paths: 400,
        seed: 7,
    };
    live(bars, settings).unwrap()
}

#[test]
fn on_an_index_that_does_as_was_said_as_many_die_as_was_said() {
    let life = made(2_500, Pick::Sigmas(1.0), SideRule::Alternate, &kind());
    let held = &life.calibration.rungs[0];
    assert!(held.count > 250 && !held.is_too_short(), "{held:?}");
    // Volatility is measured on twenty sessions, which is an error of its own: a wide band.
    let judged: Vec<_> =
        life.calibration.rungs.iter().filter(|rung| !rung.is_too_short()).collect();
    assert!(judged.len() >= 7, "{}", judged.len());
    for rung in judged {
        let reach = 0.5 * (rung.more.high - rung.more.low);
        assert!(rung.more.value.abs() < 2.0 * reach + 0.02, "{rung:?}");
    }
    let count = |ended: Ended| life.trades.iter().filter(|trade| trade.ended == ended).count();
    for trade in &life.trades {
        // What is followed beside the account ends as the account did.
        if let Some(died) = trade.chance.died {
            assert_eq!(died, trade.ended == Ended::KnockedOut, "{trade:?}");
        }
    }
    let ended = count(Ended::KnockedOut) + count(Ended::Sold);
    assert_eq!(life.fills.len(), life.trades.len() + ended);
}

#[test]
fn the_parts_of_the_money_come_out_to_the_account() {
    let mini = Kind { buffer: 0.01, ..kind() };
    for (kind, side) in [(kind(), SideRule::Short), (mini, SideRule::Alternate)] {
        let life = made(600, Pick::Distance(0.02), side, &kind);
        let held: f64 = life
            .trades
            .iter()
            .filter(|trade| trade.ended == Ended::Open)
            .map(|trade| trade.paid())
            .sum();
        let gained = life.equity.to_f64() - life.settings.cash.to_f64();
        // What is still held is worth something between nothing and a few times what was paid.
        let off = gained - (life.split.result() - held);
        assert!(off > -0.01 && off <= 10.0 * held + 0.01, "{gained} {held} {:?}", life.split);
        for trade in life.trades.iter().filter(|trade| trade.closed.is_some()) {
            let received = trade.closed.unwrap().received.to_f64() * trade.bought.pieces as f64;
            let off = received - trade.paid() - trade.split.result();
            assert!(off.abs() < 1e-6 * trade.paid(), "{trade:?}");
            assert!(trade.split.spread > 0.0 && trade.split.leapt >= 0.0);
            assert!(trade.split.slid >= 0.0);
        }
        assert!(life.split.spread > 0.0);
        let lost_beyond = life.split.leapt + life.split.slid;
        // With a barrier at the strike nothing is left beyond it to lose.
        assert_eq!(lost_beyond > 0.0, kind.buffer > 0.0, "{:?}", life.split);
    }
}

#[test]
fn unwinding_at_the_barrier_takes_away_what_slid() {
    let mini = Kind { buffer: 0.01, ..kind() };
    let offer = mini.on(10_000.0).unwrap();
    let mut rules = IssuerRules { unwind: Unwind::AtBarrier, ..rules(&offer) };
    let bars = Bars::made(600, &view(), 5, &mut rules).unwrap();
    let like = made(600, Pick::Distance(0.02), SideRule::Long, &mini);
    let life = live(bars, Settings { rules, ..like.settings.clone() }).unwrap();
    assert!(like.split.slid > 0.0);
    // What is left is the rounding of each residual to a cent.
    assert!(life.split.slid < 0.05 * like.split.slid, "{:?} {:?}", life.split, like.split);
}

#[test]
fn a_rule_that_finds_no_barrier_worth_it_stays_out() {
    let weighed = ladder(0.0).weighed;
    let pick = Pick::Best { distances: vec![0.02, 0.05], weighed };
    let like = made(60, Pick::Distance(0.02), SideRule::Long, &kind());
    let life = live(like.bars, Settings { pick, drift: -1.0, ..like.settings }).unwrap();
    assert!(life.trades.is_empty() && life.stayed_out > 30);
    assert_eq!(life.equity, life.settings.cash);
    let verdict = life::page::calibrated(&life.calibration.rungs[0]);
    assert!(verdict.title.contains("Too short"), "{verdict:?}");
}

#[test]
fn what_can_t_be_held_is_refused_with_what_to_do() {
    let like = made(60, Pick::Distance(0.02), SideRule::Long, &kind());
    let set = |change: &dyn Fn(&mut Settings)| {
        let mut settings = like.settings.clone();
        change(&mut settings);
        live(like.bars.clone(), settings).unwrap_err().to_string()
    };
    let cases = [
        (set(&|it| it.hold = 0), "held for 0 sessions"),
        (set(&|it| it.stake = 1.5), "a stake of 1.5"),
        (set(&|it| it.window = 2), "volatility over 2 sessions"),
        (set(&|it| it.window = 100), "needs more than 100"),
        (set(&|it| it.pick = Pick::Distance(1.0)), "a distance of 100 %"),
        (set(&|it| it.pick = Pick::Sigmas(0.0)), "deviations"),
        (set(&|it| it.side = SideRule::Trend { sessions: 0 }), "a trend over no session"),
        (set(&|it| it.paths = 1), "1 paths"),
    ];
    for (told, wanted) in cases {
        assert!(told.contains(wanted), "{told:?} lacks {wanted:?}");
    }
}
