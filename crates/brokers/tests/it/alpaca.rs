//! Alpaca's door: requests that are answered, and a stream that may break beside them.

use base::Ts;
use brokers::alpaca::{Alpaca, Ask, Line, Method, News, Waits, patience};
use desk::courier::Patience;
use exchange::{Request, Turn, Venue};
use market::{Qty, Universe};
use serde_json::Value;

use crate::world::{Door, Near, get};

#[derive(Default)]
pub(crate) struct AlpacaDoor;

impl Line for Near<AlpacaDoor> {
    fn ask(&mut self, ask: Ask) {
        Near::ask(self, ask);
    }

    fn hear(&mut self, into: &mut Vec<News>) {
        Near::hear(self, into);
    }

    fn now(&self) -> Ts {
        Near::now(self)
    }
}

impl Door for AlpacaDoor {
    type Ask = Ask;
    type News = News;
    type Wire = Alpaca<Near<AlpacaDoor>>;

    const ONE_LINE: bool = false;

    fn begin(&mut self, _venue: &mut Venue) -> Vec<News> {
        vec![News::Connected]
    }

    fn lost(&mut self) -> News {
        News::Lost
    }

    fn ask(&mut self, venue: &mut Venue, ask: &Ask) -> (Option<News>, Vec<News>) {
        let turn = venue.ask(&request(ask)).unwrap();
        let (status, body) = (turn.answer.status, turn.answer.body.clone().unwrap_or_default());
        (Some(News::Answer { number: ask.number, status, body }), self.tell(venue, &turn))
    }

    fn unanswered(ask: &Ask) -> Option<News> {
        Some(News::Unanswered { number: ask.number, why: "no answer".to_owned() })
    }

    fn tell(&mut self, _venue: &mut Venue, turn: &Turn) -> Vec<News> {
        turn.updates.iter().map(|update| News::Update(update["data"].clone())).collect()
    }

    fn words(ask: &Ask) -> String {
        let body = ask.body.clone().unwrap_or_default();
        format!("{} {:?} {} {body}", ask.number, ask.method, ask.path)
    }

    fn told_words(news: &News) -> String {
        match news {
            News::Update(update) => {
                let (event, order) = (&update["event"], &update["order"]);
                format!(
                    "{event} {} {} {} of {}",
                    order["client_order_id"], order["id"], order["filled_qty"], order["qty"]
                )
            }
            News::Answer { number, status, .. } => format!("{number} -> {status}"),
            other => format!("{other:?}"),
        }
    }

    fn covered(&mut self, venue: &mut Venue, symbol: &str, side: &str) -> Qty {
        let orders = get(venue, "/v2/orders?status=open&limit=500");
        let text = |order: &Value, name: &str| order[name].as_str().unwrap_or_default().to_owned();
        let closes = |order: &&Value| {
            let kind = text(order, "type");
            text(order, "symbol") == symbol
                && text(order, "side") == side
                && (kind.contains("stop") || kind == "market")
        };
        let qty = |order: &Value, name: &str| text(order, name).parse::<Qty>().unwrap_or_default();
        let open = orders.as_array().unwrap().iter().filter(closes);
        open.map(|order| qty(order, "qty") - qty(order, "filled_qty")).sum()
    }

    fn wire(near: Near<AlpacaDoor>, universe: Universe) -> Self::Wire {
        Alpaca::new(near, universe, Waits::default())
    }

    fn patience() -> Patience {
        patience()
    }
}

pub(crate) fn request(ask: &Ask) -> Request {
    let method = match ask.method {
        Method::Get => exchange::Method::Get,
        Method::Post => exchange::Method::Post,
        Method::Patch => exchange::Method::Patch,
        Method::Delete => exchange::Method::Delete,
    };
    let request = Request::new(method, &ask.path);
    match &ask.body {
        Some(body) => request.with(body),
        None => request,
    }
}
