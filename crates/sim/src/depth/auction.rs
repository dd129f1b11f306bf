//! Auctions: orders are collected, then all that can trade does so at one price.
//!
//! The price is the one at which most trades; of those, the one that leaves least over; of those,
//! the one nearest to the reference price, which is the last trade's; of two as near, the higher
//! (the steps of Nasdaq's crosses, Equity 4, Rules 4752 (d) (2) and 4754 (b) (2), without that of
//! the entered price at which shares remain, and with the last trade in the place of the middle
//! of the touch). Candidates are all limits and the
//! reference price. Displayed, auction-only and hidden orders take part, icebergs with all they
//! have; pegged orders and stops sleep.
//!
//! Who would trade with himself is kept from it before the auction is told: as long as pairing in
//! the order of price and time brings two orders of one owner together, the guard of the one that
//! came to wait later is heeded, and price and pairs are found anew.

use market::depth::{BookSide, DepthChange, Lots, Queues, Resting, Ticks};
use serde::{Deserialize, Serialize};

use super::matching::{Maker, Pool, Wear, cancelled, no_limit};
use super::roster::{Live, Place};
use super::{CancelReason, Guard, Kind, NewOrder, Outbox, Session, Trade, Venue, VenueEvent};

/// What an auction would do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Indication {
    /// The price, where anything could trade.
    pub price: Option<Ticks>,
    /// How much would trade.
    pub size: Lots,
    /// What would be left over at the price: buyers positive, sellers negative.
    pub imbalance: Lots,
}

/// A price that an auction could have.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    price: Ticks,
    buys: i64,
    sells: i64,
}

impl Candidate {
    fn size(&self) -> i64 {
        self.buys.min(self.sells)
    }

    fn imbalance(&self) -> i64 {
        self.buys - self.sells
    }
}

/// An order in an auction.
#[derive(Debug, Clone, Copy)]
struct Bidder {
    price: Ticks,
    at: u32,
}

impl Venue {
    /// Price, size and imbalance at which an auction would end now, if nobody met himself. Walks all
    /// orders that wait.
    pub fn indication(&self, session: Session) -> Indication {
        let candidates = self.candidates(session);
        let most = candidates.iter().map(Candidate::size).max().unwrap_or(0);
        if most == 0 {
            return Indication { price: None, size: Lots::ZERO, imbalance: Lots::ZERO };
        }
        let tied = candidates.iter().filter(|candidate| candidate.size() == most);
        let least = tied.clone().map(|candidate| candidate.imbalance().abs()).min().unwrap_or(0);
        let tied: Vec<&Candidate> =
            tied.filter(|candidate| candidate.imbalance().abs() == least).collect();
        let reference = self.reference().unwrap_or_else(|| middle(&tied));
        let distance = |one: &&&Candidate| (one.price.0 - reference.0).abs();
        let best = tied.iter().min_by_key(distance);
        Indication {
            price: best.map(|best| best.price),
            size: Lots(most),
            imbalance: Lots(best.map_or(0, |best| best.imbalance())),
        }
    }

    /// Price of the last trade, or the one the venue was opened with.
    pub fn reference(&self) -> Option<Ticks> {
        self.last.or(self.config.reference)
    }

    /// Keeps an order until its auction.
    pub(super) fn collect(&mut self, order: NewOrder, left: Lots, out: &mut Outbox) {
        let Kind::Auction { session, limit } = order.kind else { return };
        let price = limit.unwrap_or(no_limit(order.side));
        let at = self.roster.enter(order, left);
        let resting = Resting { side: order.side, price, size: left };
        match self.calls[session as usize].push(resting, u64::from(at)) {
            Ok(slot) => self.roster.get_mut(at).place = Place::Call(session, slot),
            Err(_) => {
                self.roster.leave(at);
                cancelled(&order, left, Lots::ZERO, CancelReason::LevelFull, out);
            }
        }
    }

    /// Runs an auction and ends the orders that were for it alone.
    pub(super) fn uncross(&mut self, session: Session, out: &mut Outbox) {
        self.part_owners(session, out);
        let Indication { price, size, .. } = self.indication(session);
        out.event(VenueEvent::Auctioned { price, size });
        if let Some(price) = price {
            out.show(DepthChange::Trade { resting: None, price, size });
            let buys = self.bidders(session, BookSide::Bid);
            let sells = self.bidders(session, BookSide::Ask);
            self.pair(&buys, &sells, (price, size), out);
            self.print(price);
        }
        let is_over = |kind| matches!(kind, Kind::Auction { session: of, .. } if of == session);
        for key in self.roster.keys_where(|order| is_over(order.kind)) {
            self.expire(key, out);
        }
    }

    /// Heeds guards until no owner would meet himself. Each round takes from an order, so the rounds
    /// end.
    fn part_owners(&mut self, session: Session, out: &mut Outbox) {
        loop {
            let buys = self.bidders(session, BookSide::Bid);
            let sells = self.bidders(session, BookSide::Ask);
            let guarded = |one: &Bidder| self.roster.get(one.at).order.guard != Guard::Allow;
            if !buys.iter().chain(&sells).any(guarded) {
                return;
            }
            let size = self.indication(session).size;
            let Some((buyer, seller, both)) = self.own_pair(&buys, &sells, size) else { return };
            self.heed(buyer, seller, both, out);
        }
    }

    /// The first two orders of one owner that an auction of that size would pair and a guard
    /// forbids, and how much they would trade.
    fn own_pair(&self, buys: &[Bidder], sells: &[Bidder], size: Lots) -> Option<(u32, u32, Lots)> {
        let (mut buys, mut sells) = (buys.iter(), sells.iter());
        let (mut buyer, mut seller) = (buys.next()?, sells.next()?);
        let (mut wants, mut has) = (self.left(buyer), self.left(seller));
        let mut missing = size.0;
        loop {
            let both = wants.min(has).min(missing);
            if both <= 0 {
                return None;
            }
            let (bid, ask) = (self.roster.get(buyer.at), self.roster.get(seller.at));
            let later = if bid.arrival > ask.arrival { bid } else { ask };
            if bid.order.owner == ask.order.owner && later.order.guard != Guard::Allow {
                return Some((buyer.at, seller.at, Lots(both)));
            }
            (wants, has, missing) = (wants - both, has - both, missing - both);
            if wants == 0 {
                buyer = buys.next()?;
                wants = self.left(buyer);
            }
            if has == 0 {
                seller = sells.next()?;
                has = self.left(seller);
            }
        }
    }

    /// Does what the guard of the later of two orders says.
    fn heed(&mut self, buyer: u32, seller: u32, both: Lots, out: &mut Outbox) {
        let (bid, ask) = (*self.roster.get(buyer), *self.roster.get(seller));
        let buyer_is_later = bid.arrival > ask.arrival;
        let (newest, oldest) = if buyer_is_later { (bid, ask) } else { (ask, bid) };
        let reason = CancelReason::SelfTrade;
        let guard = newest.order.guard;
        if guard == Guard::Decrement {
            let (first, second) = if buyer_is_later { (seller, buyer) } else { (buyer, seller) };
            let left = self.give(first, both, Wear::Cancel, out);
            cancelled(&oldest.order, both, left, reason, out);
            let left = self.give(second, both, Wear::Cancel, out);
            cancelled(&newest.order, both, left, reason, out);
            return;
        }
        if guard != Guard::CancelNewest {
            self.end(oldest.order.key, reason, out);
        }
        if guard != Guard::CancelOldest {
            self.end(newest.order.key, reason, out);
        }
    }

    /// All limits and the reference price, highest first, with what would trade there.
    fn candidates(&self, session: Session) -> Vec<Candidate> {
        let buys = self.bidders(session, BookSide::Bid);
        let sells = self.bidders(session, BookSide::Ask);
        let limits = buys.iter().chain(&sells).map(|bidder| bidder.price);
        let limits = limits.filter(|price| self.check_price(*price).is_ok());
        let mut prices: Vec<Ticks> = limits.chain(self.reference()).collect();
        prices.sort_unstable_by(|one, other| other.cmp(one));
        prices.dedup();
        // From the highest price down, more would buy and fewer sell.
        let mut buying = buys.iter().peekable();
        let mut selling = sells.iter().rev().peekable();
        let (mut bought, mut sold) = (0, sells.iter().map(|bidder| self.left(bidder)).sum());
        let candidate = |price: Ticks| {
            while let Some(more) = buying.next_if(|bidder| bidder.price >= price) {
                bought += self.left(more);
            }
            while let Some(fewer) = selling.next_if(|bidder| bidder.price > price) {
                sold -= self.left(fewer);
            }
            Candidate { price, buys: bought, sells: sold }
        };
        prices.into_iter().map(candidate).collect()
    }

    fn left(&self, bidder: &Bidder) -> i64 {
        self.roster.get(bidder.at).left.0
    }

    /// All orders of a side in the order in which an auction fills them: by price, those that take
    /// any price first; at a price displayed ones, then auction-only ones, then hidden ones, each
    /// by time.
    fn bidders(&self, session: Session, side: BookSide) -> Vec<Bidder> {
        let mut all = Vec::new();
        for queues in [&self.shown, &self.calls[session as usize], &self.dark] {
            all.extend(bidders_in(queues, side));
        }
        // A stable sort: what stands first at a price stays first.
        all.sort_by_key(|bidder| -bidder.price.0 * side.sign());
        all
    }

    /// Lets buyers and sellers trade so much at one price, each side in its order.
    fn pair(
        &mut self,
        buys: &[Bidder],
        sells: &[Bidder],
        (price, size): (Ticks, Lots),
        out: &mut Outbox,
    ) {
        let (mut buys, mut sells) = (buys.iter(), sells.iter());
        let (mut buy, mut sell) = (buys.next(), sells.next());
        let mut missing = size.0;
        while let (Some(buyer), Some(seller)) = (buy, sell) {
            let both = self.left(buyer).min(self.left(seller)).min(missing);
            if both <= 0 {
                break;
            }
            missing -= both;
            let (bought, sold) = (self.left(buyer) == both, self.left(seller) == both);
            self.fill(buyer.at, seller.at, (price, Lots(both)), out);
            buy = if bought { buys.next() } else { buy };
            sell = if sold { sells.next() } else { sell };
        }
    }

    fn fill(&mut self, buyer: u32, seller: u32, (price, size): (Ticks, Lots), out: &mut Outbox) {
        let (taker, maker) = (self.roster.get(buyer).order, self.roster.get(seller).order);
        let taker_left = self.give(buyer, size, Wear::Trade, out);
        let maker_left = self.give(seller, size, Wear::Trade, out);
        out.event(VenueEvent::Traded(Trade {
            price,
            size,
            maker: maker.key,
            maker_owner: maker.owner,
            maker_left,
            taker: taker.key,
            taker_owner: taker.owner,
            taker_left,
            aggressor: None,
        }));
    }

    /// Takes so much from an order, wherever it waits. What remains of it.
    fn give(&mut self, at: u32, by: Lots, why: Wear, out: &mut Outbox) -> Lots {
        let Live { order, place, .. } = *self.roster.get(at);
        let (pool, slot) = match place {
            Place::Shown(slot) => (Pool::Shown, slot),
            Place::Dark(slot) => (Pool::Dark, slot),
            Place::Call(session, slot) => (Pool::Call(session), slot),
            Place::Stop(_) | Place::Parked => return Lots::ZERO,
        };
        let Resting { price, size, .. } = self.pool(pool).get(slot);
        let maker = Maker { pool, slot, at, side: order.side, price, size };
        self.wear(maker, by, why, out)
    }
}

fn bidders_in(queues: &Queues, side: BookSide) -> impl Iterator<Item = Bidder> {
    queues.levels(side).flat_map(move |(price, _)| {
        queues.queue(side, price).map(move |slot| Bidder { price, at: queues.tag(slot) as u32 })
    })
}

/// The middle of the prices that are as good, where nothing else tells them apart.
fn middle(tied: &[&Candidate]) -> Ticks {
    match (tied.first(), tied.last()) {
        (Some(high), Some(low)) => Ticks((high.price.0 + low.price.0).div_euclid(2)),
        _ => Ticks::ZERO,
    }
}
