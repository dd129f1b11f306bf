"""Options and combinations through a client of TWS, unchanged, against `trimtab exchange`.

Arguments: BINARY HOME. Looks at a chain, trades an option, spreads and a pair of shares, asks
what an order would do, waits for a price. Ends with 1 where something is not as it should be.
"""

import sys

from ibapi.contract import ComboLeg
from ibapi.execution import ExecutionFilter
from ibapi.order_cancel import OrderCancel
from ibapi.order_condition import Create, OrderCondition

from exchange_harness import Server, check, failures, passed
from exchange_tws import Trader, of, order, stock


class Chained(Trader):
    """The same client, with what it hears of chains."""

    def securityDefinitionOptionParameter(
        self, reqId, exchange, underlyingConId, tradingClass, multiplier, expirations, strikes
    ):
        self.tell("chain", reqId, underlyingConId, multiplier, sorted(expirations), sorted(strikes))

    def securityDefinitionOptionParameterEnd(self, reqId):
        self.tell("chainEnd", reqId)

    def tickOptionComputation(self, reqId, tickType, tickAttrib, impliedVol, delta, optPrice, *rest):
        self.tell("model", reqId, impliedVol, delta, optPrice)

    def position(self, account, contract, position, avgCost):
        self.tell("position", contract.localSymbol, position, avgCost)

    def details(self, request, contract):
        self.reqContractDetails(request, contract)
        return [what[2] for what in of(self.until("contractDetailsEnd", request), "contractDetails", request)]


def bag(*legs):
    contract = stock("SPY", secType="BAG")
    contract.comboLegs = []
    for number, ratio, action in legs:
        leg = ComboLeg()
        leg.conId, leg.ratio, leg.action, leg.exchange = number, ratio, action, "SMART"
        contract.comboLegs.append(leg)
    return contract


def chain(trader):
    spy = trader.details(1, stock("SPY"))[0].contract.conId
    trader.reqSecDefOptParams(2, "SPY", "", "STK", spy)
    told = of(trader.until("chainEnd", 2), "chain", 2)[0]
    check("chain: days and strikes", told[2] == spy and told[3] == "100" and len(told[4]) > 10, told)
    day = told[4][2]
    found = trader.details(
        3, stock("SPY", secType="OPT", lastTradeDateOrContractMonth=day, right="C")
    )
    check("details of a day's calls", [one.contract.strike for one in found] == told[5], len(found))
    check("numbers are their own", len({one.contract.conId for one in found}) == len(found))
    check("details name the share", found[0].underConId == spy and found[0].underSymbol == "SPY", found[0])
    by_number = stock("", secType="", conId=found[0].contract.conId)
    again = trader.details(4, by_number)[0].contract
    check("details by number", again.localSymbol == found[0].contract.localSymbol, again)
    deltas = {}
    for one in found:
        trader.reqMktData(5, one.contract, "", True, False, [])
        seen = trader.until("tickSnapshotEnd", 5)
        ticks = {what[2]: what[3] for what in of(seen, "tickPrice", 5)}
        deltas[one.contract.conId] = of(seen, "model", 5)[0][3]
        if 0.45 < deltas[one.contract.conId] < 0.55:
            check("a quote", 0 < ticks["BID"] < ticks["ASK"], ticks)
    falls = list(deltas.values())
    check("deltas of calls fall as strikes rise", falls == sorted(falls, reverse=True), falls)
    near = min(found, key=lambda one: abs(deltas[one.contract.conId] - 0.5))
    place = found.index(near)
    return spy, [one.contract for one in found[place : place + 4]]


def executions(seen, number):
    return [what for what in of(seen, "execDetails") if what[2] == number]


def trades(trader, server, spy, calls):
    spread = bag((calls[1].conId, 1, "BUY"), (calls[3].conId, 1, "SELL"))
    what_if = trader.place(order("SELL", 2, "LMT", lmtPrice=0.01, whatIf=True), spread)
    state = trader.until("openOrder", what_if)[-1][5]
    width = 200 * (calls[3].strike - calls[1].strike)
    check("what-if asks for the most that is lost", float(state.initMarginChange) == width, vars(state))
    single = trader.place(order("BUY", 1, "LMT", lmtPrice=90, orderRef="tt-call"), calls[0])
    trader.until("orderStatus", single, "Submitted")
    server.step()
    seen = trader.until("orderStatus", single, "Filled")
    made = executions(seen, single)
    check("one execution of an option", len(made) == 1 and made[0][3].secType == "OPT", made)
    number = trader.place(order("BUY", 2, "LMT", lmtPrice=40, orderRef="tt-spread"), spread)
    trader.until("orderStatus", number, "Submitted")
    server.step()
    seen = trader.until("orderStatus", number, "Filled")
    made = executions(seen, number)
    kinds = [(what[3].secType, what[4].side, str(what[4].shares)) for what in made]
    check("the whole, then its legs", kinds == [("BAG", "BOT", "2"), ("OPT", "BOT", "2"), ("OPT", "SLD", "2")], kinds)
    prices = [what[4].price for what in made]
    check("the net is that of the legs", abs(prices[0] - prices[1] + prices[2]) < 1e-6, prices)
    opened = of(seen, "openOrder", number)[-1]
    check("the order shows its legs", [leg.conId for leg in opened[3].comboLegs] == [calls[1].conId, calls[3].conId])
    pair = bag((spy, 1, "BUY"), (trader.details(6, stock("QQQ"))[0].contract.conId, 1, "SELL"))
    number = trader.place(order("BUY", 10), pair)
    trader.until("orderStatus", number, "Submitted")
    server.step()
    made = executions(trader.until("orderStatus", number, "Filled"), number)
    check("a pair of shares", [what[3].secType for what in made] == ["BAG", "STK", "STK"], made)
    trader.reqPositions()
    held = {what[1]: float(what[2]) for what in of(trader.until("positionEnd"), "position")}
    wanted = {calls[0].localSymbol: 1, calls[1].localSymbol: 2, calls[3].localSymbol: -2, "SPY": 10, "QQQ": -10}
    check("positions", held == wanted, held)


def conditional(trader, server, spy, calls):
    trader.reqMktData(7, stock("SPY"), "", True, False, [])
    ticks = {what[2]: what[3] for what in of(trader.until("tickSnapshotEnd", 7), "tickPrice", 7)}
    far, near = round(ticks["LAST"] * 2), 1.0
    spread = bag((calls[1].conId, 1, "BUY"), (calls[3].conId, 1, "SELL"))
    placed = {}
    for price in (far, near):
        condition = Create(OrderCondition.Price)
        condition.conId, condition.exchange, condition.isMore, condition.price = spy, "SMART", True, price
        condition.triggerMethod = 0
        terms = order("SELL", 1, tif="GTC")
        terms.conditions.append(condition)
        placed[price] = trader.place(terms, spread)
        seen = trader.until("orderStatus", placed[price], "PreSubmitted")
        told = of(seen, "openOrder", placed[price])[-1][4]
        check("its condition is told", told.conditions and told.conditions[0].price == price, told.conditions)
    server.step(2)
    trader.until("orderStatus", placed[near], "Filled")
    trader.reqAllOpenOrders()
    left = [what[1] for what in of(trader.until("openOrderEnd"), "openOrder")]
    check("a price that was touched lets it go, another holds it", left == [placed[far]], left)
    trader.cancelOrder(placed[far], OrderCancel())
    check("and it can be taken back", trader.until("error", placed[far])[-1][2] == 202)


def refusals(trader, spy, calls):
    trader.refused("a naked call", 201, order("SELL", 5), calls[2])
    trader.refused("a stop on an option", 387, order("SELL", 1, "STP", auxPrice=1), calls[0])
    trader.refused("an unknown leg", 200, order("BUY", 1), bag((spy, 1, "BUY"), (5, 1, "SELL")))
    trader.refused("a buy-write", 201, order("BUY", 5), bag((spy, 100, "BUY"), (calls[2].conId, 1, "SELL")))
    trader.reqExecutions(8, ExecutionFilter())
    seen = trader.until("execDetailsEnd", 8)
    check("executions of the day", len(of(seen, "execDetails", 8)) == 1 + 3 + 3 + 3, len(seen))


def main():
    words = ["--name", "combos", "--speed", "stepped", "--requests-per-minute", "100000", "--tws-port", "0"]
    server = Server(*words)
    trader = Chained(server)
    trader.until("nextValidId")
    spy, calls = chain(trader)
    trades(trader, server, spy, calls)
    conditional(trader, server, spy, calls)
    refusals(trader, spy, calls)
    server.kill()
    trader.until("connectionClosed")
    server = Server(*words)
    trader = Chained(server)
    trader.until("nextValidId")
    again = trader.details(9, stock("", secType="", conId=calls[3].conId))[0].contract
    check("numbers outlive a kill", again.localSymbol == calls[3].localSymbol, again)
    trader.disconnect()
    server.kill()
    print(f"{len(passed)} of {len(passed) + len(failures)} hold")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
