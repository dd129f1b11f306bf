//! What the rows of a statement say.
//!
//! Source: ibkrguides.com, "Activity Flex Query Reference": Trades, Cash Transactions, Open
//! Positions, Corporate Actions, Transfers.

use base::{Day, Fixed};
use market::{BrokerRef, Price, Qty};

use super::fields::Fields;
use super::times::Moment;

/// A rate between two currencies.
pub type Rate = Fixed<10>;

/// Prices, quantities and amounts beyond these are no statement's.
const LARGEST_PRICE: i64 = 100_000_000;
const LARGEST_QTY: i64 = 1_000_000_000;
const LARGEST_CASH: i64 = 1_000_000_000_000;
const LARGEST_RATE: i64 = 100_000_000;

/// A closed list of the broker's words, with room for those that are not known.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $word:ident = $($text:literal)|+,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum $name {
            $($(#[$of])* $word,)*
            /// A word that is not known here, as it stands; empty where there was none.
            Other(String),
        }

        impl $name {
            /// From the broker's word.
            pub fn read(text: &str) -> $name {
                match text {
                    $($($text)|+ => $name::$word,)*
                    other => $name::Other(other.to_owned()),
                }
            }
        }
    };
}

words! {
    /// What was traded.
    Asset {
        /// A share.
        Stock = "STK",
        /// An option on one.
        Option = "OPT",
        /// A future.
        Future = "FUT",
        /// An option on one.
        FutureOption = "FOP",
        /// A currency.
        Currency = "CASH",
        /// A bond.
        Bond = "BOND",
        /// A fund.
        Fund = "FUND",
        /// A contract for difference.
        Cfd = "CFD",
        /// A warrant, a certificate.
        Warrant = "WAR" | "IOPT",
        /// A commodity.
        Commodity = "CMDTY",
        /// A crypto currency.
        Crypto = "CRYPTO",
    }
}
words! {
    /// Bought or sold.
    Side {
        /// Bought.
        Buy = "BUY",
        /// Sold.
        Sell = "SELL",
        /// A purchase that was taken back.
        BuyCancelled = "BUY (Ca.)",
        /// A sale that was taken back.
        SellCancelled = "SELL (Ca.)",
    }
}
words! {
    /// Whether a position was opened.
    OpenClose {
        /// Opened.
        Open = "O",
        /// Closed.
        Close = "C",
        /// Turned around.
        Both = "C;O" | "O;C",
    }
}
words! {
    /// Call or put.
    Right {
        /// Call.
        Call = "C",
        /// Put.
        Put = "P",
    }
}
words! {
    /// What one row of the trades stands for.
    Level {
        /// One execution.
        Execution = "EXECUTION",
        /// All of one order.
        Order = "ORDER",
        /// A part of a position that was closed.
        ClosedLot = "CLOSED_LOT",
        /// All of one symbol.
        Symbol = "SYMBOL_SUMMARY",
        /// All of one kind of asset.
        Asset = "ASSET_SUMMARY",
        /// A loss that a later purchase took up.
        WashSale = "WASH_SALE",
    }
}
words! {
    /// What cash moved for.
    CashKind {
        /// Dividends.
        Dividend = "Dividends",
        /// Paid by who borrowed the shares.
        InLieu = "Payment In Lieu Of Dividends",
        /// Tax kept back.
        Withholding = "Withholding Tax" | "871(m) Withholding",
        /// Interest on cash that the broker paid.
        InterestReceived = "Broker Interest Received",
        /// Interest that it took.
        InterestPaid = "Broker Interest Paid",
        /// Interest of bonds, received.
        BondInterestReceived = "Bond Interest Received",
        /// The same, paid.
        BondInterestPaid = "Bond Interest Paid",
        /// Fees other than commissions.
        Fee = "Other Fees" | "Advisor Fees",
        /// A change of a commission.
        Commission = "Commission Adjustments",
        /// Put in or taken out.
        Deposit = "Deposits/Withdrawals" | "Deposits & Withdrawals",
    }
}

/// A trade, or a sum of trades: [`Trade::level`] says which.
#[derive(Debug, Clone, PartialEq)]
pub struct Trade {
    /// The account.
    pub account: String,
    /// What the row stands for.
    pub level: Level,
    /// The execution's name, as the interface for orders tells it.
    pub execution: Option<BrokerRef>,
    /// The trade's name in statements.
    pub trade_id: String,
    /// The order's name at the broker.
    pub order_id: String,
    /// Our name for the order.
    pub order_reference: Option<String>,
    /// The contract's number.
    pub conid: Option<u64>,
    /// The symbol.
    pub symbol: String,
    /// What was traded.
    pub asset: Asset,
    /// Where.
    pub exchange: String,
    /// In which currency.
    pub currency: String,
    /// When.
    pub when: Option<Moment>,
    /// Signed quantity; negative is sold.
    pub qty: Qty,
    /// Price of one unit.
    pub price: Price,
    /// Commission as told: negative costs money.
    pub commission: Option<market::Cash>,
    /// Its currency.
    pub commission_currency: String,
    /// Taxes on the trade as told: negative costs money.
    pub taxes: Option<market::Cash>,
    /// Bought or sold.
    pub side: Side,
    /// Opened or closed.
    pub open_close: OpenClose,
    /// Units that one contract stands for.
    pub multiplier: Option<Qty>,
    /// Strike of an option.
    pub strike: Option<Price>,
    /// Its last day, or that of a future.
    pub expiry: Option<Day>,
    /// Call or put.
    pub right: Option<Right>,
    /// What one unit of the currency was worth in that of the account.
    pub fx_rate_to_base: Option<Rate>,
}

/// Cash that moved without a trade.
#[derive(Debug, Clone, PartialEq)]
pub struct Cash {
    /// The account.
    pub account: String,
    /// The row's name.
    pub id: String,
    /// What for.
    pub kind: CashKind,
    /// When.
    pub when: Option<Moment>,
    /// The amount; positive is ours.
    pub amount: market::Cash,
    /// Its currency.
    pub currency: String,
    /// What one unit of it was worth in that of the account.
    pub fx_rate_to_base: Option<Rate>,
    /// The symbol, where it was for one.
    pub symbol: String,
    /// In words.
    pub description: String,
}

/// What is held at the end of the period.
#[derive(Debug, Clone, PartialEq)]
pub struct Position {
    /// The account.
    pub account: String,
    /// The symbol.
    pub symbol: String,
    /// The contract's number.
    pub conid: Option<u64>,
    /// What is held.
    pub asset: Asset,
    /// In which currency.
    pub currency: String,
    /// Signed quantity.
    pub qty: Qty,
    /// The price at the end.
    pub mark: Option<Price>,
    /// The average price paid.
    pub cost: Option<Price>,
    /// Units that one contract stands for.
    pub multiplier: Option<Qty>,
}

/// A split, a merger, a new name.
#[derive(Debug, Clone, PartialEq)]
pub struct CorporateAction {
    /// The account.
    pub account: String,
    /// The row's name.
    pub id: String,
    /// The broker's short word for it, such as `FS` for a forward split.
    pub kind: String,
    /// When.
    pub when: Option<Moment>,
    /// The symbol.
    pub symbol: String,
    /// The contract's number.
    pub conid: Option<u64>,
    /// Units that came or went.
    pub qty: Qty,
    /// Cash that came or went.
    pub proceeds: Option<market::Cash>,
    /// Its currency.
    pub currency: String,
    /// In words.
    pub description: String,
}

/// Positions or cash that came from another broker or went there.
#[derive(Debug, Clone, PartialEq)]
pub struct Transfer {
    /// The account.
    pub account: String,
    /// The row's name.
    pub id: String,
    /// The way it went, such as `ACATS`.
    pub kind: String,
    /// `IN` or `OUT`.
    pub direction: String,
    /// When.
    pub when: Option<Moment>,
    /// The symbol; empty or `--` for cash.
    pub symbol: String,
    /// Units that came or went.
    pub qty: Option<Qty>,
    /// Cash that came or went.
    pub cash: Option<market::Cash>,
    /// Its currency.
    pub currency: String,
}

fn price(fields: &mut Fields<'_>, name: &str) -> Option<Price> {
    fields.number::<8>(name, LARGEST_PRICE).map(|number| Price::from_raw(number.raw()))
}

fn qty(fields: &mut Fields<'_>, name: &str) -> Option<Qty> {
    fields.number::<8>(name, LARGEST_QTY).map(|number| Qty::from_raw(number.raw()))
}

fn cash(fields: &mut Fields<'_>, name: &str) -> Option<market::Cash> {
    let number = fields.number::<6>(name, LARGEST_CASH)?;
    Some(market::Cash::from_raw(number.raw()))
}

fn conid(fields: &mut Fields<'_>) -> Option<u64> {
    let text = fields.text("conid")?.to_owned();
    let number = text.parse().ok();
    if number.is_none() {
        fields.fault("conid", &text, "no number");
    }
    number
}

fn rate(fields: &mut Fields<'_>) -> Option<Rate> {
    fields.number("fxRateToBase", LARGEST_RATE)
}

/// A trade; `None` where its symbol, quantity or price can't be read.
pub(super) fn trade(fields: &mut Fields<'_>, account: &str) -> Option<Trade> {
    let level = match (fields.text("levelOfDetail"), fields.element) {
        (Some(level), _) => Level::read(level),
        (None, "Order") => Level::Order,
        (None, "Lot") => Level::ClosedLot,
        (None, "SymbolSummary") => Level::Symbol,
        (None, "AssetSummary") => Level::Asset,
        (None, "WashSale") => Level::WashSale,
        (None, _) if fields.text("ibExecID").is_some() => Level::Execution,
        (None, _) => Level::Other(String::new()),
    };
    let symbol = fields.text("symbol").map(str::to_owned);
    let (read_qty, read_price) = (qty(fields, "quantity"), price(fields, "tradePrice"));
    // Sums and lots have a price of another name, or none.
    let read_price = match level == Level::Execution {
        true => fields.need("tradePrice", read_price),
        false => Some(read_price.unwrap_or_default()),
    };
    let when = fields.moment("dateTime").or_else(|| fields.moment("tradeDate"));
    let right = fields.text("putCall").map(Right::read);
    Some(Trade {
        account: own_account(fields, account),
        level,
        execution: fields.text("ibExecID").map(|id| BrokerRef(id.to_owned())),
        trade_id: fields.words("tradeID"),
        order_id: fields.words("ibOrderID"),
        order_reference: fields.text("orderReference").map(str::to_owned),
        conid: conid(fields),
        symbol: fields.need("symbol", symbol)?,
        asset: Asset::read(&fields.words("assetCategory")),
        exchange: fields.words("exchange"),
        currency: fields.words("currency"),
        when,
        qty: fields.need("quantity", read_qty)?,
        price: read_price?,
        commission: cash(fields, "ibCommission"),
        commission_currency: fields.words("ibCommissionCurrency"),
        taxes: cash(fields, "taxes"),
        side: Side::read(&fields.words("buySell")),
        open_close: OpenClose::read(&fields.words("openCloseIndicator")),
        multiplier: qty(fields, "multiplier"),
        strike: price(fields, "strike"),
        expiry: fields.day("expiry"),
        right,
        fx_rate_to_base: rate(fields),
    })
}

fn own_account(fields: &Fields<'_>, account: &str) -> String {
    fields.text("accountId").unwrap_or(account).to_owned()
}

pub(super) fn cash_line(fields: &mut Fields<'_>, account: &str) -> Option<Cash> {
    let amount = cash(fields, "amount");
    Some(Cash {
        account: own_account(fields, account),
        id: fields.words("transactionID"),
        kind: CashKind::read(&fields.words("type")),
        when: fields.moment("dateTime").or_else(|| fields.moment("reportDate")),
        amount: fields.need("amount", amount)?,
        currency: fields.words("currency"),
        fx_rate_to_base: rate(fields),
        symbol: fields.words("symbol"),
        description: fields.words("description"),
    })
}

pub(super) fn position(fields: &mut Fields<'_>, account: &str) -> Option<Position> {
    // Lots are parts of the sum, which is told as well.
    if fields.words("levelOfDetail") == "LOT" {
        return None;
    }
    let (held, symbol) = (qty(fields, "position"), fields.text("symbol").map(str::to_owned));
    Some(Position {
        account: own_account(fields, account),
        symbol: fields.need("symbol", symbol)?,
        conid: conid(fields),
        asset: Asset::read(&fields.words("assetCategory")),
        currency: fields.words("currency"),
        qty: fields.need("position", held)?,
        mark: price(fields, "markPrice"),
        cost: price(fields, "costBasisPrice"),
        multiplier: qty(fields, "multiplier"),
    })
}

/// Cash in one currency at the end; the row of all in the base currency is passed over.
pub(super) fn ending_cash(fields: &mut Fields<'_>) -> Option<(String, market::Cash)> {
    let currency = fields.words("currency");
    if currency.is_empty() || currency == "BASE_SUMMARY" {
        return None;
    }
    Some((currency, cash(fields, "endingCash")?))
}

pub(super) fn corporate_action(fields: &mut Fields<'_>, account: &str) -> Option<CorporateAction> {
    let changed = qty(fields, "quantity");
    Some(CorporateAction {
        account: own_account(fields, account),
        id: fields.words("transactionID"),
        kind: fields.words("type"),
        when: fields.moment("dateTime").or_else(|| fields.moment("reportDate")),
        symbol: fields.words("symbol"),
        conid: conid(fields),
        qty: fields.need("quantity", changed)?,
        proceeds: cash(fields, "proceeds"),
        currency: fields.words("currency"),
        description: fields.words("actionDescription"),
    })
}

pub(super) fn transfer(fields: &mut Fields<'_>, account: &str) -> Option<Transfer> {
    Some(Transfer {
        account: own_account(fields, account),
        id: fields.words("transactionID"),
        kind: fields.words("type"),
        direction: fields.words("direction"),
        when: fields.moment("dateTime").or_else(|| fields.moment("date")),
        symbol: fields.words("symbol"),
        qty: qty(fields, "quantity"),
        cash: cash(fields, "cashTransfer"),
        currency: fields.words("currency"),
    })
}
