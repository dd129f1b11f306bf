"""Alpaca's own client, unchanged, against `trimtab exchange`.

Arguments: BINARY HOME. Starts the server on a free port, trades through `alpaca-py` with nothing
but `url_override`, kills the server, starts it again and looks whether all is still there. Ends
with 1 where something is not as the real broker's documents say.
"""

import os
import queue
import sys
import threading
from datetime import timedelta, timezone

import requests
from alpaca.data.historical import StockHistoricalDataClient
from alpaca.data.live import StockDataStream
from alpaca.data.requests import (
    StockBarsRequest,
    StockLatestBarRequest,
    StockLatestQuoteRequest,
    StockLatestTradeRequest,
    StockQuotesRequest,
    StockSnapshotRequest,
    StockTradesRequest,
)
from alpaca.data.timeframe import TimeFrame, TimeFrameUnit
from alpaca.trading.client import TradingClient
from alpaca.trading.enums import (
    OrderClass,
    OrderSide,
    OrderStatus,
    QueryOrderStatus,
    TimeInForce,
    TradeEvent,
)
from alpaca.trading.requests import (
    ClosePositionRequest,
    GetCalendarRequest,
    GetOrderByIdRequest,
    GetOrdersRequest,
    LimitOrderRequest,
    MarketOrderRequest,
    ReplaceOrderRequest,
    StopLimitOrderRequest,
    StopLossRequest,
    StopOrderRequest,
    TakeProfitRequest,
    TrailingStopOrderRequest,
)
from alpaca.trading.stream import TradingStream

from exchange_harness import HOME, KEY, SECRET, WAIT, Heard, Server, check, failures, passed, refused

BUY, SELL = OrderSide.BUY, OrderSide.SELL
DAY, GTC = TimeInForce.DAY, TimeInForce.GTC


def quote_of(data, symbol):
    return data.get_stock_latest_quote(StockLatestQuoteRequest(symbol_or_symbols=symbol))[symbol]


def account_and_assets(trading, server):
    account = trading.get_account()
    check("account is active and in dollars", account.status == "ACTIVE" and account.currency == "USD")
    check("account holds its money", float(account.cash) == 100_000.0, account.cash)
    check("buying power is twice the equity", float(account.buying_power) == 200_000.0)
    check("configurations", trading.get_account_configurations().no_shorting is False)
    assets = trading.get_all_assets()
    check("assets are listed", {"SPY", "SYN00001"} <= {asset.symbol for asset in assets})
    spy = trading.get_asset("SPY")
    check("asset by its id", trading.get_asset(spy.id).symbol == "SPY" and spy.fractionable)
    clock = trading.get_clock()
    check("market is open", clock.is_open and clock.next_close < clock.next_open, clock)
    days = trading.get_calendar(
        GetCalendarRequest(start=clock.timestamp.date(), end=clock.timestamp.date())
    )
    check("calendar", len(days) == 1 and days[0].open.hour == 9, days)
    wrong = TradingClient(KEY, "wrong", paper=True, url_override=server.url)
    refused("a wrong secret", 401, 40110000, "not authorized", wrong.get_account)


def order_kinds(trading, data, server, updates):
    bid, ask = quote_of(data, "SPY").bid_price, quote_of(data, "SPY").ask_price
    low, high = round(bid * 0.8, 2), round(ask * 1.2, 2)
    common = {"symbol": "SPY", "qty": 10, "side": BUY}
    market = trading.submit_order(MarketOrderRequest(**common, time_in_force=DAY, client_order_id="first"))
    check("market order is taken", market.status == OrderStatus.PENDING_NEW, market.status)
    refused(
        "a client order id used twice",
        422,
        40010001,
        "client_order_id must be unique",
        lambda: trading.submit_order(
            MarketOrderRequest(**common, time_in_force=DAY, client_order_id="first")
        ),
    )
    server.step()
    seen = updates.until(lambda update: update.event == TradeEvent.FILL)
    events = [TradeEvent(update.event).value for update in seen]
    check("stream: pending_new, new, fill", events == ["pending_new", "new", "fill"], events)
    fill = seen[-1]
    check(
        "fill has price, quantity, position", fill.qty == 10 and fill.position_qty == 10 and fill.price > 0
    )
    by_id, by_name = trading.get_order_by_id(market.id), trading.get_order_by_client_id("first")
    check("order by id and by name", by_id.id == by_name.id and by_id.status == OrderStatus.FILLED)
    check("average price is the fill's", abs(float(by_id.filled_avg_price) - fill.price) < 1e-5)

    waiting = {
        "limit day": LimitOrderRequest(**common, time_in_force=DAY, limit_price=low),
        "limit gtc": LimitOrderRequest(**common, time_in_force=GTC, limit_price=low),
        "limit in extended hours": LimitOrderRequest(
            **common, time_in_force=DAY, limit_price=low, extended_hours=True
        ),
        "stop": StopOrderRequest(**common, time_in_force=DAY, stop_price=high),
        "stop limit": StopLimitOrderRequest(**common, time_in_force=GTC, stop_price=high, limit_price=high),
        "trailing by price": TrailingStopOrderRequest(**common, time_in_force=DAY, trail_price=50.0),
        "trailing by percent": TrailingStopOrderRequest(**common, time_in_force=GTC, trail_percent=20.0),
        "market on close": MarketOrderRequest(**common, time_in_force=TimeInForce.CLS),
    }
    placed = {name: trading.submit_order(wish) for name, wish in waiting.items()}
    for name, order in placed.items():
        check(f"{name} waits", trading.get_order_by_id(order.id).status == OrderStatus.NEW)
    check("trailing stop has its mark", placed["trailing by price"].hwm is not None)
    opened = trading.get_orders(GetOrdersRequest(status=QueryOrderStatus.OPEN, symbols=["SPY"]))
    check("open orders are listed", {o.id for o in opened} == {o.id for o in placed.values()})
    one = GetOrdersRequest(status=QueryOrderStatus.ALL, limit=1, side=BUY)
    check("newest order first", trading.get_orders(one)[0].id == placed["market on close"].id)

    trading.cancel_order_by_id(placed["limit day"].id)
    seen = updates.until(lambda update: update.event == TradeEvent.CANCELED)
    check("stream: pending_cancel before canceled", seen[-2].event == TradeEvent.PENDING_CANCEL)
    refused(
        "an order cancelled twice",
        422,
        42210000,
        "canceled",
        lambda: trading.cancel_order_by_id(placed["limit day"].id),
    )
    nobody = "00000000-0000-0000-0000-000000000000"
    refused(
        "an order that nobody sent",
        404,
        40410000,
        "order not found",
        lambda: trading.get_order_by_id(nobody),
    )
    told = trading.cancel_orders()
    check("all orders are cancelled", len(told) == 7 and all(one.status == 200 for one in told), told)
    updates.until(
        lambda update: update.order.id == placed["market on close"].id
        and update.event == TradeEvent.CANCELED
    )


def moments(trading, data, server, updates):
    bid = quote_of(data, "SPY").bid_price
    common = {"symbol": "SPY", "side": BUY}
    ended = {}
    for name, wish in {
        "ioc market": MarketOrderRequest(**common, qty=1, time_in_force=TimeInForce.IOC),
        "ioc limit far away": LimitOrderRequest(
            **common, qty=1, time_in_force=TimeInForce.IOC, limit_price=round(bid * 0.8, 2)
        ),
        "fok market": MarketOrderRequest(**common, qty=1, time_in_force=TimeInForce.FOK),
        "fraction": MarketOrderRequest(**common, qty=0.25, time_in_force=DAY),
        "value": MarketOrderRequest(**common, notional=100.5, time_in_force=DAY),
    }.items():
        order = trading.submit_order(wish)
        server.step()
        ended[name] = trading.get_order_by_id(order.id)
        updates.until(
            lambda update, order=order: update.order.id == order.id
            and update.event in (TradeEvent.FILL, TradeEvent.CANCELED)
        )
    for name in ("ioc market", "fok market", "fraction", "value"):
        check(f"{name} fills", ended[name].status == OrderStatus.FILLED, ended[name].status)
    check("ioc limit far away is taken back", ended["ioc limit far away"].status == OrderStatus.CANCELED)
    value = ended["value"]
    spent = float(value.filled_qty) * float(value.filled_avg_price)
    check("value is spent", value.qty is None and abs(spent - 100.5) < 0.1, spent)


def complex_orders(trading, data, server, updates):
    ask = quote_of(data, "QQQ").ask_price
    bracket = trading.submit_order(
        MarketOrderRequest(
            symbol="QQQ",
            qty=5,
            side=BUY,
            time_in_force=GTC,
            order_class=OrderClass.BRACKET,
            take_profit=TakeProfitRequest(limit_price=round(ask * 1.5, 2)),
            stop_loss=StopLossRequest(stop_price=round(ask * 0.998, 2)),
        )
    )
    check(
        "bracket has two legs that are held", [leg.status for leg in bracket.legs] == [OrderStatus.HELD] * 2
    )
    server.step()
    updates.until(lambda update: update.order.id == bracket.id and update.event == TradeEvent.FILL)
    nested = trading.get_orders(GetOrdersRequest(status=QueryOrderStatus.CLOSED, nested=True, limit=1))
    check("legs stand under their order", nested[0].id == bracket.id and len(nested[0].legs) == 2)
    target, stop = bracket.legs
    for _ in range(200):
        server.step(10)
        if trading.get_order_by_id(stop.id).status == OrderStatus.FILLED:
            break
    check("bracket's stop is triggered", trading.get_order_by_id(stop.id).status == OrderStatus.FILLED)
    check(
        "bracket's target is taken back", trading.get_order_by_id(target.id).status == OrderStatus.CANCELED
    )
    seen = updates.until(
        lambda update: update.order.id == target.id and update.event == TradeEvent.CANCELED
    )
    check(
        "stream tells of both legs", any(u.order.id == stop.id and u.event == TradeEvent.FILL for u in seen)
    )
    refused(
        "the position is gone",
        404,
        40410000,
        "position does not exist",
        lambda: trading.get_open_position("QQQ"),
    )

    held = trading.get_open_position("SPY")
    bid = quote_of(data, "SPY").bid_price
    oco = trading.submit_order(
        LimitOrderRequest(
            symbol="SPY",
            qty=10,
            side=SELL,
            time_in_force=GTC,
            order_class=OrderClass.OCO,
            take_profit=TakeProfitRequest(limit_price=round(bid * 1.3, 2)),
            stop_loss=StopLossRequest(stop_price=round(bid * 0.7, 2), limit_price=round(bid * 0.69, 2)),
        )
    )
    check(
        "an OCO is a target with a stop",
        len(oco.legs) == 1 and float(oco.limit_price) == round(bid * 1.3, 2),
    )
    left = float(trading.get_open_position("SPY").qty_available)
    check("an OCO holds its shares once", abs(left - (float(held.qty) - 10)) < 1e-9, left)
    trading.cancel_order_by_id(oco.id)
    check(
        "cancelling one cancels the other",
        trading.get_order_by_id(oco.legs[0].id).status == OrderStatus.CANCELED,
    )
    oto = trading.submit_order(
        LimitOrderRequest(
            symbol="QQQ",
            qty=5,
            side=BUY,
            time_in_force=GTC,
            order_class=OrderClass.OTO,
            limit_price=round(bid * 0.1, 2),
            stop_loss=StopLossRequest(stop_price=round(bid * 0.05, 2)),
        )
    )
    found = trading.get_order_by_id(oto.id, GetOrderByIdRequest(nested=True))
    check("an OTO waits with its leg", found.legs[0].status == OrderStatus.HELD)
    trading.cancel_order_by_id(oto.id)
    updates.until(lambda update: update.order.id == oto.legs[0].id and update.event == TradeEvent.CANCELED)


def replacing(trading, data, updates):
    bid = quote_of(data, "SPY").bid_price
    order = trading.submit_order(
        LimitOrderRequest(symbol="SPY", qty=3, side=BUY, time_in_force=GTC, limit_price=round(bid * 0.7, 2))
    )
    price = round(bid * 0.75, 2)
    change = ReplaceOrderRequest(qty=4, limit_price=price, client_order_id="replaced-once")
    after = trading.replace_order_by_id(order.id, change)
    before = trading.get_order_by_id(order.id)
    check(
        "a replaced order names the new one", before.replaced_by == after.id and after.replaces == order.id
    )
    check("the new order has the new terms", float(after.qty) == 4 and float(after.limit_price) == price)
    seen = updates.until(lambda update: update.order.id == after.id and update.event == TradeEvent.NEW)
    events = [update.event for update in seen]
    check(
        "stream: pending_replace, replaced",
        TradeEvent.PENDING_REPLACE in events and TradeEvent.REPLACED in events,
    )
    trading.cancel_order_by_id(after.id)
    updates.until(lambda update: update.order.id == after.id and update.event == TradeEvent.CANCELED)


def refusals(trading):
    def order(**terms):
        usual = {"symbol": "SPY", "qty": 1, "side": BUY, "time_in_force": DAY}
        return lambda: trading.submit_order(MarketOrderRequest(**{**usual, **terms}))

    refused("too much for the account", 403, 40310000, "insufficient buying power", order(qty=90_000))
    refused("a symbol that nobody lists", 422, 40010001, "could not find asset", order(symbol="NOPE"))
    refused("an index", 422, 42210000, "not tradable", order(symbol="VIX"))
    slip = LimitOrderRequest(symbol="SPY", qty=1, side=BUY, time_in_force=DAY, limit_price=100_000)
    refused("a limit far beyond the market", 422, 42210000, "above the market", lambda: trading.submit_order(slip))
    refused("more than is held", 403, 40310000, "insufficient qty available", order(side=SELL, qty=5_000))
    refused("a quantity below zero", 422, 40010001, "qty must be > 0", order(qty=-1))
    refused("a fraction till cancelled", 422, 42210000, "must be DAY", order(qty=0.5, time_in_force=GTC))


def positions(trading, server, updates):
    held = trading.get_all_positions()
    check("positions", [p.symbol for p in held] == ["SPY"] and float(held[0].market_value) > 0, held)
    half = trading.close_position("SPY", ClosePositionRequest(percentage="50"))
    server.step()
    check("half is sold", trading.get_order_by_id(half.id).status == OrderStatus.FILLED)
    left = float(trading.get_open_position("SPY").qty)
    check("half is left", abs(left - float(held[0].qty) / 2) < 1e-6, left)
    short = trading.submit_order(MarketOrderRequest(symbol="QQQ", qty=2, side=SELL, time_in_force=DAY))
    server.step()
    check("short position", trading.get_open_position("QQQ").side.value == "short", short)
    told = trading.close_all_positions(cancel_orders=True)
    server.step()
    check("all are closed", len(told) == 2 and trading.get_all_positions() == [], told)
    fills = trading.get("/account/activities/FILL", {"page_size": 100})
    more = trading.get(
        "/account/activities", {"activity_types": "FILL", "page_size": 2, "page_token": fills[1]["id"]}
    )
    check("activities come in pages", [one["id"] for one in more] == [one["id"] for one in fills[2:4]])
    while not updates.inbox.empty():
        updates.inbox.get()


def market_data(data, trading):
    now = trading.get_clock().timestamp
    frame = TimeFrame(5, TimeFrameUnit.Minute)
    symbols = ["SPY", "QQQ"]
    minutes = data.get_stock_bars(
        StockBarsRequest(
            symbol_or_symbols=symbols, timeframe=TimeFrame.Minute, start=now - timedelta(days=40)
        )
    )
    check("thousands of minutes, in pages", min(len(minutes[s]) for s in symbols) > 5_000)
    times = [bar.timestamp for bar in minutes["SPY"]]
    check("minutes ascend and end before now", times == sorted(set(times)) and times[-1] < now)
    days = data.get_stock_bars(
        StockBarsRequest(symbol_or_symbols="SPY", timeframe=TimeFrame.Day, start=now - timedelta(days=20))
    )
    check("days", len(days["SPY"]) > 10 and days["SPY"][0].high >= days["SPY"][0].low)
    few = data.get_stock_bars(
        StockBarsRequest(symbol_or_symbols="SPY", timeframe=frame, start=now - timedelta(days=5), limit=7)
    )
    check("as many as asked", len(few["SPY"]) == 7 and few.df.shape[0] == 7)
    check(
        "latest bar",
        data.get_stock_latest_bar(StockLatestBarRequest(symbol_or_symbols=symbols))["QQQ"].close > 0,
    )
    check(
        "latest trade",
        data.get_stock_latest_trade(StockLatestTradeRequest(symbol_or_symbols="SPY"))["SPY"].price > 0,
    )
    quote = quote_of(data, "SPY")
    check("bid below ask", quote.bid_price < quote.ask_price)
    snapshot = data.get_stock_snapshot(StockSnapshotRequest(symbol_or_symbols="SPY"))["SPY"]
    check("snapshot", snapshot.previous_daily_bar.timestamp < snapshot.daily_bar.timestamp)
    window = {"symbol_or_symbols": "SPY", "start": now - timedelta(days=3), "limit": 10}
    check("trades", len(data.get_stock_trades(StockTradesRequest(**window))["SPY"]) == 10)
    check("quotes", len(data.get_stock_quotes(StockQuotesRequest(**window))["SPY"]) == 10)


def data_stream(server):
    stream = StockDataStream(KEY, SECRET, url_override=f"ws://{server.host}/v2/iex")
    heard = Heard(stream)
    stream.subscribe_bars(heard.hear, "SPY")
    stream.subscribe_quotes(heard.hear, "QQQ")
    stream.subscribe_trades(heard.hear, "*")
    heard.thread.start()
    kinds = set()
    for _ in range(50):
        # The subscription is asynchronous: bars pass until it stands.
        server.step()
        try:
            kinds.add(type(heard.inbox.get(timeout=0.5)).__name__)
        except queue.Empty:
            continue
        while not heard.inbox.empty():
            message = heard.inbox.get()
            kinds.add(type(message).__name__)
        if len(kinds) == 3:
            break
    check("data stream: bars, quotes, trades", kinds == {"Bar", "Quote", "Trade"}, kinds)
    stream.stop()
    heard.thread.join(WAIT)
    check("data stream stops", not heard.thread.is_alive())


def after_the_close(trading, server):
    close = trading.get_clock().next_close.astimezone(timezone.utc)
    server.control(f"advance?until={close:%Y-%m-%dT%H:%M:%SZ}")
    check("the market closes", not trading.get_clock().is_open)
    order = trading.submit_order(MarketOrderRequest(symbol="SPY", qty=1, side=BUY, time_in_force=DAY))
    opening = trading.submit_order(
        MarketOrderRequest(symbol="SPY", qty=1, side=BUY, time_in_force=TimeInForce.OPG)
    )
    check("after the close an order is accepted", order.status == OrderStatus.ACCEPTED, order.status)
    server.step()
    check("and fills after the open", trading.get_order_by_id(order.id).status == OrderStatus.FILLED)
    check("as does one for the auction", trading.get_order_by_id(opening.id).status == OrderStatus.FILLED)


def bad_requests(server):
    headers = {"APCA-API-KEY-ID": KEY, "APCA-API-SECRET-KEY": SECRET}

    def post(body, **more):
        return requests.post(
            f"{server.url}/v2/orders", data=body, headers={**headers, **more}, timeout=WAIT
        )

    check("malformed JSON is 400", post("{").status_code == 400)
    check("an oversized body is 413", post("x" * 100_000).status_code == 413)
    check("no keys are 401", requests.get(f"{server.url}/v2/account", timeout=WAIT).status_code == 401)
    check(
        "an unknown path is 404",
        requests.get(f"{server.url}/v9", headers=headers, timeout=WAIT).status_code == 404,
    )


def restart(server, words):
    trading = TradingClient(KEY, SECRET, paper=True, url_override=server.url)
    waiting = trading.submit_order(
        LimitOrderRequest(
            symbol="SPY", qty=1, side=BUY, time_in_force=GTC, limit_price=1.5, client_order_id="stays"
        )
    )
    everything = GetOrdersRequest(status=QueryOrderStatus.ALL, limit=500)
    before = (
        trading.get_account(),
        trading.get_orders(everything),
        trading.get_all_positions(),
        trading.get_clock(),
    )
    server.kill()
    server = Server(*words)
    trading = TradingClient(KEY, SECRET, paper=True, url_override=server.url)
    after = (
        trading.get_account(),
        trading.get_orders(everything),
        trading.get_all_positions(),
        trading.get_clock(),
    )
    check("killed and started again, all is there", before == after)
    refused(
        "names are known after a restart",
        422,
        40010001,
        "client_order_id must be unique",
        lambda: trading.submit_order(
            MarketOrderRequest(symbol="SPY", qty=1, side=BUY, time_in_force=DAY, client_order_id="stays")
        ),
    )
    trading.cancel_order_by_id(waiting.id)
    check("and orders are still worked", trading.get_order_by_id(waiting.id).status == OrderStatus.CANCELED)
    return server


def rate_limit():
    server = Server("--name", "limited", "--speed", "stepped", "--requests-per-minute", "5")
    headers = {"APCA-API-KEY-ID": KEY, "APCA-API-SECRET-KEY": SECRET}
    answers = [requests.get(f"{server.url}/v2/clock", headers=headers, timeout=WAIT) for _ in range(7)]
    check("a full minute is 429", [a.status_code for a in answers] == [200] * 5 + [429] * 2)
    check("headers say so", answers[0].headers["X-RateLimit-Remaining"] == "4")
    server.kill()


def running():
    server = Server("--name", "running", "--speed", "600", "--requests-per-minute", "5000")
    trading = TradingClient(KEY, SECRET, paper=True, url_override=server.url)
    stream = TradingStream(KEY, SECRET, url_override=f"ws://{server.host}/stream")
    updates = Heard(stream)
    stream.subscribe_trade_updates(updates.hear)
    updates.thread.start()
    order = trading.submit_order(MarketOrderRequest(symbol="SPY", qty=1, side=BUY, time_in_force=DAY))
    for _ in range(200):
        if trading.get_order_by_id(order.id).status == OrderStatus.FILLED:
            break
        threading.Event().wait(0.05)
    check(
        "with a running clock orders fill by themselves",
        trading.get_order_by_id(order.id).status == OrderStatus.FILLED,
    )
    server.kill()


def secrets_stay_secret():
    found = []
    for folder, _, names in os.walk(HOME):
        for name in names:
            with open(os.path.join(folder, name), "rb") as file:
                if SECRET.encode() in file.read():
                    found.append(name)
    check("the secret is written nowhere", not found, found)


def main():
    os.makedirs(HOME, exist_ok=True)
    words = ("--name", "proving", "--speed", "stepped", "--requests-per-minute", "100000")
    server = Server(*words)
    check("the secret is not told back", SECRET not in server.said)
    trading = TradingClient(KEY, SECRET, paper=True, url_override=server.url)
    data = StockHistoricalDataClient(KEY, SECRET, url_override=server.url)
    stream = TradingStream(KEY, SECRET, url_override=f"ws://{server.host}/stream")
    updates = Heard(stream)
    stream.subscribe_trade_updates(updates.hear)
    account_and_assets(trading, server)
    updates.thread.start()
    listening = threading.Event()
    for _ in range(100):
        # Listening is asynchronous; an order that is taken back at once shows when it stands.
        probe = trading.submit_order(
            LimitOrderRequest(symbol="QQQ", qty=1, side=BUY, time_in_force=DAY, limit_price=1.0)
        )
        trading.cancel_order_by_id(probe.id)
        if not updates.inbox.empty():
            break
        listening.wait(0.1)
    updates.until(lambda update: update.order.id == probe.id and update.event == TradeEvent.CANCELED)
    order_kinds(trading, data, server, updates)
    moments(trading, data, server, updates)
    complex_orders(trading, data, server, updates)
    replacing(trading, data, updates)
    refusals(trading)
    positions(trading, server, updates)
    stream.stop()
    updates.thread.join(WAIT)
    check("account stream stops", not updates.thread.is_alive())
    market_data(data, trading)
    data_stream(server)
    after_the_close(trading, server)
    bad_requests(server)
    server = restart(server, words)
    server.kill()
    rate_limit()
    running()
    secrets_stay_secret()
    print(f"{len(passed)} of {len(passed) + len(failures)} hold")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
