//! Bad input at the command line: one clear message that says where and what to do, an exit code
//! that is not 0, and nothing half-written. What files may hold is tried in `lake`'s own table.

use std::path::Path;

use crate::{run, trimtab};

/// A home with three days of one stock in the dataset `us`.
fn home() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let text = "date,open,high,low,close,volume\n2024-01-02,10,12,9,11,500\n\
                2024-01-03,11,13,10,12,600\n2024-01-04,12,13,11,12,700\n";
    let path = home.path().join("AAA.csv");
    std::fs::write(&path, text).unwrap();
    let path = path.display().to_string();
    run(&mut trimtab(home.path(), &["data", "ingest", &path, "--dataset", "us"]));
    home
}

/// The message of a command that must fail.
fn refused(home: &Path, words: &[&str]) -> String {
    let done = trimtab(home, words).output().unwrap();
    let told = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(!done.status.success(), "{words:?} went well");
    assert!(!told.contains("panicked"), "{words:?}: {told}");
    assert!(told.lines().filter(|line| !line.trim().is_empty()).count() <= 4, "{words:?}: {told}");
    told
}

#[test]
fn each_bad_command_ends_in_one_clear_message() {
    let home = home();
    let folder = home.path();
    let config = folder.join("book.toml");
    std::fs::write(&config, "[scan]\nraly_min_bars = 3\n").unwrap();
    let config = config.display().to_string();
    let bad_number = folder.join("number.toml");
    std::fs::write(&bad_number, "[costs]\nslippage_bps = -1\n").unwrap();
    let bad_number = bad_number.display().to_string();
    let csv = folder.join("AAA.csv").display().to_string();
    let table: [(&[&str], &[&str]); 18] = [
        (
            &["data", "show", "ZZZ", "--dataset", "us"],
            &["find symbol \"ZZZ\" in us", "near it AAA"],
        ),
        (&["data", "show", "AAA", "--dataset", "eu"], &["find dataset \"eu\"", "there is us"]),
        (&["data", "ingest", "none.csv"], &["none.csv", "there is no such file"]),
        (&["data", "ingest", &csv, "--dataset", "A B"], &["name dataset \"A B\"", "a-z"]),
        (&["data", "ingest", &csv, "--map", "close"], &["FIELD=COLUMN", "try:"]),
        (&["data", "ingest", &csv, "--map", "close=Last"], &["no column \"Last\""]),
        (&["data", "ingest", &csv, "--calendar", "XXXX"], &["XXXX", "XNYS"]),
        (&["data", "sql", "select nothing from nowhere"], &["answer sql", "nowhere", "bars_daily"]),
        (&["data", "sql", "drop table bars_daily"], &["answer sql"]),
        (&["study", "--stocks", "us"], &["0 signals of 200 needed", "add symbols or years"]),
        (
            &["study", "--stocks", "us", "--book-config", &config],
            &["raly_min_bars", "rally_min_bars"],
        ),
        (&["study", "--stocks", "us", "--book-config", &bad_number], &["slippage_bps"]),
        (&["study", "--stocks", "us", "--volatility", "us"], &["find symbol \"VIX\" in us"]),
        (&["day", "--session", "2024-01-06", "--stocks", "us"], &["closed", "2024-01-08"]),
        (&["day", "--session", "2024-02-06", "--stocks", "us"], &["has a bar of 2024-02-05"]),
        (
            &["day", "--session", "2024-01-04", "--stocks", "us", "--from", "plna"],
            &["read step \"plna\"", "download, features"],
        ),
        (
            &["day", "--session", "2024-01-04", "--stocks", "us", "--only", "plan"],
            &["run plan alone", "download has not been run"],
        ),
        (&["orders", "approve", "nobody"], &["approve nobody", "trimtab orders ls"]),
    ];
    for (words, wanted) in table {
        let told = refused(folder, words);
        for part in wanted {
            assert!(told.contains(part), "{words:?} told {told:?}, not {part:?}");
        }
    }
    let listed = run(&mut trimtab(folder, &["data", "ls"]));
    assert_eq!(listed.matches("bars_daily").count(), 1, "something was half-written: {listed}");
}

#[test]
fn a_database_that_is_down_and_a_home_that_can_not_be_made_say_so() {
    let home = home();
    let url = "postgres://nobody@127.0.0.1:1/none";
    let told = refused(home.path(), &["orders", "ls", "--db", url]);
    assert!(told.contains("127.0.0.1"), "{told}");
    let told = refused(Path::new("/proc/trimtab"), &["orders", "ls"]);
    assert!(told.contains("/proc/trimtab") && told.contains("try:"), "{told}");
    let told = refused(home.path(), &["orders", "ls", "--db", "mysql://x"]);
    assert!(told.contains("mysql"), "{told}");
}

#[test]
fn a_flipped_byte_is_found_and_its_file_named() {
    let home = home();
    let folder = home.path().join("lake/bars_daily/dataset=us");
    let file = std::fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[20] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let told = refused(home.path(), &["data", "verify"]);
    assert!(told.contains(&file.display().to_string()), "{told}");
    assert!(told.contains("try: restore the file"), "{told}");
}
