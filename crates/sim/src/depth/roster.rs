//! The orders that live.

use market::depth::{KeyTable, Lots, OrderKey, Slot};

use super::{NewOrder, Session};

/// Where an order waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In the displayed book.
    Shown(Slot),
    /// In the hidden book.
    Dark(Slot),
    /// Among the stops.
    Stop(Slot),
    /// Among the orders of an auction.
    Call(Session, Slot),
    /// Nowhere: a pegged order with nothing to follow.
    Parked,
}

/// An order that lives.
#[derive(Debug, Clone, Copy)]
pub(super) struct Live {
    /// As it was sent, with the price it has now.
    pub(super) order: NewOrder,
    /// What remains of it, hidden parts included.
    pub(super) left: Lots,
    pub(super) place: Place,
    /// Counts up: of two orders the one that came to wait later has more.
    pub(super) arrival: u64,
}

/// All orders that live, by key. Places of those gone are used again.
#[derive(Debug, Clone, Default)]
pub(super) struct Roster {
    lives: Vec<Live>,
    free: Vec<u32>,
    table: KeyTable,
    /// Arrivals so far.
    pub(super) arrivals: u64,
}

impl Roster {
    #[inline]
    pub(super) fn find(&self, key: OrderKey) -> Option<u32> {
        self.table.find(key, |at| self.lives[at as usize].order.key)
    }

    #[inline]
    pub(super) fn get(&self, at: u32) -> &Live {
        &self.lives[at as usize]
    }

    #[inline]
    pub(super) fn get_mut(&mut self, at: u32) -> &mut Live {
        &mut self.lives[at as usize]
    }

    /// Takes in an order whose key no other has; it waits nowhere yet.
    #[inline]
    pub(super) fn enter(&mut self, order: NewOrder, left: Lots) -> u32 {
        self.arrivals += 1;
        self.admit(Live { order, left, place: Place::Parked, arrival: self.arrivals })
    }

    /// Takes in an order as it is.
    #[inline]
    pub(super) fn admit(&mut self, live: Live) -> u32 {
        let at = match self.free.pop() {
            Some(at) => {
                self.lives[at as usize] = live;
                at
            }
            None => {
                self.lives.push(live);
                self.lives.len() as u32 - 1
            }
        };
        let lives = &self.lives;
        let found = self.table.find_or_vacant(live.order.key, |at| lives[at as usize].order.key);
        if let Err(vacant) = found {
            self.table.insert(vacant, live.order.key, at);
        }
        at
    }

    #[inline]
    pub(super) fn leave(&mut self, at: u32) -> Live {
        let live = self.lives[at as usize];
        let lives = &self.lives;
        self.table.remove(live.order.key, |at| lives[at as usize].order.key);
        self.free.push(at);
        live
    }

    /// How many live.
    pub(super) fn len(&self) -> usize {
        self.table.len()
    }

    /// The keys of all that live and are meant, ascending.
    pub(super) fn keys_where(&self, meant: impl Fn(&NewOrder) -> bool) -> Vec<OrderKey> {
        let mut is_free = vec![false; self.lives.len()];
        self.free.iter().for_each(|at| is_free[*at as usize] = true);
        let living = self.lives.iter().zip(&is_free).filter(|(_, is_free)| !**is_free);
        let meant = living.filter(|(live, _)| meant(&live.order));
        let mut keys: Vec<OrderKey> = meant.map(|(live, _)| live.order.key).collect();
        keys.sort_unstable();
        keys
    }
}
