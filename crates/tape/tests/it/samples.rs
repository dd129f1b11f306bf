//! Small files of each format.

use market::Qty;
use market::depth::{DepthMessage, Grid};
use tape::recording::{Hints, InMemory};
use tape::{Error, Messages, Recording};

/// A grid out of two texts.
pub(crate) fn grid(tick: &str, lot: &str) -> Grid {
    Grid::new(tick.parse().unwrap(), lot.parse::<Qty>().unwrap()).unwrap()
}

/// Bytes of a committed sample.
pub(crate) fn committed(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/samples/{name}", env!("CARGO_MANIFEST_DIR"));
    #[expect(clippy::disallowed_methods, reason = "a test reads its own sample")]
    std::fs::read(path).unwrap()
}

/// A recording of Binance's futures: two differences before a snapshot, two after, a trade.
pub(crate) const BINANCE: &str = concat!(
    r#"1000000100 {"stream":"x@depth","data":{"e":"depthUpdate","E":990,"T":985,"s":"X","#,
    r#""U":90,"u":95,"pu":89,"b":[["100.0","7"]],"a":[]}}"#,
    "\n",
    r#"1000000200 {"stream":"x@depth","data":{"e":"depthUpdate","E":991,"T":986,"s":"X","#,
    r#""U":97,"u":105,"pu":95,"b":[["100.0","3"]],"a":[["100.2","0"]]}}"#,
    "\n",
    r#"1000000300 {"lastUpdateId":100,"E":992,"T":987,"bids":[["100.0","5"],["99.9","1"]],"#,
    r#""asks":[["100.1","2"],["100.2","4"]]}"#,
    "\n",
    r#"1000000400 {"stream":"x@trade","data":{"e":"trade","E":993,"T":988,"s":"X","t":1,"#,
    r#""p":"100.1","q":"2","X":"MARKET","m":false}}"#,
    "\n",
    r#"1000000500 {"stream":"x@depth","data":{"e":"depthUpdate","E":994,"T":989,"s":"X","#,
    r#""U":107,"u":110,"pu":105,"b":[],"a":[["100.1","0"],["100.3","9"]]}}"#,
    "\n",
);

/// LOBSTER's text of messages: a new bid, part of it taken back, executed, a hidden trade, a halt.
pub(crate) const LOBSTER: &str = "34200.017459617,1,11,100,2238100,1\n\
    34200.18960767,2,11,20,2238100,1\n\
    34200.190226476,4,11,80,2238100,1\n\
    34201.5,5,0,1,2238250,-1\n\
    34202,7,0,0,-1,-1\n";

/// The book beside it.
pub(crate) const LOBSTER_BOOK: &str = "2239500,100,2238100,100\n\
    2239500,100,2238100,80\n\
    2239500,100,2237500,200\n\
    2239500,100,2237500,200\n\
    2239500,100,2237500,200\n";

/// Bitstamp's text: an order is traded in part, then to the end; one is withdrawn, one unknown.
pub(crate) const BITSTAMP: &str = "id,timestamp,exchange.timestamp,price,volume,action,direction\n\
    7,1430438404518,1430438404000,236.47,200000000,created,bid\n\
    7,1430438404635,1430438404000,236.47,150000000,changed,bid\n\
    7,1430438404700,1430438404000,236.47,0,deleted,bid\n\
    8,1430438404800,1430438404000,236.60,100000000,created,ask\n\
    8,1430438404900,1430438404000,236.60,100000000,deleted,ask\n\
    3,1430438405000,1430438405000,236.10,5,changed,bid\n";

/// LEAN's text of quotes; the second and third belong together, the fourth is suspicious.
pub(crate) const LEAN_QUOTES: &str = "14400054,1836300,100,0,0,Q,1,0\n\
    14401000,0,0,1837000,300,P,1,0\n\
    14401000,1836500,200,0,0,P,1,0\n\
    14402000,9999900,100,0,0,P,1,1\n";

/// All messages of a file that is opened by its content; and the error that ended it.
pub(crate) fn open(
    name: &str,
    bytes: &[u8],
    hints: &Hints,
) -> Result<(Vec<DepthMessage>, Option<Error>), Error> {
    let file = InMemory { name, bytes };
    let mut recording = Recording::open(&file, hints)?;
    let mut all = Vec::new();
    loop {
        let before = all.len();
        match recording.read(&mut all) {
            Ok(()) if all.len() == before => return Ok((all, None)),
            Ok(()) => {}
            Err(error) => return Ok((all, Some(error))),
        }
    }
}
