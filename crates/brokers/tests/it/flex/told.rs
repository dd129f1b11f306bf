//! What a statement tells, and what it can't make anyone believe.

use brokers::flex::{Asset, CashKind, Level, OpenClose, Rate, Reading, Right, Side, Slashes, read};
use market::{BrokerRef, Cash, Price, Qty};

use super::{SAMPLE, changed, report};

#[test]
fn each_kind_of_row_is_read_with_its_types() {
    let report = report(SAMPLE);
    assert_eq!((report.faults.len(), report.doubled, report.statements.len()), (0, 0, 1));
    assert_eq!(report.query, "trimtab");
    let statement = &report.statements[0];
    assert_eq!(statement.account, "DU1234567");
    assert_eq!(statement.from.unwrap().to_string(), "2026-01-12");
    assert_eq!(statement.to.unwrap().to_string(), "2026-01-14");
    assert_eq!(statement.made.unwrap().to_string(), "2026-01-15T10:15:02Z");
    let levels: Vec<&Level> = statement.trades.iter().map(|trade| &trade.level).collect();
    let each = [&Level::Execution, &Level::Execution, &Level::Order, &Level::Execution];
    assert_eq!(levels[..4], each);
    let first = &statement.trades[0];
    assert_eq!(first.execution, Some(BrokerRef("0000e0d5.6966a001.01.01".to_owned())));
    assert_eq!(first.order_reference.as_deref(), Some("spy-long-entry"));
    assert_eq!((first.conid, first.asset.clone()), (Some(756_733), Asset::Stock));
    assert_eq!(first.when.unwrap().at.unwrap().to_string(), "2026-01-12T14:35:01Z");
    assert_eq!((first.qty, first.price), (Qty::whole(100), "690.125".parse::<Price>().unwrap()));
    assert_eq!(first.commission, Some("-1.000326".parse::<Cash>().unwrap()));
    assert_eq!(first.fx_rate_to_base, Some("0.8612".parse::<Rate>().unwrap()));
    assert_eq!((first.side.clone(), first.open_close.clone()), (Side::Buy, OpenClose::Open));
    assert_eq!((first.strike, first.expiry, first.right.clone()), (None, None, None));
    let option = &statement.trades[3];
    assert_eq!((option.asset.clone(), option.right.clone()), (Asset::Option, Some(Right::Call)));
    assert_eq!(
        (option.strike, option.multiplier),
        (Some("700".parse::<Price>().unwrap()), Some(Qty::whole(100)))
    );
    assert_eq!(option.expiry.unwrap().to_string(), "2026-02-20");
    assert_eq!((option.qty, option.side.clone()), (Qty::whole(-2), Side::Sell));
    let foreign = &statement.trades[4];
    assert_eq!((foreign.qty, foreign.order_reference.clone()), (Qty::whole(1_000), None));
    let kinds: Vec<CashKind> = statement.cash.iter().map(|cash| cash.kind.clone()).collect();
    let other = CashKind::Other("A Fee Of Tomorrow".to_owned());
    let wanted = [
        CashKind::Dividend,
        CashKind::Withholding,
        CashKind::InterestReceived,
        CashKind::Deposit,
        other,
    ];
    assert_eq!(kinds, wanted);
    assert_eq!(statement.cash[2].when.unwrap().at, None);
    assert_eq!(statement.positions[0].qty, Qty::whole(150));
    assert_eq!(
        (statement.actions[0].kind.as_str(), statement.actions[0].qty),
        ("FS", Qty::whole(10))
    );
    assert_eq!(statement.transfers[0].cash, Some("250.5".parse::<Cash>().unwrap()));
}

#[test]
fn a_row_that_can_not_be_read_is_left_out_and_said() {
    let cases = [
        ("quantity=\"100\"", "quantity=\"many\"", 3, "quantity \"many\" is no number"),
        ("tradePrice=\"690.125\"", "tradePrice=\"1E30\"", 3, "\"1E30\" is no number"),
        ("tradePrice=\"690.125\"", "tradePrice=\"999999999\"", 3, "a number too large"),
        ("tradePrice=\"690.125\"", "", 3, "tradePrice is missing: choose it in the query"),
        ("symbol=\"SPY\"", "symbol=\"\"", 3, "symbol is missing"),
        // What a row can do without is left open.
        ("ibCommission=\"-1.00032575\"", "ibCommission=\"?\"", 4, "ibCommission \"?\""),
        ("conid=\"756733\"", "conid=\"-1\"", 4, "conid \"-1\" is no number"),
        ("20260112;093501", "20260112;993501", 4, "dateTime \"20260112;993501\" is no time"),
        ("dateTime=\"20260112;093501\"", "dateTime=\"01/12/2026\"", 4, "two ways"),
    ];
    for (from, to, executions, words) in cases {
        let report = report(&changed(from, to));
        assert_eq!(report.statements[0].executions().count(), executions, "{to}");
        assert_eq!(report.faults.len(), 1, "{to}: {:?}", report.faults);
        let told = report.faults[0].to_string();
        assert!(told.starts_with("element 5, Trade: ") && told.contains(words), "{told}");
    }
}

#[test]
fn words_that_are_not_known_are_kept() {
    for (from, to) in [
        ("assetCategory=\"STK\"", "assetCategory=\"MOON\""),
        ("buySell=\"BUY\"", "buySell=\"LEND\""),
        ("openCloseIndicator=\"O\"", "openCloseIndicator=\"X\""),
    ] {
        let report = report(&changed(from, to));
        let trade = &report.statements[0].trades[0];
        let word = |text: &str| text.to_owned();
        let known = [
            trade.asset == Asset::Other(word("MOON")),
            trade.side == Side::Other(word("LEND")),
            trade.open_close == OpenClose::Other(word("X")),
        ];
        assert_eq!(known.iter().filter(|is| **is).count(), 1, "{to}");
        assert!(report.faults.is_empty());
    }
}

#[test]
fn an_execution_told_twice_counts_once_and_two_of_one_name_are_said() {
    let text = str::from_utf8(SAMPLE).unwrap();
    let row = text.lines().find(|line| line.contains("71001")).unwrap();
    let twice = report(&changed(row, &format!("{row}\n{row}")));
    assert_eq!((twice.statements[0].executions().count(), twice.doubled), (4, 1));
    let other = row.replace("quantity=\"100\"", "quantity=\"101\"");
    let two = report(&changed(row, &format!("{row}\n{other}")));
    assert_eq!(two.statements[0].executions().count(), 4);
    assert!(two.faults[0].to_string().contains("the name of another execution"));
}

#[test]
fn documents_that_are_no_statement_are_refused() {
    let cases: [(Vec<u8>, &str); 5] = [
        (SAMPLE[..SAMPLE.len() / 2].to_vec(), "byte"),
        (b"<FlexQueryResponse>".to_vec(), "ends in the middle"),
        (b"<html><body/></html>".to_vec(), "its first element is \"html\""),
        (
            changed("<FlexQueryResponse", "<!DOCTYPE f [<!ENTITY a \"b\">]><FlexQueryResponse"),
            "type",
        ),
        (changed("S&amp;P", "S&boom;P"), "no XML"),
    ];
    for (bytes, words) in cases {
        let told = read(&bytes, &Reading::default()).unwrap_err().to_string();
        assert!(told.contains(words), "{told}");
    }
    let confirms = b"<FlexQueryResponse><FlexStatements><FlexStatement><TradeConfirms>\
        <TradeConfirm symbol='A'/></TradeConfirms></FlexStatement></FlexStatements>\
        </FlexQueryResponse>";
    assert!(report(confirms).faults[0].to_string().contains("Activity Flex Query"));
}

#[test]
fn many_faults_are_counted_and_a_hundred_are_kept() {
    let rows = "<Trade symbol='A' quantity='x' ibExecID='1' tradePrice='1'/>".repeat(150);
    let text = format!(
        "<FlexQueryResponse><FlexStatements><FlexStatement><Trades>{rows}</Trades>\
         </FlexStatement></FlexStatements></FlexQueryResponse>"
    );
    let report = report(text.as_bytes());
    assert_eq!((report.faults.len(), report.more_faults), (100, 50));
}

#[test]
fn dates_with_slashes_are_read_as_told() {
    let bytes = changed("20260112;093501", "01/12/2026;093501");
    let reading = Reading { slashes: Some(Slashes::MonthFirst), ..Reading::default() };
    let report = read(&bytes, &reading).unwrap();
    assert!(report.faults.is_empty());
    let when = report.statements[0].trades[0].when.unwrap();
    assert_eq!(when.at.unwrap().to_string(), "2026-01-12T14:35:01Z");
}
