use proptest::prelude::*;

use super::super::life::{OptionAction, SettledBy};
use super::*;

/// What may happen next.
#[derive(Debug, Clone)]
enum Step {
    Quote { which: usize, cents: i64, wide: i64 },
    Spot { cents: i64 },
    Order { which: usize, other: usize, qty: i64 },
    Shares { qty: i64 },
    Settle { cents: i64 },
    Split { new: u32, old: u32 },
    Dividend { cents: i64 },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let any = prop_oneof![
        4 => (0usize..6, 0i64..3_000, -5i64..50)
            .prop_map(|(which, cents, wide)| Step::Quote { which, cents, wide }),
        2 => (5_000i64..15_000).prop_map(|cents| Step::Spot { cents }),
        4 => (0usize..6, 0usize..6, -8i64..9)
            .prop_map(|(which, other, qty)| Step::Order { which, other, qty }),
        1 => (-300i64..300).prop_map(|qty| Step::Shares { qty }),
        1 => (5_000i64..15_000).prop_map(|cents| Step::Settle { cents }),
        1 => (1u32..8, 1u32..4).prop_map(|(new, old)| Step::Split { new, old }),
        1 => (1i64..500).prop_map(|cents| Step::Dividend { cents }),
    ];
    prop::collection::vec(any, 1..60)
}

fn cents(count: i64) -> Price {
    Price::from_raw(count * Price::SCALE / 100)
}

fn contracts() -> [OptionContract; 6] {
    [call("90"), call("100"), call("110"), put("90"), put("100"), put("110")]
}

/// Cash as fills alone say it.
struct Ledger {
    cash: Cash,
}

impl Ledger {
    fn fills(&mut self, outcome: &Outcome) {
        if let Outcome::Filled(fills) = outcome {
            for fill in fills {
                self.cash -= fill.asset.amount(fill.price, fill.qty) + fill.fee;
            }
        }
    }
}

fn apply(exchange: &mut OptionExchange, now: Ts, step: &Step, ledger: &mut Ledger) {
    let before = exchange.account().cash;
    match *step {
        Step::Quote { which, cents: bid, wide } => {
            let offer = |price| Some(Offer { price, size: 50 });
            let (bid, ask) = (offer(cents(bid)), offer(cents((bid + wide).max(0))));
            let contract = contracts()[which];
            exchange.on_quote(&OptionQuote { contract, at: now, known: now, bid, ask });
        }
        Step::Spot { cents: bid } => {
            let (bid, ask) = (cents(bid), cents(bid + 2));
            exchange.on_spot(Spot { bid, ask, ..spot("1", "1", now) });
        }
        Step::Order { which, other, qty } => {
            let mut legs = vec![Leg::option(contracts()[which], qty)];
            if other != which {
                legs.push(Leg::option(contracts()[other], -qty));
            }
            let outcome = exchange.submit(now, Combo::market(ComboId(1), legs, 2)).unwrap();
            ledger.fills(&outcome);
        }
        Step::Shares { qty } => {
            let legs = vec![Leg::shares(STOCK, qty)];
            let outcome = exchange.submit(now, Combo::market(ComboId(1), legs, 1)).unwrap();
            ledger.fills(&outcome);
        }
        Step::Settle { cents: at_price } => {
            let last = day("2014-06-20");
            exchange.settle(now, last, SettledBy::Close, (STOCK, cents(at_price))).unwrap();
            ledger.cash += exchange.account().cash - before;
        }
        Step::Split { new, old } => {
            exchange.corporate(now, STOCK, OptionAction::Split { new, old }).unwrap();
            ledger.cash += exchange.account().cash - before;
        }
        Step::Dividend { cents: amount } => {
            let action = OptionAction::Dividend(cents(amount));
            exchange.corporate(now, STOCK, action).unwrap();
            ledger.cash += exchange.account().cash - before;
        }
    }
}

proptest! {
    #[test]
    fn equity_is_cash_and_positions_and_all_that_was_earned_at_every_event(steps in steps()) {
        let mut config = free();
        config.rules.fees = OptionFees::default();
        let mut exchange = exchange(config);
        let mut ledger = Ledger { cash: config.cash };
        for (count, step) in steps.iter().enumerate() {
            let now = at("2014-06-06") + Span::from_seconds(count as i64);
            apply(&mut exchange, now, step, &mut ledger);
            exchange.advance(now).unwrap();
            let account = exchange.account();
            prop_assert_eq!(account.cash, ledger.cash, "{:?}", step);
            let positions: Cash =
                account.holdings().map(|(asset, held)| asset.amount(held.mark, held.qty)).sum();
            prop_assert_eq!(account.equity(), account.cash + positions);
            let earned = config.cash + account.realised + account.unrealised()
                + account.dividends - account.fees;
            prop_assert_eq!(account.equity(), earned, "{:?}", step);
        }
    }

    #[test]
    fn a_split_moves_equity_by_less_than_a_cent(
        qty in -50i64..50, shares in -500i64..500, new in 1u32..9, old in 1u32..5,
    ) {
        let mut exchange = exchange(free());
        exchange.account.trade(Asset::Option(call("100")), qty, price("4.37"), Cash::ZERO);
        exchange.account.trade(Asset::Shares(STOCK), shares, price("103.21"), Cash::ZERO);
        let before = exchange.account().equity();
        let action = OptionAction::Split { new, old };
        exchange.corporate(at("2014-06-09"), STOCK, action).unwrap();
        let moved = (exchange.account().equity() - before).abs();
        prop_assert!(moved < cash("0.01"), "{}", moved);
    }

    #[test]
    fn an_account_reads_back_as_it_was_written(qty in 1i64..50) {
        let mut account = Account::new(cash("1000"));
        account.trade(Asset::Option(call("100")), qty, price("4.37"), cash("0.65"));
        account.trade(Asset::Shares(STOCK), -qty, price("4.37"), cash("0.65"));
        let text = serde_json::to_string(&account).unwrap();
        prop_assert_eq!(serde_json::from_str::<Account>(&text).unwrap(), account);
    }
}

#[test]
fn buying_and_selling_at_once_loses_the_spread_and_the_fees() {
    let mut config = free();
    config.rules.fees = OptionFees::default();
    let mut exchange = exchange(config);
    let now = at("2014-06-06");
    exchange.on_quote(&quote(call("100"), "2.00", "2.10", now));
    exchange.submit(now, buy(call("100"), 10)).unwrap();
    exchange.submit(now, buy(call("100"), -10)).unwrap();
    let account = exchange.account();
    assert_eq!(account.equity(), config.cash - cash("100") - account.fees);
    assert!(account.fees > cash("14"));
}
