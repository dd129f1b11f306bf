"""A client of TWS, unchanged, against `trimtab exchange --tws-port`.

Arguments: BINARY HOME. Starts the server on free ports, trades through the Python client that IB
publishes (as packed by `nautilus-ibapi`) with nothing but host and port, kills the server, starts
it again and looks whether all is still there. Ends with 1 where something is not as the real
broker's documents say.
"""

import json
import queue
import sys
import threading
import time
from decimal import Decimal

from ibapi.account_summary_tags import AccountSummaryTags
from ibapi.client import EClient
from ibapi.contract import ComboLeg, Contract
from ibapi.execution import ExecutionFilter
from ibapi.order import Order
from ibapi.order_cancel import OrderCancel
from ibapi.ticktype import TickTypeEnum
from ibapi.wrapper import EWrapper

from exchange_harness import WAIT, Server, check, failures, passed

NOTICES = {2104, 2106, 2158}


class Trader(EWrapper, EClient):
    """The official client; each call of its wrapper that matters here goes into one inbox."""

    def __init__(self, server, client_id=1):
        EWrapper.__init__(self)
        EClient.__init__(self, wrapper=self)
        self.inbox, self.orders, self.order_id = queue.Queue(), {}, None
        host, port = json.loads(server.said)["tws"].split(":")
        self.connect(host, int(port), client_id)
        self.loop = threading.Thread(target=self.run, daemon=True)
        self.loop.start()

    def tell(self, *what):
        self.inbox.put(what)

    def until(self, *start):
        """All that is heard up to something that begins so."""
        seen = []
        try:
            while True:
                seen.append(self.inbox.get(timeout=WAIT))
                if seen[-1][: len(start)] == start:
                    return seen
        except queue.Empty:
            check(f"hears {start}", False, seen)
            return seen

    def error(self, reqId, errorTime, errorCode, errorString, advancedOrderRejectJson=""):
        if errorCode not in NOTICES:
            self.tell("error", reqId, errorCode, errorString)

    def nextValidId(self, orderId):
        self.order_id = orderId
        self.tell("nextValidId", orderId)

    def managedAccounts(self, accountsList):
        self.tell("managedAccounts", accountsList)

    def currentTime(self, time):
        self.tell("currentTime", time)

    def connectionClosed(self):
        self.tell("connectionClosed")

    def openOrder(self, orderId, contract, order, orderState):
        self.orders[orderId] = order
        self.tell("openOrder", orderId, orderState.status, contract, order, orderState)

    def openOrderEnd(self):
        self.tell("openOrderEnd")

    def orderStatus(
        self, orderId, status, filled, remaining, avgFillPrice, permId, parentId, lastFillPrice, *rest
    ):
        self.tell("orderStatus", orderId, status, filled, remaining, avgFillPrice, permId, parentId, rest)

    def execDetails(self, reqId, contract, execution):
        self.tell("execDetails", reqId, execution.orderId, contract, execution)

    def execDetailsEnd(self, reqId):
        self.tell("execDetailsEnd", reqId)

    def commissionAndFeesReport(self, commissionAndFeesReport):
        self.tell("commission", commissionAndFeesReport.execId, commissionAndFeesReport.commissionAndFees)

    def completedOrder(self, contract, order, orderState):
        self.tell("completedOrder", order, orderState)

    def completedOrdersEnd(self):
        self.tell("completedOrdersEnd")

    def contractDetails(self, reqId, contractDetails):
        self.tell("contractDetails", reqId, contractDetails)

    def contractDetailsEnd(self, reqId):
        self.tell("contractDetailsEnd", reqId)

    def symbolSamples(self, reqId, contractDescriptions):
        self.tell("symbolSamples", reqId, contractDescriptions)

    def marketRule(self, marketRuleId, priceIncrements):
        self.tell("marketRule", marketRuleId, priceIncrements)

    def accountSummary(self, reqId, account, tag, value, currency):
        self.tell("accountSummary", reqId, tag, value, currency)

    def accountSummaryEnd(self, reqId):
        self.tell("accountSummaryEnd", reqId)

    def updateAccountValue(self, key, val, currency, accountName):
        self.tell("accountValue", key, val, currency)

    def updatePortfolio(self, contract, position, marketPrice, marketValue, averageCost, *rest):
        self.tell("portfolio", contract.symbol, position, marketPrice, marketValue, averageCost)

    def accountDownloadEnd(self, accountName):
        self.tell("accountDownloadEnd", accountName)

    def position(self, account, contract, position, avgCost):
        self.tell("position", contract.symbol, position, avgCost)

    def positionEnd(self):
        self.tell("positionEnd")

    def positionMulti(self, reqId, account, modelCode, contract, pos, avgCost):
        self.tell("positionMulti", reqId, contract.symbol, pos)

    def positionMultiEnd(self, reqId):
        self.tell("positionMultiEnd", reqId)

    def accountUpdateMulti(self, reqId, account, modelCode, key, value, currency):
        self.tell("accountUpdateMulti", reqId, key, value)

    def accountUpdateMultiEnd(self, reqId):
        self.tell("accountUpdateMultiEnd", reqId)

    def pnl(self, reqId, dailyPnL, unrealizedPnL, realizedPnL):
        self.tell("pnl", reqId, dailyPnL, unrealizedPnL)

    def pnlSingle(self, reqId, pos, dailyPnL, unrealizedPnL, realizedPnL, value):
        self.tell("pnlSingle", reqId, pos, value)

    def historicalData(self, reqId, bar):
        self.tell("bar", reqId, bar)

    def historicalDataEnd(self, reqId, start, end):
        self.tell("historicalDataEnd", reqId, start, end)

    def historicalDataUpdate(self, reqId, bar):
        self.tell("historicalDataUpdate", reqId, bar)

    def headTimestamp(self, reqId, headTimestamp):
        self.tell("headTimestamp", reqId, headTimestamp)

    def tickPrice(self, reqId, tickType, price, attrib):
        self.tell("tickPrice", reqId, TickTypeEnum.toStr(tickType), price)

    def tickSize(self, reqId, tickType, size):
        self.tell("tickSize", reqId, TickTypeEnum.toStr(tickType), size)

    def tickSnapshotEnd(self, reqId):
        self.tell("tickSnapshotEnd", reqId)

    def realtimeBar(self, reqId, time, open_, high, low, close, volume, wap, count):
        self.tell("realtimeBar", reqId, time, open_, high, low, close)

    def tickByTickAllLast(self, reqId, tickType, time, price, size, *rest):
        self.tell("tickLast", reqId, price, size)

    def tickByTickBidAsk(self, reqId, time, bidPrice, askPrice, *rest):
        self.tell("tickBidAsk", reqId, bidPrice, askPrice)

    def tickByTickMidPoint(self, reqId, time, midPoint):
        self.tell("tickMidPoint", reqId, midPoint)

    def place(self, order, contract=None):
        order_id, self.order_id = self.order_id, self.order_id + 1
        self.placeOrder(order_id, contract or stock("SPY"), order)
        return order_id

    def refused(self, what, code, order, contract=None):
        order_id = self.place(order, contract)
        seen = self.until("error", order_id)
        check(f"{what} is {code}", seen[-1][2] == code, seen[-1])

    def empty(self):
        while not self.inbox.empty():
            self.inbox.get()


def stock(symbol, **more):
    contract = Contract()
    contract.symbol, contract.secType, contract.exchange, contract.currency = symbol, "STK", "SMART", "USD"
    for name, value in more.items():
        setattr(contract, name, value)
    return contract


def order(action, quantity, kind="MKT", **terms):
    made = Order()
    made.action, made.totalQuantity, made.orderType = action, Decimal(quantity), kind
    for name, value in terms.items():
        setattr(made, name, value)
    return made


def of(seen, *start):
    return [what for what in seen if what[: len(start)] == start]


def beginning(trader):
    seen = trader.until("nextValidId")
    check("version is spoken in binary form", trader.serverVersion() >= 213, trader.serverVersion())
    check("account is named before the first id", seen[0][0] == "managedAccounts", seen)
    account = seen[0][1]
    check("account is one of paper", account.startswith("DU"), account)
    check("first order id is 1", seen[-1] == ("nextValidId", 1), seen[-1])
    trader.reqCurrentTime()
    at = trader.until("currentTime")[-1][1]
    check("time is the market's", time.gmtime(at)[:3] == (2016, 2, 2), at)
    trader.reqIds(-1)
    check("ids are told again", trader.until("nextValidId")[-1][1] == 1)
    return account


def price_of(trader, symbol="SPY"):
    trader.reqMktData(900, stock(symbol), "", True, False, [])
    ticks = {what[2]: what[3] for what in of(trader.until("tickSnapshotEnd", 900), "tickPrice", 900)}
    return ticks


def contracts(trader):
    trader.reqContractDetails(1, stock("SPY"))
    found = of(trader.until("contractDetailsEnd", 1), "contractDetails", 1)
    check("one contract fits", len(found) == 1, found)
    details = found[0][2]
    check("contract has its number and exchange", details.contract.conId > 0 and details.contract.primaryExchange == "NYSE")
    check("contract has hours and steps", details.minTick == 0.01 and "0930" in details.liquidHours, details)
    trader.reqContractDetails(2, stock("", conId=details.contract.conId))
    again = of(trader.until("contractDetailsEnd", 2), "contractDetails", 2)
    check("contract by its number", again[0][2].contract.symbol == "SPY")
    trader.reqContractDetails(3, stock("NOPE"))
    check("an unknown symbol is 200", trader.until("error", 3)[-1][2] == 200)
    trader.reqContractDetails(4, stock("SPY", secType="FUT"))
    check("a future is 200", trader.until("error", 4)[-1][2] == 200)
    trader.reqMatchingSymbols(5, "SP")
    names = [one.contract.symbol for one in trader.until("symbolSamples", 5)[-1][2]]
    check("symbols are found by a part", "SPY" in names, names)
    trader.reqMarketRule(int(details.marketRuleIds.split(",")[0]))
    steps = [step.increment for step in trader.until("marketRule")[-1][2]]
    check("steps of prices", steps == [0.0001, 0.01], steps)


def account_data(trader, account):
    trader.reqAccountSummary(10, "All", AccountSummaryTags.AllTags)
    seen = trader.until("accountSummaryEnd", 10)
    tags = {what[2]: what[3] for what in of(seen, "accountSummary", 10)}
    check("summary: money", float(tags["NetLiquidation"]) == 100_000 == float(tags["TotalCashValue"]), tags)
    check("summary: buying power is twice the equity", float(tags["BuyingPower"]) == 200_000)
    trader.cancelAccountSummary(10)
    trader.reqAccountUpdates(True, account)
    values = {what[1] for what in of(trader.until("accountDownloadEnd"), "accountValue")}
    check("account values", {"CashBalance", "EquityWithLoanValue", "InitMarginReq"} <= values, values)
    trader.reqAccountUpdates(False, account)
    trader.reqPositions()
    check("no position yet", of(trader.until("positionEnd"), "position") == [])
    trader.cancelPositions()
    trader.reqPositionsMulti(11, account, "")
    check("no position of the account", of(trader.until("positionMultiEnd", 11), "positionMulti") == [])
    trader.reqAccountUpdatesMulti(12, account, "", False)
    seen = of(trader.until("accountUpdateMultiEnd", 12), "accountUpdateMulti", 12)
    check("values of the account", len(seen) > 10, len(seen))
    trader.cancelPositionsMulti(11)
    trader.cancelAccountUpdatesMulti(12)
    trader.reqPnL(13, account, "")
    check("profit is zero", trader.until("pnl", 13)[-1][2:] == (0.0, 0.0))
    trader.cancelPnL(13)
    trader.reqPnL(14, "DU1", "")
    check("another account is 321", trader.until("error", 14)[-1][2] == 321)


def market_order(trader, server):
    first = trader.place(order("BUY", 10, orderRef="tt-first"))
    seen = trader.until("orderStatus", first)
    check("openOrder before orderStatus", seen[-2][0] == "openOrder" and seen[-1][2] == "Submitted", seen)
    told = trader.orders[first]
    check("orderRef is told back", told.orderRef == "tt-first", told.orderRef)
    check("permId is there", told.permId > 0 and seen[-1][6] == told.permId)
    server.step()
    seen = trader.until("orderStatus", first, "Filled")
    made = of(seen, "execDetails", -1, first)[0][4]
    check("execution: side and shares", made.side == "BOT" and made.shares == 10, vars(made))
    check("execution: reference and numbers", made.orderRef == "tt-first" and made.permId == told.permId)
    report = of(seen, "commission", made.execId)
    check("commission follows its execution", report and report[0][2] == 1.0, seen)
    check("status has quantity and price", seen[-1][3:5] == (10, 0) and abs(seen[-1][5] - made.price) < 1e-6)
    trader.reqPositions()
    held = of(trader.until("positionEnd"), "position", "SPY")
    check("position", held and held[0][2] == 10 and abs(held[0][3] - made.price) < 1e-6, held)
    trader.cancelPositions()
    trader.reqExecutions(20, ExecutionFilter())
    again = of(trader.until("execDetailsEnd", 20), "execDetails", 20)
    check("executions are told again", [what[4].execId for what in again] == [made.execId], again)
    only_sales = ExecutionFilter()
    only_sales.side = "SELL"
    trader.reqExecutions(21, only_sales)
    check("executions are filtered", of(trader.until("execDetailsEnd", 21), "execDetails") == [])
    check("a used id is 104 once filled", used_id(trader, first) == 104)
    return made


def used_id(trader, order_id):
    trader.placeOrder(order_id, stock("SPY"), order("BUY", 11))
    return trader.until("error", order_id)[-1][2]


def kinds(trader, server):
    ticks = price_of(trader)
    low, high = round(ticks["BID"] * 0.8, 2), round(ticks["ASK"] * 1.2, 2)
    waiting = {
        "limit": order("BUY", 5, "LMT", lmtPrice=low),
        "limit gtc": order("BUY", 5, "LMT", lmtPrice=low, tif="GTC"),
        "limit till a date": order("BUY", 5, "LMT", lmtPrice=low, tif="GTD", goodTillDate="20160301"),
        "limit outside hours": order("BUY", 5, "LMT", lmtPrice=low, outsideRth=True),
        "stop": order("BUY", 5, "STP", auxPrice=high),
        "stop limit": order("BUY", 5, "STP LMT", auxPrice=high, lmtPrice=high),
        "trailing by price": order("BUY", 5, "TRAIL", auxPrice=50.0),
        "trailing by percent": order("BUY", 5, "TRAIL", trailingPercent=20.0, trailStopPrice=high),
        "market on close": order("BUY", 5, "MOC"),
        "limit on close": order("BUY", 5, "LOC", lmtPrice=low),
    }
    placed = {}
    for name, wish in waiting.items():
        placed[name] = trader.place(wish)
        status = trader.until("orderStatus", placed[name])[-1][2]
        wanted = "Submitted" if wish.orderType == "LMT" else "PreSubmitted"
        told = trader.orders[placed[name]]
        same = told.orderType == wish.orderType and (told.tif == wish.tif or not wish.tif)
        check(f"{name} waits", status == wanted and same, (status, told.tif))
    trail = trader.orders[placed["trailing by percent"]]
    check("trailing stop stands where it was put", abs(trail.trailStopPrice - high) < 0.02, trail.trailStopPrice)
    trader.reqOpenOrders()
    told = {what[1] for what in of(trader.until("openOrderEnd"), "openOrder")}
    check("open orders are listed", told == set(placed.values()), told)
    trader.cancelOrder(placed["limit"], OrderCancel())
    seen = trader.until("error", placed["limit"])
    check("a cancelled order is 202", seen[-1][2] == 202 and seen[-2][2] == "Cancelled", seen)
    trader.cancelOrder(placed["limit"], OrderCancel())
    check("a second time is 10148", trader.until("error", placed["limit"])[-1][2] == 10148)
    trader.cancelOrder(9_999, OrderCancel())
    check("an unknown order is 10147", trader.until("error", 9_999)[-1][2] == 10147)
    check("a cancelled id is 103", used_id(trader, placed["limit"]) == 103)
    trader.reqGlobalCancel(OrderCancel())
    left = set(placed.values()) - {placed["limit"]}
    while left:
        order_id = trader.until("error")[-1]
        left.discard(order_id[1])
        if order_id[2] != 202:
            break
    check("all orders are cancelled", not left, left)
    for name, wish, status in [
        ("ioc market", order("BUY", 1, tif="IOC"), "Filled"),
        ("fok market", order("BUY", 1, tif="FOK"), "Filled"),
        ("ioc limit far away", order("BUY", 1, "LMT", lmtPrice=low, tif="IOC"), "Cancelled"),
    ]:
        placed = trader.place(wish)
        trader.until("orderStatus", placed)
        server.step()
        check(f"{name} ends {status}", trader.until("orderStatus", placed)[-1][2] == status)
    trader.empty()


def changing(trader, server):
    low = round(price_of(trader)["BID"] * 0.8, 2)
    placed = trader.place(order("BUY", 3, "LMT", lmtPrice=low, orderRef="tt-change"))
    before = trader.until("orderStatus", placed)[-1]
    trader.placeOrder(placed, stock("SPY"), order("BUY", 4, "LMT", lmtPrice=low + 1, orderRef="tt-change"))
    after = trader.until("orderStatus", placed)[-1]
    told = trader.orders[placed]
    check("changed terms are told", told.totalQuantity == 4 and told.lmtPrice == round(low + 1, 2), vars(told))
    check("permId and reference stay", after[6] == before[6] and told.orderRef == "tt-change")
    trader.placeOrder(placed, stock("SPY"), order("SELL", 4, "LMT", lmtPrice=low + 1))
    check("another side is 105", trader.until("error", placed)[-1][2] == 105)
    trader.placeOrder(placed, stock("SPY"), order("BUY", 4))
    trader.until("openOrder", placed)
    server.step()
    filled = trader.until("orderStatus", placed, "Filled")[-1]
    check("a limit order made a market order fills", filled[3] == 4 and filled[6] == before[6], filled)


def families(trader, server):
    ticks = price_of(trader, "QQQ")
    qqq = stock("QQQ")
    entry, target, protect = (trader.order_id + step for step in range(3))
    trader.order_id += 3
    trader.placeOrder(entry, qqq, order("BUY", 5, transmit=False))
    far = order("SELL", 5, "LMT", lmtPrice=round(ticks["ASK"] * 1.5, 2), parentId=entry, transmit=False)
    trader.placeOrder(target, qqq, far)
    near = order("SELL", 5, "STP", auxPrice=round(ticks["ASK"] * 0.9995, 2), parentId=entry, tif="GTC")
    trader.placeOrder(protect, qqq, near)
    seen = trader.until("orderStatus", protect)
    states = [(what[1], what[2]) for what in of(seen, "orderStatus")]
    check("an entry waits to be transmitted", states[0] == (entry, "ApiPending"), states)
    check("its exits wait for it", seen[-1][2] == "PreSubmitted" and "child" in seen[-1][8], seen[-1])
    check("exits name their parent", trader.orders[target].parentId == entry)
    check("exits are a group", trader.orders[target].ocaGroup == trader.orders[protect].ocaGroup != "")
    server.step()
    trader.until("orderStatus", entry, "Filled")
    for _ in range(200):
        server.step(10)
        trader.reqPositions()
        if not [what for what in of(trader.until("positionEnd"), "position", "QQQ") if what[2] != 0]:
            break
    trader.cancelPositions()
    trader.reqCompletedOrders(False)
    done = {what[1].orderRef or what[1].permId: what[2] for what in of(trader.until("completedOrdersEnd"), "completedOrder")}
    states = {state.completedStatus for state in done.values()}
    check("completed orders say how they ended", {"Filled Size: 5", "Cancelled by Trader"} <= states, states)

    bid = price_of(trader)["BID"]
    group = {"ocaGroup": "pair", "ocaType": 3, "tif": "GTC"}
    far = trader.place(order("SELL", 10, "LMT", lmtPrice=round(bid * 2, 2), **group))
    near = trader.place(order("SELL", 10, "LMT", lmtPrice=round(bid * 0.9, 2), **group))
    trader.until("orderStatus", near)
    check("group is told back", trader.orders[far].ocaGroup == "pair")
    server.step()
    trader.until("orderStatus", near, "Filled")
    check("the other of a group is cancelled", trader.until("error", far)[-1][2] == 202)
    missing = order("SELL", 5, "STP", auxPrice=1.0, parentId=8_888)
    trader.refused("a parent that is not there", 10006, missing)
    trader.empty()


def refusals(trader):
    bid = price_of(trader)["BID"]
    trader.refused("an unknown symbol", 200, order("BUY", 1), stock("NOPE"))
    trader.refused("too much for the account", 201, order("BUY", 90_000))
    trader.refused("a limit far beyond the market", 201, order("BUY", 1, "LMT", lmtPrice=round(bid * 2, 2)))
    trader.refused("a price off the grid", 110, order("BUY", 1, "LMT", lmtPrice=round(bid * 0.9, 2) + 0.001))
    trader.refused("an unknown kind", 387, order("BUY", 1, "PEG MKT"))
    trader.refused("an unknown time in force", 10052, order("BUY", 1, tif="GTX"))
    trader.refused("a missing limit", 321, order("BUY", 1, "LMT"))
    trader.refused("a part of a share", 10243, order("BUY", "0.5"))
    trader.refused("nothing at all", 434, order("BUY", 0))
    bag = stock("SPY", secType="BAG")
    leg = ComboLeg()
    leg.conId, leg.ratio, leg.action, leg.exchange = 10_001, 1, "BUY", "SMART"
    bag.comboLegs = [leg]
    trader.refused("a combination", 321, order("BUY", 1), bag)
    what_if = trader.place(order("BUY", 100, whatIf=True))
    state = trader.until("openOrder", what_if)[-1][5]
    before, after = float(state.initMarginBefore), float(state.initMarginAfter)
    check("what-if tells the margin", after > before >= 0, vars(state))
    trader.reqOpenOrders()
    check("what-if places nothing", of(trader.until("openOrderEnd"), "openOrder") == [])


def market_data(trader, server):
    spy = stock("SPY")
    ticks = price_of(trader)
    check("snapshot: bid, ask, last", ticks["BID"] < ticks["ASK"] and ticks["LAST"] > 0, ticks)
    trader.reqHistoricalData(30, spy, "", "3 D", "1 min", "TRADES", 1, 2, False, [])
    bars = [what[2] for what in of(trader.until("historicalDataEnd", 30), "bar", 30)]
    stamps = [int(bar.date) for bar in bars]
    check("minutes ascend", len(bars) > 780 and stamps == sorted(set(stamps)), len(bars))
    trader.reqHistoricalData(31, spy, "", "20 D", "1 day", "TRADES", 1, 1, False, [])
    days = [what[2] for what in of(trader.until("historicalDataEnd", 31), "bar", 31)]
    check("days", len(days) == 20 and len(days[0].date) == 8 and days[0].high >= days[0].low, len(days))
    trader.reqHistoricalData(32, spy, "20160201 10:00:00 US/Eastern", "600 S", "5 mins", "MIDPOINT", 1, 1, False, [])
    few = [what[2] for what in of(trader.until("historicalDataEnd", 32), "bar", 32)]
    check("bars up to a moment", len(few) == 2 and few[0].date.startswith("20160201 09:50"), few)
    trader.reqHistoricalData(33, spy, "", "1 D", "5 secs", "TRADES", 1, 1, False, [])
    check("bars that are too short are 321", trader.until("error", 33)[-1][2] == 321)
    trader.reqHistoricalData(34, spy, "", "1 D", "1 min", "TRADES", 1, 2, True, [])
    trader.until("historicalDataEnd", 34)
    trader.reqHeadTimeStamp(35, spy, "TRADES", 1, 2)
    check("first bar of all", int(trader.until("headTimestamp", 35)[-1][2]) == 1_451_917_800)
    trader.reqMarketDataType(3)
    trader.reqMktData(40, spy, "", False, False, [])
    trader.reqRealTimeBars(41, spy, 5, "TRADES", True, [])
    for request, kind in [(42, "AllLast"), (43, "BidAsk"), (44, "MidPoint")]:
        trader.reqTickByTickData(request, spy, kind, 0, False)
    trader.reqCurrentTime()
    trader.until("currentTime")
    server.step()
    seen = trader.until("historicalDataUpdate", 34)
    kinds = {what[0] for what in seen}
    wanted = {"tickPrice", "tickSize", "realtimeBar", "tickLast", "tickBidAsk", "tickMidPoint"}
    check("streams: quotes, bars, ticks", wanted <= kinds, kinds)
    trader.cancelMktData(40)
    trader.cancelRealTimeBars(41)
    for request in (42, 43, 44):
        trader.cancelTickByTickData(request)
    trader.cancelHistoricalData(34)
    trader.cancelMktData(40)
    check("a subscription that is gone is 300", trader.until("error", 40)[-1][2] == 300)
    trader.empty()
    server.step()
    trader.reqCurrentTime()
    check("what was cancelled is silent", [what[0] for what in trader.until("currentTime")] == ["currentTime"])


def two_clients(trader, server):
    placed = trader.place(order("BUY", 1, "LMT", lmtPrice=1.5, tif="GTC", orderRef="tt-stays"))
    trader.until("orderStatus", placed)
    same = Trader(server, 1)
    check("a client id that is in use is 326", same.until("error", -1)[-1][2] == 326)
    same.until("connectionClosed")
    other = Trader(server, 2)
    seen = other.until("nextValidId")
    check("ids of another client begin above", seen[-1][1] > placed, seen[-1])
    other.reqOpenOrders()
    check("another client has no orders", of(other.until("openOrderEnd"), "openOrder") == [])
    other.reqAllOpenOrders()
    found = of(other.until("openOrderEnd"), "openOrder")
    check("but sees those of the account", [what[4].orderRef for what in found] == ["tt-stays"], found)
    other.disconnect()
    return placed


def restart(trader, server, words, placed):
    trader.reqExecutions(50, ExecutionFilter())
    trades = [what[4].execId for what in of(trader.until("execDetailsEnd", 50), "execDetails", 50)]
    permanent = trader.orders[placed].permId
    server.kill()
    trader.until("connectionClosed")
    check("a killed server is a closed connection", not trader.isConnected())
    server = Server(*words)
    trader = Trader(server, 1)
    seen = trader.until("nextValidId")
    told = of(seen, "openOrder", placed)
    check("open orders are told at the start", len(told) == 1 and told[0][4].orderRef == "tt-stays", seen)
    check("permId is the same", told and told[0][4].permId == permanent)
    check("ids go on", seen[-1][1] > placed, seen[-1])
    trader.reqExecutions(51, ExecutionFilter())
    again = [what[4].execId for what in of(trader.until("execDetailsEnd", 51), "execDetails", 51)]
    check("executions are the same", len(again) > 5 and again == trades, (len(trades), len(again)))
    trader.cancelOrder(placed, OrderCancel())
    check("and orders are still worked", trader.until("error", placed)[-1][2] == 202)
    trader.disconnect()
    return server


def main():
    words = ["--name", "lines", "--speed", "stepped", "--requests-per-minute", "100000", "--tws-port", "0"]
    server = Server(*words)
    trader = Trader(server)
    account = beginning(trader)
    contracts(trader)
    account_data(trader, account)
    market_order(trader, server)
    kinds(trader, server)
    changing(trader, server)
    families(trader, server)
    refusals(trader)
    market_data(trader, server)
    placed = two_clients(trader, server)
    server = restart(trader, server, words, placed)
    server.kill()
    print(f"{len(passed)} of {len(passed) + len(failures)} hold")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
