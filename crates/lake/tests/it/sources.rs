//! DAT-3, the files: each layout goes in by itself.

use std::io::Write as _;

use lake::read::DailyQuery;
use lake::{Lake, Table};
use market::Corporate;

use crate::{day, late, take_in, write};

const ROWS: &str = "2024-01-02,10,12,9,11,500\n2024-01-03,11,13,10,12,600\n";

fn closes(lake: &Lake, symbol: &str) -> Vec<f64> {
    let bars = lake.as_of(late()).daily(&DailyQuery::all("test")).unwrap();
    let rows = bars.raw(bars.place(symbol).unwrap()).unwrap();
    rows.iter().map(|(candle, _)| candle.close).collect()
}

#[test]
fn dat_3_separators_and_headers_are_found_out() {
    for (delimiter, header) in [
        (",", "Date,Open,High,Low,Close,Volume"),
        (";", "day;o;h;l;c;v"),
        ("\t", "date\topen\thigh\tlow\tclose\tvol"),
        ("|", "DATE|OPEN|HIGH|LOW|CLOSE|VOLUME"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let text = format!("{header}\n{}", ROWS.replace(',', delimiter));
        let path = write(folder.path(), "AAPL.csv", &text);
        let lake = Lake::at(folder.path().join("lake"));
        take_in(&lake, &path).unwrap();
        assert_eq!(closes(&lake, "AAPL"), [11.0, 12.0], "{delimiter:?}");
    }
}

#[test]
fn dat_3_a_stooq_tree_goes_in_whole() {
    let folder = tempfile::tempdir().unwrap();
    let head = "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>\n";
    for (name, close) in [("aapl", 11), ("msft", 21)] {
        let upper = name.to_uppercase();
        let text =
            format!("{head}{upper}.US,D,20240102,000000,{close},{close},{close},{close},5,0\n");
        write(folder.path(), &format!("d_us/nasdaq stocks/1/{name}.us.txt"), &text);
    }
    let lake = Lake::at(folder.path().join("lake"));
    take_in(&lake, &folder.path().join("d_us")).unwrap();
    assert_eq!(closes(&lake, "AAPL"), [11.0]);
    assert_eq!(closes(&lake, "MSFT"), [21.0]);
}

#[test]
fn dat_3_a_yahoo_file_gives_its_dividend() {
    let folder = tempfile::tempdir().unwrap();
    let text = "Date,Open,High,Low,Close,Adj Close,Volume\n\
                2024-01-02,100,100,100,100,98,5\n2024-01-03,100,100,100,100,98,5\n\
                2024-01-04,98,98,98,98,98,5\n";
    let path = write(folder.path(), "KO.csv", text);
    let lake = Lake::at(folder.path().join("lake"));
    take_in(&lake, &path).unwrap();
    let actions = lake.as_of(late()).actions("test").unwrap();
    assert_eq!(actions["KO"].len(), 1);
    assert_eq!(actions["KO"][0].ex_day, day("2024-01-04"));
    assert!(
        matches!(actions["KO"][0].action, Corporate::Dividend { amount } if amount.to_f64() == 2.0)
    );
}

#[test]
fn dat_3_a_lean_folder_gives_bars_a_split_and_a_new_name() {
    let folder = tempfile::tempdir().unwrap();
    let usa = folder.path().join("equity/usa");
    std::fs::create_dir_all(usa.join("daily")).unwrap();
    let file = std::fs::File::create(usa.join("daily/aapl.zip")).unwrap();
    let mut archive = zip::ZipWriter::new(file);
    archive.start_file("aapl.csv", zip::write::SimpleFileOptions::default()).unwrap();
    let rows = "20140606 00:00,6490000,6510000,6440000,6456000,12\n\
                20140609 00:00,928000,939000,917000,937000,75\n";
    archive.write_all(rows.as_bytes()).unwrap();
    archive.finish().unwrap();
    write(&usa, "factor_files/aapl.csv", "20140606,1,0.142857142857,645.6\n20501231,1,1,0\n");
    write(&usa, "map_files/aapl.csv", "20100101,old,Q\n20501231,aapl,Q\n");
    let lake = Lake::at(folder.path().join("lake"));
    take_in(&lake, folder.path().join("equity").as_path()).unwrap();
    assert_eq!(closes(&lake, "AAPL"), [645.6, 93.7]);
    let bars = lake.as_of(late()).daily(&DailyQuery::all("test")).unwrap();
    let adjusted = bars.adjusted(0).unwrap().candles;
    assert!((adjusted[1].close / adjusted[0].close - 7.0 * 93.7 / 645.6).abs() < 1e-6);
    let actions = lake.as_of(late()).actions("test").unwrap();
    let renamed = |a: &market::CorporateAction| matches!(a.action, Corporate::Renamed { .. });
    assert!(actions["AAPL"].iter().any(renamed));
}

#[test]
fn the_same_file_again_is_a_no_op_and_a_changed_one_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "A.csv", &format!("date,o,h,l,c,v\n{ROWS}"));
    let lake = Lake::at(folder.path().join("lake"));
    assert!(!take_in(&lake, &path).unwrap().known_already);
    assert!(take_in(&lake, &path).unwrap().known_already);
    assert_eq!(lake.manifests(Table::BarsDaily).unwrap().len(), 1);
    write(folder.path(), "A.csv", &format!("date,o,h,l,c,v\n{ROWS}2024-01-04,1,1,1,1,1\n"));
    assert!(!take_in(&lake, &path).unwrap().known_already);
    assert_eq!(lake.manifests(Table::BarsDaily).unwrap().len(), 2);
}

#[test]
fn short_bars_are_stamped_in_utc_and_known_when_they_end() {
    let folder = tempfile::tempdir().unwrap();
    let text = "ts,open,high,low,close,volume\n2024-01-02 09:30:00,10,12,9,11,5\n\
                2024-01-02 09:35:00,11,12,9,11,5\n2024-07-02 09:30:00,11,12,9,11,5\n";
    let path = write(folder.path(), "SPY.csv", text);
    let lake = Lake::at(folder.path().join("lake"));
    take_in(&lake, &path).unwrap();
    let bars = lake.as_of(late()).intraday(&DailyQuery::all("test")).unwrap();
    let rows = bars.shorter(0).unwrap();
    let starts: Vec<String> = rows.iter().map(|bar| bar.start.to_string()).collect();
    assert!(starts[0].starts_with("2024-01-02T14:30"), "{starts:?}");
    assert!(starts[2].starts_with("2024-07-02T13:30"), "{starts:?}");
    assert_eq!(rows[0].minutes, 5);
    assert_eq!(rows[0].known.micros() - rows[0].start.micros(), 300_000_000);
}

#[test]
fn series_and_their_days_of_publication_go_in() {
    let folder = tempfile::tempdir().unwrap();
    let path =
        write(folder.path(), "yields.csv", "date,y2y,y10y\n2024-01-02,4.3,3.9\n2024-01-03,,4\n");
    let lake = Lake::at(folder.path().join("lake"));
    take_in(&lake, &path).unwrap();
    let early = day("2024-01-04").start();
    let seen = |by| lake.as_of(by).series("test", "y10y").unwrap().len();
    assert_eq!((seen(early), seen(late())), (1, 2));
    assert_eq!(lake.as_of(late()).series("test", "y2y").unwrap().len(), 1);
}

/// Three megabytes of bars, by symbol or by day, with a row in the middle that can't be read.
fn long_text(by_day: bool) -> (String, u64) {
    let days = || (0..6_000).map(|at| day("1998-01-02").plus(at)).filter(|day| day.weekday() < 5);
    let row = |symbol: usize, day: base::Day| {
        let close = 10.0 + f64::from(day.number() % 7) / 4.0 + symbol as f64;
        format!("S{symbol:02},{day},{close},{close},{close},{close},100\n")
    };
    let mut rows: Vec<String> = match by_day {
        true => {
            days().flat_map(|day| (0..20).map(move |s| (s, day))).map(|r| row(r.0, r.1)).collect()
        }
        false => {
            (0..20).flat_map(|s| days().map(move |day| (s, day))).map(|r| row(r.0, r.1)).collect()
        }
    };
    let bad = rows.len() / 2;
    rows.insert(bad, "S10,31.01.2024,1,1,1,1,1\n".to_owned());
    (format!("symbol,date,open,high,low,close,volume\n{}", rows.concat()), bad as u64 + 2)
}

#[test]
fn a_long_text_gives_the_same_files_whatever_the_threads_and_counts_its_lines() {
    for by_day in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let (text, bad_line) = long_text(by_day);
        assert!(text.len() > 3 << 20);
        let path = write(folder.path(), "long.csv", &text);
        let taken = |threads: usize| {
            let lake = Lake::at(folder.path().join(format!("lake-{threads}")));
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let outcome = pool.install(|| take_in(&lake, &path)).unwrap();
            let lines = lake.sql("select line from quarantine").unwrap().rows;
            assert_eq!(lines, [[Some(bad_line.to_string())]]);
            outcome
        };
        let alone = taken(1);
        assert_eq!(alone.manifests[1].source.sha256, base::Digest::of(text.as_bytes()));
        assert_eq!(alone.manifests[1].rows, text.lines().count() as u64 - 2);
        assert_eq!(alone, taken(3), "by day: {by_day}");
    }
}
