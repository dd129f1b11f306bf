"""Options through Alpaca's own client, unchanged, against `trimtab exchange`.

Arguments: BINARY HOME. Looks at a chain, trades contracts and orders of legs, kills the server,
starts it again, and lets contracts expire. Ends with 1 where something is not as it should be.
"""

import os
import sys
import threading
from datetime import timedelta

from alpaca.data.historical.option import OptionHistoricalDataClient
from alpaca.data.requests import OptionChainRequest, OptionLatestQuoteRequest, OptionSnapshotRequest
from alpaca.trading.client import TradingClient
from alpaca.trading.enums import (
    AssetClass,
    ContractType,
    OrderClass,
    OrderSide,
    OrderStatus,
    OrderType,
    PositionIntent,
    TimeInForce,
    TradeEvent,
)
from alpaca.trading.requests import (
    GetOptionContractsRequest,
    GetOrderByIdRequest,
    LimitOrderRequest,
    MarketOrderRequest,
    OptionLegRequest,
)
from alpaca.trading.stream import TradingStream

from exchange_harness import HOME, KEY, SECRET, WAIT, Heard, Server, check, failures, passed, refused

DAY = TimeInForce.DAY
OPEN, SOLD = PositionIntent.BUY_TO_OPEN, PositionIntent.SELL_TO_OPEN


def mleg(legs, qty=1, limit=None, **more):
    words = dict(qty=qty, order_class=OrderClass.MLEG, time_in_force=DAY, legs=legs, **more)
    if limit is None:
        return MarketOrderRequest(type=OrderType.MARKET, **words)
    return LimitOrderRequest(type=OrderType.LIMIT, limit_price=limit, **words)


def leg(symbol, side, ratio=1, intent=None):
    return OptionLegRequest(symbol=symbol, ratio_qty=ratio, side=side, position_intent=intent)


def chain(trading, data):
    today = trading.get_clock().timestamp.date()
    asked = GetOptionContractsRequest(underlying_symbols=["SPY"], limit=1000)
    soon = trading.get_option_contracts(asked).option_contracts
    week = today + timedelta(days=5 - today.weekday())
    check("without a day the chain is this week's", soon and all(c.expiration_date <= week for c in soon))
    asked = GetOptionContractsRequest(
        underlying_symbols=["SPY"],
        type=ContractType.CALL,
        expiration_date_gte=today + timedelta(days=7),
        expiration_date_lte=today + timedelta(days=14),
        limit=1000,
    )
    calls = trading.get_option_contracts(asked).option_contracts
    check("contracts by day and right", calls and {c.type for c in calls} == {ContractType.CALL})
    check("strikes rise", [c.strike_price for c in calls] == sorted(c.strike_price for c in calls))
    one = trading.get_option_contract(calls[0].symbol)
    check("contract by name and by id", one == trading.get_option_contract(one.id), one)
    first = trading.get_option_contracts(GetOptionContractsRequest(underlying_symbols=["SPY"], limit=5))
    asked = GetOptionContractsRequest(underlying_symbols=["SPY"], limit=5, page_token=first.next_page_token)
    second = trading.get_option_contracts(asked).option_contracts
    check("pages follow each other", second[0].symbol > first.option_contracts[-1].symbol)
    shown = data.get_option_chain(
        OptionChainRequest(underlying_symbol="SPY", expiration_date=calls[0].expiration_date, type="call")
    )
    check("chain of snapshots", set(shown) == {c.symbol for c in calls}, len(shown))
    deltas = [shown[c.symbol].greeks.delta for c in calls]
    check("deltas of calls fall as strikes rise", deltas == sorted(deltas, reverse=True), deltas)
    spot = min(calls, key=lambda c: abs(shown[c.symbol].greeks.delta - 0.5))
    place = calls.index(spot)
    quotes = data.get_option_latest_quote(OptionLatestQuoteRequest(symbol_or_symbols=[spot.symbol]))
    quote = quotes[spot.symbol]
    check("latest quote", 0 < quote.bid_price < quote.ask_price, quote)
    one = data.get_option_snapshot(OptionSnapshotRequest(symbol_or_symbols=spot.symbol))[spot.symbol]
    check("one snapshot", one.implied_volatility > 0 and one.latest_quote == quote, one)
    return [c.symbol for c in calls[place : place + 4]]


def single(trading, server, updates, name):
    order = trading.submit_order(
        LimitOrderRequest(
            symbol=name, qty=2, side=OrderSide.BUY, time_in_force=DAY, limit_price=90, position_intent=OPEN
        )
    )
    check("an option's order", order.asset_class == AssetClass.US_OPTION and order.symbol == name, order)
    server.step()
    filled = updates.until(lambda u: u.event == TradeEvent.FILL and u.order.id == order.id)[-1]
    check("its fill is told", filled.qty == 2 and filled.position_qty == 2, filled)
    held = trading.get_open_position(name)
    check("its position", held.asset_class == AssetClass.US_OPTION and held.qty == "2", held)
    cost = 200 * float(held.avg_entry_price)
    check("a hundred times its price", abs(float(held.cost_basis) - cost) < 0.01)
    closing = trading.close_position(name)
    check("closing it", closing.position_intent == PositionIntent.SELL_TO_CLOSE)
    server.step()
    updates.until(lambda u: u.event == TradeEvent.FILL and u.order.id == closing.id)
    check("nothing is left", trading.get_all_positions() == [])


def legs(trading, server, updates, names):
    buy, sell = OrderSide.BUY, OrderSide.SELL
    asked = mleg(
        [leg(names[0], buy, intent=OPEN), leg(names[2], sell, intent=SOLD)], 3, 40, client_order_id="tt-legs"
    )
    order = trading.submit_order(asked)
    check("an order of legs", order.order_class == OrderClass.MLEG and len(order.legs) == 2, order)
    check("it has no symbol and no side", order.symbol is None and order.side is None)
    check("legs say what they mean", [one.position_intent for one in order.legs] == [OPEN, SOLD])
    server.step()
    told = updates.until(lambda u: u.event == TradeEvent.FILL and u.order.id == order.id)[-1]
    prices = [float(one.filled_avg_price) for one in told.order.legs]
    check("its fill tells each leg", abs(told.price - (prices[0] - prices[1])) < 1e-6, told)
    check("legs filled alike", [float(one.filled_qty) for one in told.order.legs] == [3, 3])
    held = {one.symbol: float(one.qty) for one in trading.get_all_positions()}
    check("positions of legs", held == {names[0]: 3, names[2]: -3}, held)
    again = trading.get_order_by_id(order.id, GetOrderByIdRequest(nested=True))
    check("the order as it ended", again.status == OrderStatus.FILLED and len(again.legs) == 2)
    refused("the same name again", 422, 40010001, "must be unique", lambda: trading.submit_order(asked))
    credit = mleg([leg(names[1], sell), leg(names[3], buy)], 2, -0.01)
    before = float(trading.get_account().cash)
    order = trading.submit_order(credit)
    server.step()
    told = updates.until(lambda u: u.event == TradeEvent.FILL and u.order.id == order.id)[-1]
    check("a credit is a price below zero", told.price < 0, told.price)
    gained = float(trading.get_account().cash) - before
    check("and is received", abs(gained + 200 * told.price) < 0.01, gained)
    waits = trading.submit_order(mleg([leg(names[0], sell), leg(names[2], buy)], 1, -90))
    trading.cancel_order_by_id(waits.id)
    updates.until(lambda u: u.event == TradeEvent.CANCELED and u.order.id == waits.id)
    check("an order of legs is taken back as one", trading.get_order_by_id(waits.id).status == "canceled")


def refusals(trading, names):
    naked = MarketOrderRequest(symbol=names[0], qty=50, side=OrderSide.SELL, time_in_force=DAY)
    refused("a naked call", 403, 40310000, "uncovered option", lambda: trading.submit_order(naked))
    alone = MarketOrderRequest(symbol=names[0], qty=3, side=OrderSide.SELL, time_in_force=DAY)
    refused("the cover of a sold leg", 403, 40310000, "uncovered", lambda: trading.submit_order(alone))
    ratio = mleg([leg(names[0], OrderSide.BUY), leg(names[1], OrderSide.SELL, 2)])
    refused("more sold than bought", 403, 40310000, "uncovered", lambda: trading.submit_order(ratio))
    even = mleg([leg(names[0], OrderSide.BUY, 2), leg(names[1], OrderSide.SELL, 2)])
    refused("ratios not in lowest terms", 422, 42210000, "divisor", lambda: trading.submit_order(even))
    wrong = mleg([leg(names[0], OrderSide.SELL, intent=SOLD), leg(names[2], OrderSide.BUY)])
    refused("another intent", 422, 42210000, "intent mismatch", lambda: trading.submit_order(wrong))


def restart(trading, server, words):
    before = (trading.get_account(), trading.get_all_positions())
    server.kill()
    server = Server(*words)
    trading = TradingClient(KEY, SECRET, paper=True, url_override=server.url)
    check("killed and started again, contracts are there", before == (trading.get_account(), trading.get_all_positions()))
    return trading, server


def expiry(trading, server):
    cash = float(trading.get_account().cash)
    server.control("step?bars=4000")
    check("what expired is gone", trading.get_all_positions() == [])
    paid = trading.get("/account/activities", {"activity_types": "OPEXP,OPCSH"})
    check("each contract ended once", len(paid) == 4, paid)
    change = sum(float(one["net_amount"]) for one in paid)
    check("paid in cash", abs(float(trading.get_account().cash) - cash - change) < 0.02, paid)


def main():
    os.makedirs(HOME, exist_ok=True)
    words = ("--name", "options", "--speed", "stepped", "--requests-per-minute", "100000")
    server = Server(*words)
    trading = TradingClient(KEY, SECRET, paper=True, url_override=server.url)
    data = OptionHistoricalDataClient(KEY, SECRET, url_override=server.url)
    account = trading.get_account()
    check("options level", account.options_trading_level == 3, account)
    check("options buying power is own money", float(account.options_buying_power) == 100_000.0)
    stream = TradingStream(KEY, SECRET, url_override=f"ws://{server.host}/stream")
    updates = Heard(stream)
    stream.subscribe_trade_updates(updates.hear)
    updates.thread.start()
    names = chain(trading, data)
    for _ in range(100):
        # Listening is asynchronous; an order that is taken back at once shows when it stands.
        probe = trading.submit_order(
            LimitOrderRequest(symbol="QQQ", qty=1, side=OrderSide.BUY, time_in_force=DAY, limit_price=1.0)
        )
        trading.cancel_order_by_id(probe.id)
        if not updates.inbox.empty():
            break
        threading.Event().wait(0.1)
    updates.until(lambda u: u.order.id == probe.id and u.event == TradeEvent.CANCELED)
    single(trading, server, updates, names[0])
    legs(trading, server, updates, names)
    refusals(trading, names)
    stream.stop()
    updates.thread.join(WAIT)
    trading, server = restart(trading, server, words)
    expiry(trading, server)
    server.kill()
    print(f"{len(passed)} of {len(passed) + len(failures)} hold")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
