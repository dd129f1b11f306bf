//! Properties over random markets.

use desk::ExitPlan;
use desk::exit::{Target, TargetAt};
use market::{Bar, Price, Qty, Side};
use proptest::prelude::*;

use crate::broker::TinyBroker;
use crate::world::{Step, World, config, planned};

fn bars(moves: &[(i64, i64, i64, i64)]) -> Vec<Bar> {
    let cents = |value: i64| Price::from_raw(value.max(100) * Price::SCALE / 100);
    let mut last = 10_000;
    let mut made = Vec::new();
    for (gap, body, up, down) in moves {
        let open = (last + gap).max(1_000);
        let close = (open + body).max(1_000);
        let (high, low) = (open.max(close) + up, open.min(close) - down);
        made.push(Bar {
            open: cents(open),
            high: cents(high),
            low: cents(low),
            close: cents(close),
            volume: 1_000,
        });
        last = close;
    }
    made
}

fn plan(side: Side, fractions: &[f64]) -> ExitPlan {
    let at = |away: i64| Price::from_raw((10_000 + side.sign() as i64 * away) * Price::SCALE / 100);
    let mut plan = match side {
        Side::Long => ExitPlan::breakout(at(0), at(-400), at(800), at(-300)),
        Side::Short => ExitPlan::breakdown(at(0), at(-400), at(800), at(-300)),
    };
    let target = |(n, f): (usize, &f64)| Target {
        at: TargetAt::Price(at(300 * (n as i64 + 1))),
        fraction: *f,
    };
    plan.targets = fractions.iter().enumerate().map(target).collect();
    plan
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_filled_position_is_never_without_its_stop_and_the_journal_folds_to_the_state(
        moves in prop::collection::vec((-150i64..150, -200i64..220, 0i64..200, 0i64..200), 4..30),
        long in any::<bool>(),
        shape in 0usize..4,
        most in prop::option::of(7i64..60),
        opposing in any::<bool>(),
        split_at in prop::option::of(3usize..20),
    ) {
        let side = if long { Side::Long } else { Side::Short };
        let fractions: [&[f64]; 4] = [&[], &[1.0], &[0.5, 0.5], &[0.3, 0.3, 0.2]];
        let mut plan = plan(side, fractions[shape]);
        if opposing {
            plan = ExitPlan::opposing(plan.entry, plan.stop);
        }
        let mut intent = planned("one", side, plan);
        intent.entry.tif = market::TimeInForce::Gtc;
        let broker = TinyBroker { most: most.map(Qty::whole), ..TinyBroker::guarded() };
        let script = vec![(1, Step::Want(Box::new(intent)))];
        let mut world = World::new(config(), broker, script);
        let mut stop: Option<Price> = None;
        for (index, bar) in bars(&moves).into_iter().enumerate() {
            if split_at == Some(index) && most.is_none() {
                world.corporate(market::Corporate::Split { ratio: 2.0 });
                stop = None;
            }
            world.bar_of(bar);
            let now = world.engine.view().plans(crate::world::A).first().map(|k| k.stop);
            if let (Some(before), Some(now)) = (stop, now) {
                let looser = if long { now < before } else { now > before };
                prop_assert!(!looser, "the stop went from {before} to {now}");
            }
            stop = now.or(stop);
        }
        prop_assert_eq!(world.broker.naked, 0);
        let turned = if long { world.held() < 0 } else { world.held() > 0 };
        prop_assert!(!turned, "an exit sold more than was held");
        if world.engine.view().plans(crate::world::A).is_empty() {
            prop_assert_eq!(world.broker.open_orders(), 0);
            prop_assert_eq!(world.held(), 0);
        }
        world.check_fold();
    }
}
