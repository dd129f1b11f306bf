//! Random commands for a venue, good ones and bad ones.

use base::Seed;
use market::depth::{BookSide, Lots, OrderKey, Ticks};
use sim::depth::{
    Command, Display, Guard, Kind, Life, NewOrder, Owner, PegTo, Phase, Posting, Session,
};

/// Takes small numbers off a seed.
pub(crate) struct Dice {
    seed: Seed,
    throws: u64,
}

impl Dice {
    pub(crate) fn new(number: u64) -> Dice {
        Dice { seed: Seed::from_number(number), throws: 0 }
    }

    fn below(&mut self, sides: u64) -> u64 {
        self.throws += 1;
        self.seed.index(self.throws).number() % sides
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }
}

/// How a flow of commands is mixed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mix {
    /// Keys in use at most.
    pub(crate) keys: u64,
    /// Owners.
    pub(crate) owners: u64,
    /// One in so many commands goes to another phase.
    pub(crate) phases: u64,
}

pub(crate) fn command(dice: &mut Dice, mix: Mix) -> Command {
    if dice.below(mix.phases) == 0 {
        return Command::Enter(phase(dice));
    }
    let order = OrderKey(dice.below(mix.keys));
    match dice.below(100) {
        0..72 => Command::Submit(new_order(dice, order, mix)),
        72..84 => Command::Cancel { order },
        _ => Command::Replace { order, price: price(dice), size: size(dice) },
    }
}

fn phase(dice: &mut Dice) -> Phase {
    match dice.below(8) {
        0 => Phase::Closed,
        1 => Phase::Call(Session::Open),
        2 => Phase::Call(Session::Close),
        _ => Phase::Continuous,
    }
}

fn side(dice: &mut Dice) -> BookSide {
    dice.pick(&[BookSide::Bid, BookSide::Ask])
}

fn price(dice: &mut Dice) -> Ticks {
    match dice.below(200) {
        0 => Ticks(dice.pick(&[i64::MIN, i64::MAX, -51, 51, 1_000_000_000_000])),
        1..5 => Ticks(dice.below(101) as i64 - 50),
        _ => Ticks(dice.below(13) as i64 - 6),
    }
}

fn size(dice: &mut Dice) -> Lots {
    match dice.below(100) {
        0 => Lots(dice.pick(&[0, -1, i64::MIN, i64::MAX, 1_001])),
        1..4 => Lots(100 + dice.below(900) as i64),
        _ => Lots(1 + dice.below(12) as i64),
    }
}

fn new_order(dice: &mut Dice, key: OrderKey, mix: Mix) -> NewOrder {
    let kind = kind(dice);
    let life = match dice.below(10) {
        0 => Life::Day,
        1 => Life::Ioc,
        2 => Life::Fok,
        _ if kind == Kind::Market => dice.pick(&[Life::Ioc, Life::Ioc, Life::Fok]),
        _ => Life::Gtc,
    };
    let display = match dice.below(10) {
        0..2 => Display::Hidden,
        _ if matches!(kind, Kind::Peg { .. }) => Display::Hidden,
        _ if matches!(kind, Kind::Auction { .. }) => Display::Whole,
        2..4 => Display::Peak(Lots(dice.below(20) as i64)),
        _ => Display::Whole,
    };
    let guards = [
        Guard::Allow,
        Guard::CancelNewest,
        Guard::CancelOldest,
        Guard::CancelBoth,
        Guard::Decrement,
    ];
    let owner = Owner(dice.below(mix.owners) as u32);
    let (side, size, guard) = (side(dice), size(dice), dice.pick(&guards));
    NewOrder { key, owner, side, size, kind, life, display, guard }
}

fn kind(dice: &mut Dice) -> Kind {
    let posting = [Posting::PostOrReject, Posting::PostOrSlide];
    match dice.below(100) {
        0..12 => Kind::Market,
        12..60 => Kind::Limit { limit: price(dice), posting: Posting::MayTake },
        60..72 => Kind::Limit { limit: price(dice), posting: dice.pick(&posting) },
        72..78 => Kind::Stop { trigger: price(dice) },
        78..84 => Kind::StopLimit { trigger: price(dice), limit: price(dice) },
        84..93 => peg(dice),
        _ => {
            let limit = (dice.below(3) > 0).then(|| price(dice));
            Kind::Auction { session: dice.pick(&[Session::Open, Session::Close]), limit }
        }
    }
}

fn peg(dice: &mut Dice) -> Kind {
    let to = dice.pick(&[PegTo::Primary, PegTo::Mid, PegTo::Market]);
    let offset = match dice.below(50) {
        0 => dice.pick(&[i64::MIN, i64::MAX, 1 << 40]),
        _ => dice.below(7) as i64 - 3,
    };
    let cap = (dice.below(4) == 0).then(|| price(dice));
    Kind::Peg { to, offset, cap }
}
