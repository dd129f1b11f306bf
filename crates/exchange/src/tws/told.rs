//! Telling of orders and trades: as they happen, and when asked.

use base::{Day, Ts};
use market::{LocalClock, Qty};

use super::book::Trade;
use super::hall::Desk;
use super::messages::orders::{CompletedOrdersRequest, ExecutionFilter, ExecutionRequest};
use super::messages::session::{Nothing, OfRequest};
use super::messages::tell;
use super::refusals::{NO_REQUEST, Refusal};
use super::shown::{self, Shown};
use super::times::{read_day, read_moment};
use crate::venue::{Note, Side, Status};

/// The day on a wall in New York.
fn wall_day(at: Ts) -> Day {
    LocalClock::NewYork.shown_at(at).utc_day()
}

impl Desk<'_> {
    /// An order of the account with the client's words for it.
    fn shown(&self, number: usize) -> Option<Shown<'_>> {
        let (venue, book) = (&*self.venue, &*self.book);
        let ticket = book.ticket_of(number);
        venue.order(number).map(|order| Shown { venue, book, ticket, number, order })
    }

    /// The price of an order's last trade.
    fn last_price(&self, number: usize) -> Option<f64> {
        let place = self.book.place_of(number);
        let trades = self.book.trades().iter().rev();
        let of = |trade: &&Trade| match place {
            Some(_) => self.book.place_of(trade.number) == place && trade.leg.is_none(),
            None => trade.number == number && trade.leg.is_none(),
        };
        trades.take(1_000).find(of).map(|trade| trade.price.to_f64())
    }

    /// Says what happened to an order of this client.
    pub(super) fn tell_change(&mut self, place: usize, note: &Note, trades: &[Trade]) {
        let ticket = self.book.tickets()[place].clone();
        let number = note.number;
        for trade in trades {
            let (venue, book) = (&*self.venue, &*self.book);
            let shown = Shown { venue, book, ticket: Some(&ticket), number, order: &note.order };
            let execution = shown.execution(trade, NO_REQUEST);
            let commission = shown::commission(trade);
            self.tell(tell::EXECUTION, &execution);
            self.tell(tell::COMMISSION, &commission);
        }
        let (venue, book) = (&*self.venue, &*self.book);
        let shown = Shown { venue, book, ticket: Some(&ticket), number, order: &note.order };
        // What was changed lives on as another order, of which there is more to tell.
        if ticket.number() != Some(number) || note.order.status == Status::Replaced {
            return;
        }
        let key = shown.key();
        if self.line.wants.told.get(&place) == Some(&key) {
            return;
        }
        let last =
            trades.first().map(|trade| trade.price.to_f64()).or_else(|| self.last_price(number));
        let (open, status) = (shown.open_order(), shown.order_status(last));
        let is_open = note.order.status.is_open();
        self.line.wants.told.insert(place, key);
        let ended = match note.order.status {
            Status::Canceled => Some((202, "Order Canceled - reason:")),
            Status::Expired => Some((202, "Order Canceled - reason:Its time ran out.")),
            Status::Rejected => Some((201, "Order rejected - reason:The exchange refused it.")),
            _ => None,
        };
        if is_open || note.order.status == Status::Filled {
            self.tell(tell::OPEN_ORDER, &open);
        }
        self.tell(tell::ORDER_STATUS, &status);
        if let Some((code, text)) = ended {
            self.refuse(&Refusal::new(ticket.order, code, text));
        }
    }

    /// Tells an order as it stands.
    pub(super) fn tell_order(&mut self, place: usize) {
        if let Some(number) = self.book.tickets()[place].number() {
            self.tell_number(number);
        }
    }

    fn tell_number(&mut self, number: usize) {
        let last = self.last_price(number);
        let Some(shown) = self.shown(number) else { return };
        let (open, status) = (shown.open_order(), shown.order_status(last));
        self.tell(tell::OPEN_ORDER, &open);
        self.tell(tell::ORDER_STATUS, &status);
    }

    /// Tells an order that is not transmitted.
    pub(super) fn tell_draft(&mut self, place: usize) {
        let ticket = self.book.tickets()[place].clone();
        if let Some(terms) = &ticket.draft {
            let open = shown::draft(self.venue, &ticket, terms);
            self.tell(tell::OPEN_ORDER, &open);
            self.tell(tell::ORDER_STATUS, &shown::draft_status(&ticket, "ApiPending", terms.qty));
        }
    }

    /// Tells open orders, of one client or all of the account; how many there were.
    pub(super) fn tell_open(&mut self, client: Option<i32>, most: usize) -> usize {
        let of = |owner: Option<i32>| client.is_none() || owner == client;
        let open = self.venue.open_orders();
        let owner = |number: usize| self.book.ticket_of(number).map(|ticket| ticket.client);
        let numbers: Vec<usize> = open.filter(|number| of(owner(*number))).take(most).collect();
        for number in &numbers {
            self.tell_number(*number);
        }
        let drafts: Vec<usize> = self
            .book
            .drafts()
            .filter(|(_, ticket)| of(Some(ticket.client)))
            .map(|(place, _)| place)
            .take(most - numbers.len())
            .collect();
        for place in &drafts {
            self.tell_draft(*place);
        }
        numbers.len() + drafts.len()
    }

    pub(super) fn tell_own_orders(&mut self) {
        self.tell_open(Some(self.client()), usize::MAX);
        self.tell(tell::OPEN_ORDERS_END, &Nothing {});
    }

    pub(super) fn tell_all_orders(&mut self) {
        self.tell_open(None, usize::MAX);
        self.tell(tell::OPEN_ORDERS_END, &Nothing {});
    }

    /// There are no orders of a person at a screen that could be bound to a client.
    pub(super) fn auto_open_orders(&mut self) -> Result<(), Refusal> {
        if self.client() != 0 {
            let text = "only the client with the id 0 may ask for orders of the screen";
            return Err(Refusal::invalid(NO_REQUEST, text));
        }
        self.tell_own_orders();
        Ok(())
    }

    /// Tells the orders that ended today.
    pub(super) fn tell_completed(&mut self, ask: &CompletedOrdersRequest) {
        let today = wall_day(self.venue.now());
        let ended: Vec<usize> = self.venue.ended_last().collect();
        for number in ended {
            let Some(shown) = self.shown(number) else { continue };
            let order = shown.order;
            let is_last = shown.ticket.is_none_or(|ticket| ticket.number() == Some(number));
            let is_wanted = !order.status.is_open()
                && order.status != Status::Replaced
                && wall_day(order.updated_at) == today
                && is_last
                && (shown.ticket.is_some() || ask.api_only != Some(true));
            if is_wanted {
                let told = shown.completed();
                self.tell(tell::COMPLETED_ORDER, &told);
            }
        }
        self.tell(tell::COMPLETED_ORDERS_END, &Nothing {});
    }

    /// Tells trades, those of today unless more days are asked for.
    pub(super) fn tell_executions(&mut self, ask: &ExecutionRequest) -> Result<(), Refusal> {
        let id = ask.req_id.unwrap_or(NO_REQUEST);
        let filter = Filter::read(id, ask.execution_filter.as_ref(), wall_day(self.venue.now()))?;
        let mut found = Vec::new();
        let trades = self.book.trades();
        // Trades stand in the order of their sessions.
        let first = filter.first_day();
        let begin = first.map_or(0, |day| trades.partition_point(|t| wall_day(t.at) < day));
        for trade in (begin..trades.len()).map(|place| &trades[place]) {
            if let Some(shown) = self.shown(trade.number)
                && filter.fits(&shown, trade)
            {
                found.push((shown.execution(trade, id), shown::commission(trade)));
            }
        }
        for (execution, commission) in found {
            self.tell(tell::EXECUTION, &execution);
            self.tell(tell::COMMISSION, &commission);
        }
        self.tell(tell::EXECUTIONS_END, &OfRequest { req_id: Some(id) });
        Ok(())
    }
}

/// Which trades are wanted.
struct Filter {
    client: Option<i32>,
    symbol: Option<String>,
    side: Option<Side>,
    from: Ts,
    days: Days,
}

/// On which days.
enum Days {
    From(Day),
    These(Vec<Day>),
}

impl Filter {
    fn read(id: i32, asked: Option<&ExecutionFilter>, today: Day) -> Result<Filter, Refusal> {
        let none = ExecutionFilter::default();
        let asked = asked.unwrap_or(&none);
        let said = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let wrong = |name: &str| Refusal::invalid(id, format!("the filter's {name} can't be read"));
        let side = match said(&asked.side).map(|side| side.to_uppercase()).as_deref() {
            None => None,
            Some("BUY" | "BOT") => Some(Side::Buy),
            Some("SELL" | "SLD" | "SSHORT") => Some(Side::Sell),
            Some(_) => return Err(wrong("side")),
        };
        let from = match said(&asked.time) {
            None => Ts::MIN,
            Some(text) => read_moment(&text).ok_or_else(|| wrong("time"))?,
        };
        let days: Option<Vec<Day>> =
            asked.specific_dates.iter().map(|day| read_day(&day.to_string())).collect();
        let days = match (days.ok_or_else(|| wrong("dates"))?, asked.last_n_days) {
            (days, _) if !days.is_empty() => Days::These(days),
            (_, Some(back)) if (1..i32::MAX).contains(&back) => {
                Days::From(today.plus(1 - back.min(36_500)))
            }
            _ => Days::From(today),
        };
        let client = asked.client_id.filter(|client| *client != 0);
        Ok(Filter { client, symbol: said(&asked.symbol), side, from, days })
    }

    /// No trade before this day is wanted.
    fn first_day(&self) -> Option<Day> {
        match &self.days {
            Days::From(first) => Some(*first),
            Days::These(days) => days.iter().min().copied(),
        }
    }

    fn fits(&self, shown: &Shown<'_>, trade: &Trade) -> bool {
        let day = wall_day(trade.at);
        let is_day = match &self.days {
            Days::From(first) => day >= *first,
            Days::These(days) => days.contains(&day),
        };
        is_day
            && trade.qty != Qty::ZERO
            && trade.at >= self.from
            && self.side.is_none_or(|side| trade.leg.map_or(shown.order.side, |leg| leg.1) == side)
            && self.symbol.as_ref().is_none_or(|symbol| *symbol == shown.symbol())
            && self.client.is_none_or(|client| shown.ticket.is_some_and(|t| t.client == client))
    }
}
