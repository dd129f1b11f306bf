//! Orders of every kind, from taking to filling.

use super::*;

#[test]
fn a_market_order_fills_at_the_next_open_and_makes_a_position() {
    let mut venue = venue(&[QUIET, [101.0, 102.0, 100.5, 101.5]]);
    step(&mut venue, 1);
    let (shown, told) = ask(&mut venue, market(json!({ "client_order_id": "one" })), 200);
    assert_eq!(shown["status"], "pending_new");
    assert_eq!(told, ["pending_new market", "new market"]);
    let turn = venue.step(1).unwrap();
    assert_eq!(events(&turn.updates), ["fill market"]);
    let data = &turn.updates[0]["data"];
    assert_eq!(
        (&data["price"], &data["qty"], &data["position_qty"]),
        (&json!("101"), &json!("10"), &json!("10"))
    );
    let position = ask(&mut venue, Request::new(Get, "/v2/positions/AAA"), 200).0;
    assert_eq!(position["avg_entry_price"], "101");
    assert_eq!(position["market_value"], "1015");
    assert_eq!(position["unrealized_pl"], "5");
    let account = ask(&mut venue, Request::new(Get, "/v2/account"), 200).0;
    assert_eq!((&account["cash"], &account["equity"]), (&json!("98990"), &json!("100005")));
    let found = ask(
        &mut venue,
        Request::new(Get, "/v2/orders:by_client_order_id?client_order_id=one"),
        200,
    )
    .0;
    assert_eq!((&found["status"], &found["filled_avg_price"]), (&json!("filled"), &json!("101")));
    let fills = ask(&mut venue, Request::new(Get, "/v2/account/activities/FILL"), 200).0;
    assert_eq!((&fills[0]["price"], &fills[0]["leaves_qty"]), (&json!("101"), &json!("0")));
}

#[test]
fn a_bracket_wakes_its_legs_and_its_stop_ends_its_target() {
    let fall = [100.0, 100.0, 94.0, 94.5];
    let mut venue = venue(&[QUIET, QUIET, fall]);
    let bracket = market(json!({
        "order_class": "bracket",
        "take_profit": { "limit_price": "110" },
        "stop_loss": { "stop_price": 95.0 },
    }));
    let shown = ask(&mut venue, bracket, 200).0;
    let legs: Vec<&Value> = shown["legs"].as_array().unwrap().iter().collect();
    assert_eq!((&legs[0]["type"], &legs[1]["type"]), (&json!("limit"), &json!("stop")));
    assert!(legs.iter().all(|leg| leg["status"] == "held" && leg["side"] == "sell"));
    assert_eq!(step(&mut venue, 1), ["fill market", "new limit"]);
    assert_eq!(step(&mut venue, 2), ["fill stop", "canceled limit"]);
    refused(
        &mut venue,
        Request::new(Get, "/v2/positions/AAA"),
        (404, 40_410_000, "position does not exist"),
    );
}

#[test]
fn a_child_taken_back_takes_its_sibling_with_it() {
    let mut venue = venue(&[]);
    let bracket = market(json!({
        "order_class": "bracket",
        "take_profit": { "limit_price": "110" },
        "stop_loss": { "stop_price": "95" },
    }));
    let shown = ask(&mut venue, bracket, 200).0;
    step(&mut venue, 1);
    let leg = shown["legs"][0]["id"].as_str().unwrap();
    let told = ask(&mut venue, Request::new(Delete, &format!("/v2/orders/{leg}")), 204).1;
    assert_eq!(
        told,
        ["pending_cancel limit", "canceled limit", "pending_cancel stop", "canceled stop"]
    );
    let position = ask(&mut venue, Request::new(Get, "/v2/positions/AAA"), 200).0;
    assert_eq!(position["qty_available"], "10");
}

#[test]
fn one_cancels_the_other() {
    let rise = [100.0, 106.0, 100.0, 105.5];
    let mut venue = venue(&[QUIET, QUIET, rise]);
    ask(&mut venue, market(json!({})), 200);
    step(&mut venue, 1);
    let pair = json!({
        "side": "sell", "type": "limit", "order_class": "oco",
        "take_profit": { "limit_price": "105" },
        "stop_loss": { "stop_price": "95", "limit_price": "94.5" },
    });
    let shown = ask(&mut venue, order(pair), 200).0;
    assert_eq!(
        (&shown["limit_price"], &shown["legs"][0]["type"]),
        (&json!("105"), &json!("stop_limit"))
    );
    assert_eq!(step(&mut venue, 2), ["fill limit", "canceled stop_limit"]);
}

#[test]
fn one_triggers_the_other() {
    let mut venue = venue(&[QUIET, QUIET, [100.0, 100.0, 94.0, 94.0]]);
    let entry = market(json!({ "order_class": "oto", "stop_loss": { "stop_price": "96" } }));
    ask(&mut venue, entry, 200);
    assert_eq!(step(&mut venue, 1), ["fill market", "new stop"]);
    assert_eq!(step(&mut venue, 2), ["fill stop"]);
}

#[test]
fn a_trailing_stop_follows_the_best_price() {
    let bars = [QUIET, [100.0, 104.0, 100.0, 104.0], [104.0, 104.0, 101.5, 102.0]];
    let mut venue = venue(&bars);
    ask(&mut venue, market(json!({})), 200);
    step(&mut venue, 1);
    let trail = json!({ "side": "sell", "type": "trailing_stop", "trail_price": "2" });
    let id = place(&mut venue, trail);
    step(&mut venue, 1);
    let shown = ask(&mut venue, Request::new(Get, &format!("/v2/orders/{id}")), 200).0;
    assert_eq!((&shown["hwm"], &shown["stop_price"]), (&json!("104"), &json!("102")));
    assert_eq!(step(&mut venue, 1), ["fill trailing_stop"]);
}

#[test]
fn a_replaced_order_hands_over_to_a_new_one() {
    let mut venue = venue(&[]);
    let id = place(&mut venue, json!({ "type": "limit", "limit_price": "90" }));
    let patch = Request::new(Patch, &format!("/v2/orders/{id}"));
    let wish = json!({ "qty": 5, "limit_price": 100.25, "client_order_id": "next" });
    let (shown, told) = ask(&mut venue, patch.clone().with(&wish), 200);
    assert_eq!(told, ["pending_replace limit", "replaced limit", "new limit"]);
    assert_eq!((&shown["qty"], &shown["limit_price"]), (&json!("5"), &json!("100.25")));
    assert_eq!(shown["replaces"], json!(id));
    let old = ask(&mut venue, Request::new(Get, &format!("/v2/orders/{id}")), 200).0;
    assert_eq!((&old["status"], &old["replaced_by"]), (&json!("replaced"), &shown["id"]));
    refused(&mut venue, patch.with(&wish), (422, 42_210_000, "cannot replace order"));
    assert_eq!(step(&mut venue, 1), ["fill limit"]);
}

#[test]
fn a_replaced_entry_keeps_its_legs() {
    let mut venue = venue(&[QUIET, QUIET, [100.0, 100.0, 90.0, 90.0]]);
    let shown = ask(
        &mut venue,
        order(json!({
            "type": "limit", "limit_price": "98", "order_class": "bracket",
            "take_profit": { "limit_price": "110" }, "stop_loss": { "stop_price": "95" },
        })),
        200,
    )
    .0;
    let path = format!("/v2/orders/{}", shown["id"].as_str().unwrap());
    let next =
        ask(&mut venue, Request::new(Patch, &path).with(&json!({ "limit_price": "100.1" })), 200).0;
    assert_eq!(next["legs"].as_array().unwrap().len(), 2);
    assert_eq!(step(&mut venue, 1), ["fill limit", "new limit"]);
    assert_eq!(step(&mut venue, 2), ["fill stop", "canceled limit"]);
}

#[test]
fn a_replaced_leg_stays_one_of_a_pair() {
    let mut venue = venue(&[QUIET, QUIET, [100.0, 100.0, 97.0, 97.0]]);
    let shown = ask(
        &mut venue,
        market(json!({
            "order_class": "bracket",
            "take_profit": { "limit_price": "110" }, "stop_loss": { "stop_price": "95" },
        })),
        200,
    )
    .0;
    step(&mut venue, 1);
    let path = format!("/v2/orders/{}", shown["legs"][1]["id"].as_str().unwrap());
    let next =
        ask(&mut venue, Request::new(Patch, &path).with(&json!({ "stop_price": "98" })), 200).0;
    assert_eq!(next["status"], "held");
    assert_eq!(step(&mut venue, 2), ["fill stop", "canceled limit"]);
}

#[test]
fn fractions_and_values_are_traded() {
    let mut venue = venue(&[]);
    ask(&mut venue, market(json!({ "qty": 0.5 })), 200);
    let mut by_value = market(json!({ "notional": "250.00" }));
    let mut body: Value = serde_json::from_slice(&by_value.body).unwrap();
    body.as_object_mut().unwrap().remove("qty");
    by_value = Request::new(Post, "/v2/orders").with(&body);
    let shown = ask(&mut venue, by_value, 200).0;
    assert_eq!((&shown["qty"], &shown["notional"]), (&Value::Null, &json!("250")));
    assert_eq!(step(&mut venue, 1), ["fill market", "fill market"]);
    let position = ask(&mut venue, Request::new(Get, "/v2/positions/AAA"), 200).0;
    assert_eq!(position["qty"], "3");
    let closed = ask(&mut venue, Request::new(Delete, "/v2/positions/AAA?percentage=50"), 200).0;
    assert_eq!((&closed["qty"], &closed["side"]), (&json!("1.5"), &json!("sell")));
}

#[test]
fn a_short_sale_is_bought_back() {
    let mut venue = venue(&[]);
    ask(&mut venue, market(json!({ "side": "sell" })), 200);
    step(&mut venue, 1);
    let position = ask(&mut venue, Request::new(Get, "/v2/positions/AAA"), 200).0;
    assert_eq!((&position["side"], &position["qty"]), (&json!("short"), &json!("-10")));
    let all = ask(&mut venue, Request::new(Delete, "/v2/positions?cancel_orders=True"), 207).0;
    assert_eq!((&all[0]["status"], &all[0]["body"]["side"]), (&json!(200), &json!("buy")));
    step(&mut venue, 1);
    assert_eq!(ask(&mut venue, Request::new(Get, "/v2/positions"), 200).0, json!([]));
}
