//! Orders: written down before they are sent, with every change of state.

use base::Ts;
use market::{ClientOrderId, OrderRequest, OrderState};

use crate::record::{order_state_word, record};
use crate::{Error, Tx, Written};

record! {
    /// An order and where it stands.
    Order in "orders" by [id] {
        /// Our name for it, derived from the intent.
        id: ClientOrderId,
        /// The intent behind it; none for an order that only repairs.
        intent: Option<String>,
        /// The book that sends it.
        book: String,
        /// The symbol. The number in `request` is that of the universe of its day only.
        symbol: String,
        /// Where it stands.
        state: OrderState,
        /// The broker's name for it.
        broker_id: Option<String>,
        /// When it was written down.
        created: Ts,
        /// When its state last changed.
        updated: Ts,
        /// What was asked for.
        request: OrderRequest,
    }
}

record! {
    /// One change in the life of an order.
    OrderChange in "order_changes" by [order_id, seq] {
        /// The order.
        order_id: ClientOrderId,
        /// Its number in the life of the order, from 1.
        seq: u32,
        /// When.
        at: Ts,
        /// The state from then on.
        state: OrderState,
        /// What was said.
        note: String,
    }
}

impl Tx<'_> {
    /// Writes down an order before it is sent. Written again with the same contents it keeps the
    /// state it has reached: asking twice is asking once.
    pub fn draft_order(&self, order: &Order) -> Result<Written, Error> {
        if let Some(there) = self.order(&order.id)? {
            let same = Order {
                state: there.state,
                broker_id: there.broker_id,
                updated: there.updated,
                created: there.created,
                ..order.clone()
            };
            return self.insert_once(&same);
        }
        self.insert_once(order)
    }

    /// Moves an order to a state and adds that to its history. Where it is already, nothing
    /// changes; an order that is done stays as it is, and moving it is refused.
    pub fn move_order(
        &self,
        id: &ClientOrderId,
        to: OrderState,
        note: &str,
    ) -> Result<Written, Error> {
        let mut order: Order = self.hold(vec![id.as_str().into()])?;
        if order.state == to {
            return Ok(Written::Already);
        }
        if order.state.is_done() || to == OrderState::Draft {
            return Err(Error::MoveState {
                table: "orders",
                key: id.to_string(),
                from: order_state_word(order.state),
                to: order_state_word(to),
            });
        }
        order.state = to;
        self.put_changed(order, note)
    }

    /// Writes down that an order asks for something else than it did: its quantity and prices
    /// after a split. Where it asks for that already, nothing changes.
    pub fn amend_order(&self, request: &OrderRequest, note: &str) -> Result<Written, Error> {
        let mut order: Order = self.hold(vec![request.id.as_str().into()])?;
        if order.request == *request {
            return Ok(Written::Already);
        }
        order.request = request.clone();
        self.put_changed(order, note)
    }

    fn put_changed(&self, mut order: Order, note: &str) -> Result<Written, Error> {
        order.updated = self.now();
        self.put(&order)?;
        let seq = self.order_history(&order.id)?.last().map_or(1, |change| change.seq + 1);
        let (order_id, state, note) = (order.id, order.state, note.to_owned());
        self.insert_once(&OrderChange { order_id, seq, at: order.updated, state, note })
    }

    /// Writes down the broker's name for an order.
    pub fn name_order(&self, id: &ClientOrderId, broker_id: &str) -> Result<(), Error> {
        let mut order: Order = self.hold(vec![id.as_str().into()])?;
        order.broker_id = Some(broker_id.to_owned());
        self.put(&order)
    }

    /// The order of this name.
    pub fn order(&self, id: &ClientOrderId) -> Result<Option<Order>, Error> {
        self.find(vec![id.as_str().into()])
    }

    /// The changes in the life of an order, first to last.
    pub fn order_history(&self, id: &ClientOrderId) -> Result<Vec<OrderChange>, Error> {
        self.select("where order_id = $1 order by seq", vec![id.as_str().into()])
    }

    /// The orders of a book to which something can still happen, in order of name.
    pub fn open_orders(&self, book: &str) -> Result<Vec<Order>, Error> {
        let rest = "where book = $1 and state in ('draft', 'sent', 'working') order by id";
        self.select(rest, vec![book.into()])
    }

    /// The orders behind an intent, in order of name.
    pub fn orders_of_intent(&self, intent: &str) -> Result<Vec<Order>, Error> {
        self.select("where intent = $1 order by id", vec![intent.into()])
    }
}
