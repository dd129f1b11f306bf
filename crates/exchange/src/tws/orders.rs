//! Placing, changing and cancelling orders.

use market::Qty;

use super::book::Ticket;
use super::combos;
use super::hall::Desk;
use super::messages::contracts::Contract;
use super::messages::orders::{CancelOrderRequest, Order, PlaceOrderRequest};
use super::messages::tell;
use super::refusals::Refusal;
use super::shown;
use super::terms::{self, Terms};
use crate::venue::{Change, Entry, LONGEST_NAME, Side, Status};

/// Longest name of a group.
const LONGEST_GROUP: usize = 64;

impl Desk<'_> {
    /// Places an order, or changes one of the same number.
    pub(super) fn place_order(&mut self, ask: &PlaceOrderRequest) -> Result<(), Refusal> {
        let id = ask.order_id.unwrap_or_default();
        if id <= 0 {
            return Err(Refusal::invalid(id, "the order id must be > 0"));
        }
        let none = Order::default();
        let order = ask.order.as_ref().unwrap_or(&none);
        self.check_words(id, order)?;
        if let Some(contract) = ask.contract.as_ref().filter(|one| combos::is_other(Some(one))) {
            return self.place_combo(id, contract, order);
        }
        let terms = terms::read(self.venue, id, ask.contract.as_ref(), order)?;
        if order.what_if == Some(true) {
            return self.try_out(id, &terms, order, ask.contract.as_ref());
        }
        match self.book.place(self.client(), id) {
            Some(place) => self.change_order(place, terms, order),
            None => self.new_order(id, terms, order),
        }
    }

    fn check_words(&self, id: i32, order: &Order) -> Result<(), Refusal> {
        let account = order.account.as_deref().unwrap_or_default();
        if !account.is_empty() && account != self.account() {
            return Err(Refusal::invalid(id, format!("Invalid account code '{account}'.")));
        }
        let long = |text: &Option<String>, most: usize| {
            text.as_deref().is_some_and(|text| text.chars().count() > most)
        };
        if long(&order.order_ref, LONGEST_NAME) || long(&order.oca_group, LONGEST_GROUP) {
            return Err(Refusal::invalid(id, "orderRef or ocaGroup is too long"));
        }
        Ok(())
    }

    fn new_order(&mut self, id: i32, terms: Terms, order: &Order) -> Result<(), Refusal> {
        let parent = order.parent_id.unwrap_or_default();
        let known = self.book.place(self.client(), parent).map(|place| &self.book.tickets()[place]);
        let is_there = known.is_some_and(|up| up.draft.is_some() || up.number().is_some());
        if parent != 0 && !is_there {
            return Err(Refusal::new(id, 10006, "Missing parent order"));
        }
        let mut ticket = Ticket {
            client: self.client(),
            order: id,
            parent,
            draft: Some(terms),
            ..Ticket::default()
        };
        take_words(&mut ticket, order);
        let place = self.book.add(ticket);
        self.tell_or_transmit(place, order)
    }

    /// An order that is not to be transmitted yet is told as it lies there.
    fn tell_or_transmit(&mut self, place: usize, order: &Order) -> Result<(), Refusal> {
        match order.transmit == Some(true) {
            true => self.transmit(place),
            false => {
                self.tell_draft(place);
                Ok(())
            }
        }
    }

    /// Transmits an order with all that hangs together with it: what it waits for, what waits
    /// for the same, what waits for it.
    fn transmit(&mut self, place: usize) -> Result<(), Refusal> {
        let (client, parent) = {
            let ticket = &self.book.tickets()[place];
            (ticket.client, ticket.parent)
        };
        let up = self.book.place(client, parent).filter(|_| parent != 0);
        let root = up.filter(|up| self.book.tickets()[*up].draft.is_some()).unwrap_or(place);
        let root_id = self.book.tickets()[root].order;
        let waiting = self.book.drafts().filter(|(at, ticket)| {
            ticket.client == client
                && *at != root
                && (ticket.parent == root_id || (parent != 0 && ticket.parent == parent))
        });
        let family: Vec<usize> = waiting.map(|(at, _)| at).collect();
        if let Err(refusal) = self.send(root) {
            for at in family {
                let id = self.book.tickets()[at].order;
                self.book.change(at, |ticket| ticket.draft = None);
                self.refuse(&Refusal::rejected(id, "the parent order was rejected"));
            }
            return Err(refusal);
        }
        for at in family {
            if let Err(refusal) = self.send(at) {
                self.refuse(&refusal);
            }
        }
        Ok(())
    }

    /// Gives one order to the account.
    fn send(&mut self, place: usize) -> Result<(), Refusal> {
        let ticket = self.book.tickets()[place].clone();
        let Some(terms) = ticket.draft else { return Ok(()) };
        let taken = self.entry(&ticket, &terms).and_then(|entry| {
            self.venue.enter(&entry).map_err(|no| Refusal::of(ticket.order, &no))
        });
        match taken {
            Ok(number) => {
                self.book.worked_as(place, number);
                Ok(())
            }
            Err(refusal) => {
                self.book.change(place, |ticket| ticket.draft = None);
                self.book.forget(place);
                Err(refusal)
            }
        }
    }

    /// The order in the account's words.
    fn entry(&self, ticket: &Ticket, terms: &Terms) -> Result<Entry, Refusal> {
        let mut parent = None;
        let mut group = None;
        if ticket.parent != 0 {
            let up = self.book.place(ticket.client, ticket.parent);
            let up = up.map(|place| &self.book.tickets()[place]);
            let missing = || Refusal::new(ticket.order, 10006, "Missing parent order");
            let up = up.filter(|up| up.number().is_some()).ok_or_else(missing)?;
            parent = up.number();
            group = Some(format!("family/{}", up.permanent()));
        }
        if !ticket.oca_group.is_empty() {
            group = Some(format!("oca/{}", ticket.oca_group));
        }
        let elsewhere = |number: usize| {
            let order = self.venue.order(number);
            order.is_some_and(|o| o.group == group && o.instrument != terms.instrument)
        };
        if group.is_some() && self.venue.open_orders().any(elsewhere) {
            let text = "an OCA group of several contracts is not worked here";
            return Err(Refusal::invalid(ticket.order, text));
        }
        if self.is_filled_group(ticket) {
            return Err(Refusal::rejected(ticket.order, "OCA group is already filled"));
        }
        let name = Some(ticket.reference.clone()).filter(|name| !name.is_empty());
        Ok(Entry {
            instrument: terms.instrument,
            side: terms.side,
            kind: terms.kind,
            tif: terms.tif,
            qty: terms.qty,
            expires: terms.until,
            client_id: name,
            parent,
            group,
        })
    }

    /// Whether a group has ended with an order of it that filled: it takes no more, since what they
    /// would close is closed.
    fn is_filled_group(&self, ticket: &Ticket) -> bool {
        let is_of_it =
            |other: &&Ticket| other.client == ticket.client && other.oca_group == ticket.oca_group;
        let group = self.book.tickets().iter().filter(is_of_it);
        let orders = group.filter_map(|other| self.venue.order(other.number()?));
        let states: Vec<Status> = orders.map(|order| order.status).collect();
        !ticket.oca_group.is_empty()
            && states.contains(&Status::Filled)
            && !states.iter().any(|status| status.is_open())
    }

    fn change_order(&mut self, place: usize, terms: Terms, order: &Order) -> Result<(), Refusal> {
        let ticket = self.book.tickets()[place].clone();
        let id = ticket.order;
        if ticket.draft.is_some() {
            self.book.change(place, |ticket| {
                ticket.draft = Some(terms);
                take_words(ticket, order);
            });
            return self.tell_or_transmit(place, order);
        }
        let duplicate = || Refusal::new(id, 103, "Duplicate order id");
        let number = ticket.number().ok_or_else(duplicate)?;
        let old = self.venue.order(number).ok_or_else(duplicate)?;
        match old.status {
            Status::Filled => {
                return Err(Refusal::new(id, 104, "Can't modify a filled order."));
            }
            status if !status.is_open() => return Err(duplicate()),
            _ => {}
        }
        let is_combo = old.combo.is_some();
        if is_combo || old.instrument != terms.instrument || old.side != terms.side {
            return Err(Refusal::new(
                id,
                105,
                "Order being modified does not match original order.",
            ));
        }
        let filled = ticket.before(self.venue, number).0 + old.filled;
        let qty = terms.qty - filled;
        if qty <= Qty::ZERO {
            return Err(Refusal::rejected(id, "the new quantity is filled already"));
        }
        // Without a date again, its end is that of its time in force.
        let (till, lasts) = (good_till(order), ticket.good_till.is_empty());
        let is_other = terms.tif != old.tif || (till.is_empty() && !lasts);
        let tif = is_other.then_some(terms.tif);
        let stays = qty == old.open_qty()
            && tif.is_none()
            && till == ticket.good_till
            && terms::is_same(terms.kind, old.kind);
        if let Some(reference) = order.order_ref.clone().filter(|text| *text != ticket.reference) {
            self.book.change(place, |ticket| ticket.reference = reference);
        }
        if stays {
            self.tell_order(place);
            return Ok(());
        }
        let change = Change { qty, kind: terms.kind, tif, expires: terms.until, client_id: None };
        self.venue.amend(number, change).map_err(|refused| Refusal::of(id, &refused))?;
        self.book.change(place, |ticket| ticket.good_till = till);
        Ok(())
    }

    /// Says what an order would do to the margin, and does not place it.
    fn try_out(
        &mut self,
        id: i32,
        terms: &Terms,
        order: &Order,
        contract: Option<&Contract>,
    ) -> Result<(), Refusal> {
        let ticket = Ticket { client: self.client(), order: id, ..Ticket::default() };
        let entry = self.entry(&ticket, terms)?;
        self.venue.try_entry(&entry).map_err(|refused| Refusal::of(id, &refused))?;
        let qty = if terms.side == Side::Buy { terms.qty } else { -terms.qty };
        let mut told = shown::draft(self.venue, &ticket, terms);
        told.order_state = Some(shown::margins(self.venue, terms.instrument, qty));
        if let Some(words) = &mut told.order {
            words.what_if = Some(true);
            words.order_ref.clone_from(&order.order_ref);
        }
        if told.contract.is_none() {
            told.contract = contract.cloned();
        }
        self.tell(tell::OPEN_ORDER, &told);
        Ok(())
    }

    pub(super) fn cancel_order(&mut self, ask: &CancelOrderRequest) -> Result<(), Refusal> {
        let id = ask.order_id.unwrap_or_default();
        let unknown = || {
            let text = format!("OrderId {id} that needs to be cancelled is not found.");
            Refusal::new(id, 10147, text)
        };
        let place = self.book.place(self.client(), id).ok_or_else(unknown)?;
        let ticket = self.book.tickets()[place].clone();
        if ticket.draft.is_some() {
            self.drop_drafts(place);
            return Ok(());
        }
        let number = ticket.number().ok_or_else(unknown)?;
        if self.venue.withdraw(number) {
            return Ok(());
        }
        let is_filled = self.venue.order(number).is_some_and(|o| o.status == Status::Filled);
        let state = if is_filled { "Filled" } else { "Cancelled" };
        let text =
            format!("OrderId {id} that needs to be cancelled cannot be cancelled, state: {state}.");
        Err(Refusal::new(id, 10148, text))
    }

    /// Throws away an order that was not transmitted, and those that wait for it.
    fn drop_drafts(&mut self, place: usize) {
        let ticket = self.book.tickets()[place].clone();
        let children = self
            .book
            .drafts()
            .filter(|(_, other)| other.client == ticket.client && other.parent == ticket.order);
        let mut all = vec![place];
        all.extend(children.map(|(at, _)| at));
        for at in all {
            let ticket = self.book.tickets()[at].clone();
            let left = ticket.draft.map_or(Qty::ZERO, |terms| terms.qty);
            self.book.change(at, |ticket| ticket.draft = None);
            self.refuse(&Refusal::new(ticket.order, 202, "Order Canceled - reason:"));
            self.tell(tell::ORDER_STATUS, &shown::draft_status(&ticket, "Cancelled", left));
        }
    }

    /// Cancels every open order of the account, through whichever door it came.
    pub(super) fn cancel_all(&mut self) {
        let client = self.client();
        let own = self.book.drafts().filter(|(_, ticket)| ticket.client == client);
        let drafts: Vec<usize> = own.map(|(place, _)| place).collect();
        for place in drafts {
            if self.book.tickets()[place].draft.is_some() {
                self.drop_drafts(place);
            }
        }
        let open: Vec<usize> = self.venue.open_orders().collect();
        for number in open {
            self.venue.withdraw(number);
        }
    }
}

/// What the account does not keep of an order.
fn take_words(ticket: &mut Ticket, order: &Order) {
    ticket.reference = order.order_ref.clone().unwrap_or_default();
    ticket.oca_group = order.oca_group.clone().unwrap_or_default();
    ticket.oca_type = order.oca_type.unwrap_or_default();
    ticket.outside_hours = order.outside_rth == Some(true);
    ticket.good_till = good_till(order);
}

/// The date of an order that is good till one; empty for others.
fn good_till(order: &Order) -> String {
    order.good_till_date.clone().unwrap_or_default()
}
