//! From one market order to a lost connection in the middle of a bracket.

use std::collections::BTreeMap;

use market::{
    BrokerEvent, Cash, ClientOrderId, OrderKind, OrderRequest, OrderState, Price, Qty, TimeInForce,
};

use crate::rig::{A, Prices, QUIET, Rig, VOLUME, exit, order, usd};

pub(crate) type Make = dyn Fn(&[Prices]) -> Box<dyn Rig>;

/// A rig, and all that was told on it.
pub(crate) struct Stage {
    pub(crate) rig: Box<dyn Rig>,
    filled: BTreeMap<ClientOrderId, Vec<(Qty, Price)>>,
    moved: BTreeMap<ClientOrderId, Vec<OrderState>>,
    cash: Cash,
}

impl Stage {
    pub(crate) fn new(make: &Make, bars: &[Prices]) -> Stage {
        let cash = Cash::from_raw(100_000 * Cash::SCALE);
        Stage { rig: make(bars), filled: BTreeMap::new(), moved: BTreeMap::new(), cash }
    }

    fn hear(&mut self) {
        let mut events = Vec::new();
        self.rig.drain(&mut events);
        for event in events {
            match event {
                BrokerEvent::Filled(fill) => {
                    self.cash -= fill.price.times(fill.qty);
                    self.cash -= fill.fee;
                    self.filled.entry(fill.order).or_default().push((fill.qty, fill.price));
                }
                BrokerEvent::Moved { order, state, .. } => {
                    self.moved.entry(order).or_default().push(state);
                }
                BrokerEvent::CashMoved { amount, .. } => self.cash += amount,
                BrokerEvent::Corrected { .. } => panic!("nothing is corrected here"),
            }
        }
    }

    pub(crate) fn send(&mut self, orders: &[&OrderRequest]) {
        orders.iter().for_each(|order| self.rig.submit(order));
        self.settle();
    }

    pub(crate) fn cancel(&mut self, order: &OrderRequest) {
        self.rig.cancel(&order.id);
        self.settle();
    }

    pub(crate) fn settle(&mut self) {
        self.rig.settle();
        self.hear();
    }

    pub(crate) fn bars(&mut self, count: usize) {
        for _ in 0..count {
            self.rig.bar();
            self.settle();
        }
    }

    pub(crate) fn filled(&self, order: &OrderRequest) -> Qty {
        self.filled.get(&order.id).into_iter().flatten().map(|(qty, _)| *qty).sum()
    }

    pub(crate) fn price(&self, order: &OrderRequest) -> Price {
        self.filled[&order.id][0].1
    }

    fn states(&self, order: &OrderRequest) -> &[OrderState] {
        self.moved.get(&order.id).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn has_ended(&self, order: &OrderRequest) -> bool {
        self.filled(order) == order.qty || self.states(order).iter().any(|state| state.is_done())
    }

    /// What was told is what the broker holds: position, cash to the cent.
    pub(crate) fn agrees(&self) -> Qty {
        let truth = self.rig.truth();
        let told: Qty = self.filled.values().flatten().map(|(qty, _)| *qty).sum();
        let held = truth.positions.iter().find(|held| held.instrument == A);
        assert_eq!(told, held.map_or(Qty::ZERO, |held| held.qty), "{:?}", self.filled);
        assert_eq!(self.cash, truth.cash);
        for states in self.moved.values() {
            let ends = states.iter().filter(|state| state.is_done()).count();
            assert!(ends <= 1, "an order ended twice: {:?}", self.moved);
        }
        told
    }

    /// Nothing is held and nothing is out.
    pub(crate) fn is_flat(&self) {
        assert_eq!(self.agrees(), Qty::ZERO);
        assert_eq!(self.rig.truth().open_orders, Vec::<ClientOrderId>::new());
    }
}

const MARKET: OrderKind = OrderKind::Market;

fn limit(price: f64) -> OrderKind {
    OrderKind::Limit { limit: usd(price) }
}

fn stop(price: f64) -> OrderKind {
    OrderKind::Stop { stop: usd(price) }
}

/// An entry with a stop and a target that sleep under it.
fn bracket(shares: i64, kind: OrderKind, prices: (f64, f64)) -> [OrderRequest; 3] {
    let entry = order("entry", shares, kind);
    let low = exit(("stop", "g"), Some(&entry), -shares, stop(prices.0));
    let high = exit(("target", "g"), Some(&entry), -shares, limit(prices.1));
    [entry, low, high]
}

pub(crate) fn a_market_order_fills_at_the_next_open(make: &Make) {
    let mut stage = Stage::new(make, &[QUIET, [101.0, 102.0, 100.0, 101.5]]);
    let buy = order("buy", 10, MARKET);
    stage.send(&[&buy]);
    assert_eq!(stage.filled(&buy), Qty::ZERO);
    stage.bars(1);
    assert_eq!((stage.filled(&buy), stage.price(&buy)), (Qty::whole(10), usd(100.0)));
    assert_eq!(stage.agrees(), Qty::whole(10));
}

pub(crate) fn a_limit_fills_at_its_price_or_better(make: &Make) {
    let mut stage = Stage::new(make, &[QUIET, [99.8, 100.0, 98.0, 99.0], QUIET]);
    let buy = order("buy", 10, limit(99.0));
    stage.send(&[&buy]);
    assert!(stage.states(&buy).contains(&OrderState::Working));
    stage.bars(1);
    assert_eq!(stage.filled(&buy), Qty::ZERO);
    stage.bars(1);
    assert_eq!((stage.filled(&buy), stage.price(&buy)), (Qty::whole(10), usd(99.0)));
    stage.agrees();
}

pub(crate) fn a_limit_for_all_hours_fills_in_the_session_and_is_protected(make: &Make) {
    let mut stage = Stage::new(make, &[QUIET, [100.0, 100.5, 98.0, 99.0], QUIET]);
    let [entry, low, high] = bracket(10, limit(99.0), (95.0, 110.0));
    let entry = OrderRequest { tif: TimeInForce::AllHours, ..entry };
    stage.send(&[&entry, &low, &high]);
    stage.bars(2);
    assert_eq!((stage.filled(&entry), stage.price(&entry)), (Qty::whole(10), usd(99.0)));
    assert!(!stage.has_ended(&low) && !stage.has_ended(&high));
    assert_eq!(stage.agrees(), Qty::whole(10));
}

pub(crate) fn a_stop_wakes_at_its_price(make: &Make) {
    let mut stage = Stage::new(make, &[QUIET, [100.0, 103.0, 99.5, 102.5], QUIET]);
    let buy = order("buy", 10, stop(102.0));
    stage.send(&[&buy]);
    stage.bars(1);
    assert_eq!(stage.filled(&buy), Qty::ZERO);
    stage.bars(1);
    assert_eq!((stage.filled(&buy), stage.price(&buy)), (Qty::whole(10), usd(102.0)));
    stage.agrees();
}

pub(crate) fn an_order_taken_back_fills_nothing(make: &Make) {
    let mut stage = Stage::new(make, &[QUIET, [99.0, 99.5, 90.0, 95.0]]);
    let buy = order("buy", 10, limit(98.0));
    stage.send(&[&buy]);
    stage.cancel(&buy);
    assert_eq!(stage.states(&buy).last(), Some(&OrderState::Cancelled));
    stage.bars(2);
    stage.is_flat();
}

pub(crate) fn an_order_sent_twice_is_one(make: &Make) {
    let mut stage = Stage::new(make, &[QUIET, QUIET]);
    let buy = order("buy", 10, MARKET);
    stage.send(&[&buy, &buy]);
    stage.send(&[&buy]);
    stage.bars(1);
    assert_eq!(stage.agrees(), Qty::whole(10));
}

pub(crate) fn an_order_too_large_is_refused_and_its_children_with_it(make: &Make) {
    let mut stage = Stage::new(make, &[QUIET, QUIET]);
    // A million dollars' worth, and more than a simulator in place can sell short of.
    let [entry, low, high] = bracket(-90_000_000_000, limit(100.0), (101.0, 90.0));
    stage.send(&[&entry, &low, &high]);
    if stage.states(&entry).last() != Some(&OrderState::Rejected) {
        // A simulator in place knows no buying power.
        stage.cancel(&entry);
    }
    assert!(stage.has_ended(&entry) && stage.has_ended(&low) && stage.has_ended(&high));
    stage.is_flat();
}

pub(crate) fn a_target_that_fills_takes_its_stop_along(make: &Make) {
    let mut stage = Stage::new(make, &[QUIET, QUIET, [100.0, 111.0, 99.5, 110.5], QUIET]);
    let [entry, low, high] = bracket(10, MARKET, (95.0, 110.0));
    stage.send(&[&entry, &low, &high]);
    stage.bars(1);
    assert_eq!(stage.agrees(), Qty::whole(10));
    stage.bars(3);
    assert_eq!((stage.filled(&high), stage.price(&high)), (Qty::whole(-10), usd(110.0)));
    assert!(stage.has_ended(&low));
    stage.is_flat();
}

pub(crate) fn a_stop_that_fills_takes_its_target_along(make: &Make) {
    let mut stage = Stage::new(make, &[QUIET, QUIET, [100.0, 100.5, 94.0, 94.5], QUIET]);
    let [entry, low, high] = bracket(10, MARKET, (95.0, 110.0));
    stage.send(&[&entry, &low, &high]);
    stage.bars(4);
    assert_eq!((stage.filled(&low), stage.price(&low)), (Qty::whole(-10), usd(95.0)));
    assert!(stage.has_ended(&high));
    stage.is_flat();
}

pub(crate) fn a_stop_is_moved_by_sending_the_new_one_first(make: &Make) {
    let mut stage = Stage::new(make, &[QUIET, QUIET, QUIET, [100.0, 100.2, 97.0, 97.5], QUIET]);
    let [entry, low, high] = bracket(10, MARKET, (95.0, 110.0));
    stage.send(&[&entry, &low, &high]);
    stage.bars(1);
    let moved = exit(("moved", "g"), None, -10, stop(98.0));
    stage.send(&[&moved]);
    assert!(stage.states(&moved).contains(&OrderState::Working));
    stage.cancel(&low);
    assert_eq!(stage.states(&low).last(), Some(&OrderState::Cancelled));
    stage.bars(4);
    assert_eq!((stage.filled(&moved), stage.price(&moved)), (Qty::whole(-10), usd(98.0)));
    assert_eq!(stage.filled(&low), Qty::ZERO);
    stage.is_flat();
}

pub(crate) fn a_target_is_moved(make: &Make) {
    let mut stage = Stage::new(make, &[QUIET, QUIET, QUIET, [100.0, 106.0, 99.5, 105.0], QUIET]);
    let [entry, low, high] = bracket(10, MARKET, (95.0, 110.0));
    stage.send(&[&entry, &low, &high]);
    stage.bars(1);
    stage.rig.cancel(&high.id);
    let moved = exit(("nearer", "g"), None, -10, limit(105.0));
    stage.send(&[&moved]);
    assert_eq!(stage.states(&high).last(), Some(&OrderState::Cancelled));
    stage.bars(4);
    assert_eq!((stage.filled(&moved), stage.price(&moved)), (Qty::whole(-10), usd(105.0)));
    assert!(stage.has_ended(&low));
    stage.is_flat();
}

pub(crate) fn an_exit_at_the_market_leaves_no_stop_behind(make: &Make) {
    let mut stage = Stage::new(make, &[QUIET; 6]);
    let [entry, low, high] = bracket(10, MARKET, (95.0, 110.0));
    stage.send(&[&entry, &low, &high]);
    stage.bars(1);
    let out = exit(("exit", "g"), None, -10, MARKET);
    stage.send(&[&out]);
    stage.bars(2);
    assert_eq!(stage.filled(&out), Qty::whole(-10));
    assert!(stage.has_ended(&low) && stage.has_ended(&high));
    stage.is_flat();
}

pub(crate) fn two_parts_each_behind_its_own_bracket(make: &Make) {
    let script = [QUIET, QUIET, [100.0, 106.0, 99.5, 105.0], [105.0, 105.5, 94.0, 94.5], QUIET];
    let mut stage = Stage::new(make, &script);
    let entry = order("entry", 10, MARKET);
    let half = |name: &str, group: &str, kind| exit((name, group), Some(&entry), -5, kind);
    let (low, high) = (half("stop 1", "g1", stop(95.0)), half("target 1", "g1", limit(105.0)));
    let rest = half("stop 2", "g2", stop(95.0));
    stage.send(&[&entry, &low, &high, &rest]);
    stage.bars(3);
    assert_eq!(stage.agrees(), Qty::whole(5));
    assert_eq!((stage.filled(&high), stage.filled(&low)), (Qty::whole(-5), Qty::ZERO));
    stage.bars(2);
    assert_eq!(stage.filled(&rest), Qty::whole(-5));
    stage.is_flat();
}

pub(crate) fn an_entry_filled_in_part_is_protected_in_part(make: &Make) {
    // A bar lets an order take a tenth of its volume.
    let most = (VOLUME / 10.0) as i64;
    let away: Prices = [102.0, 102.5, 101.5, 102.0];
    let script = [[99.9, 100.0, 99.0, 100.0], away, [100.5, 100.6, 94.0, 94.5], QUIET];
    let mut stage = Stage::new(make, &script);
    let [entry, low, high] = bracket(most + 400, limit(100.0), (95.0, 110.0));
    stage.send(&[&entry, &low, &high]);
    stage.bars(1);
    assert_eq!(stage.agrees(), Qty::whole(most));
    stage.rig.cancel(&entry.id);
    stage.settle();
    stage.bars(3);
    assert_eq!(stage.filled(&low), Qty::whole(-most));
    assert!(stage.has_ended(&entry));
    assert_eq!(stage.agrees(), Qty::ZERO);
    [&low, &high].iter().for_each(|order| stage.rig.cancel(&order.id));
    stage.settle();
    stage.is_flat();
}

pub(crate) fn children_go_with_an_entry_taken_back(make: &Make) {
    let mut stage = Stage::new(make, &[QUIET, [100.0, 111.0, 90.0, 100.0]]);
    let [entry, low, high] = bracket(10, limit(89.0), (85.0, 110.0));
    stage.send(&[&entry, &low, &high]);
    stage.cancel(&entry);
    assert!(stage.has_ended(&entry) && stage.has_ended(&low) && stage.has_ended(&high));
    stage.bars(2);
    stage.is_flat();
}

pub(crate) fn a_short_is_bought_back_at_its_stop(make: &Make) {
    let mut stage = Stage::new(make, &[QUIET, QUIET, [100.0, 106.0, 99.5, 105.5], QUIET]);
    let [entry, high, low] = bracket(-10, MARKET, (105.0, 90.0));
    stage.send(&[&entry, &high, &low]);
    stage.bars(1);
    assert_eq!(stage.agrees(), Qty::whole(-10));
    stage.bars(3);
    assert_eq!((stage.filled(&high), stage.price(&high)), (Qty::whole(10), usd(105.0)));
    assert!(stage.has_ended(&low));
    stage.is_flat();
}

pub(crate) fn a_line_lost_after_the_entry_finds_all_when_it_is_back(make: &Make) {
    let mut stage = Stage::new(make, &[QUIET, QUIET, QUIET]);
    let [entry, low, high] = bracket(10, MARKET, (95.0, 110.0));
    stage.send(&[&entry, &low, &high]);
    stage.rig.cut();
    stage.bars(2);
    stage.rig.mend();
    stage.settle();
    assert_eq!(stage.filled(&entry), Qty::whole(10));
    assert_eq!(stage.agrees(), Qty::whole(10));
    assert!(!stage.has_ended(&low) && !stage.has_ended(&high));
}

pub(crate) fn a_line_lost_in_the_middle_of_a_bracket_loses_nothing(make: &Make) {
    let script = [QUIET, QUIET, [100.0, 100.5, 94.0, 94.5], [94.5, 111.0, 94.0, 110.0], QUIET];
    let mut stage = Stage::new(make, &script);
    let [entry, low, high] = bracket(10, MARKET, (95.0, 110.0));
    stage.send(&[&entry, &low, &high]);
    stage.bars(1);
    stage.rig.cut();
    // The stop fills while nobody hears of it, and a moved one is sent into the dark.
    let moved = exit(("moved", "g"), None, -10, stop(97.0));
    stage.rig.submit(&moved);
    stage.bars(2);
    stage.rig.mend();
    stage.settle();
    stage.bars(2);
    let sold = stage.filled(&low) + stage.filled(&high) + stage.filled(&moved);
    assert_eq!(sold, Qty::whole(-10));
    [&low, &high, &moved].iter().for_each(|order| stage.rig.cancel(&order.id));
    stage.settle();
    assert!(stage.has_ended(&low) && stage.has_ended(&high) && stage.has_ended(&moved));
    stage.is_flat();
}
