//! DAT-1, DAT-2: versions read back, later knowledge stays hidden, damage is found.

use base::Ts;
use lake::read::DailyQuery;
use lake::{Lake, Quality, Table};
use market::{Corporate, CorporateAction};

use crate::{append, candle, day, late};

fn known(seconds: i64) -> Ts {
    Ts::from_seconds(1_704_153_600 + seconds)
}

/// Two appends: a first close for a day, and a correction known later.
fn corrected() -> (tempfile::TempDir, Lake) {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::at(folder.path());
    for (name, close, seconds) in [("first", 10.0, 0), ("correction", 11.0, 86_400)] {
        let mut writer = lake.write(Table::BarsDaily, append("d", name)).unwrap();
        writer.daily("AAA", &[(candle("2024-01-02", close), known(seconds))]).unwrap();
        writer.daily("BBB", &[(candle("2024-01-02", 5.0), known(0))]).unwrap();
        writer.finish(Quality::default()).unwrap();
    }
    (folder, lake)
}

fn close(lake: &Lake, by: Ts, version: Option<u64>) -> f64 {
    let query = DailyQuery { version, ..DailyQuery::all("d") };
    let bars = lake.as_of(by).daily(&query).unwrap();
    let rows = bars.raw(bars.place("AAA").unwrap()).unwrap();
    assert_eq!(rows.len(), 1);
    rows[0].0.close
}

#[test]
fn dat_2_a_correction_is_seen_from_when_it_was_known_and_not_before() {
    let (_folder, lake) = corrected();
    assert_eq!(close(&lake, known(86_399), None), 10.0);
    assert_eq!(close(&lake, known(86_400), None), 11.0);
}

#[test]
fn dat_2_before_it_was_known_a_bar_does_not_exist() {
    let (_folder, lake) = corrected();
    let bars = lake.as_of(known(-1)).daily(&DailyQuery::all("d")).unwrap();
    assert!(bars.raw(0).unwrap().is_empty());
}

#[test]
fn dat_1_a_past_version_reads_back_as_it_was() {
    let (_folder, lake) = corrected();
    assert_eq!(close(&lake, late(), Some(0)), 10.0);
    assert_eq!(close(&lake, late(), Some(1)), 11.0);
    let fault = lake.as_of(late()).daily(&DailyQuery { version: Some(2), ..DailyQuery::all("d") });
    assert!(fault.unwrap_err().to_string().contains("the newest is 1"));
}

#[test]
fn dat_4_a_split_rescales_from_its_day_on_and_only_when_known() {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::at(folder.path());
    let mut writer = lake.write(Table::BarsDaily, append("d", "bars")).unwrap();
    let bars =
        [(candle("2024-01-02", 70.0), known(0)), (candle("2024-01-03", 10.0), known(86_400))];
    writer.daily("AAA", &bars).unwrap();
    writer.finish(Quality::default()).unwrap();
    let split = CorporateAction {
        ex_day: day("2024-01-03"),
        known: known(3_600),
        action: Corporate::Split { ratio: 7.0 },
    };
    let mut writer = lake.write(Table::CorporateActions, append("d", "actions")).unwrap();
    writer.actions(&[("AAA".to_owned(), split)]).unwrap();
    writer.finish(Quality::default()).unwrap();
    let closes = |by: Ts| -> Vec<f64> {
        let bars = lake.as_of(by).daily(&DailyQuery::all("d")).unwrap();
        bars.adjusted(0).unwrap().candles.iter().map(|candle| candle.close).collect()
    };
    assert_eq!(closes(late()), [70.0, 70.0]);
    assert_eq!(closes(known(3_599)), [70.0]);
}

#[test]
fn the_name_of_data_changes_with_their_actions_and_not_with_another_dataset() {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::at(folder.path());
    let add_bars = |dataset: &str| {
        let mut writer = lake.write(Table::BarsDaily, append(dataset, "bars")).unwrap();
        writer.daily("AAA", &[(candle("2024-01-02", 70.0), known(0))]).unwrap();
        writer.finish(Quality::default()).unwrap();
    };
    let name = || lake.as_of(late()).daily(&DailyQuery::all("d")).unwrap().version().to_string();
    add_bars("d");
    let first = name();
    add_bars("other");
    assert_eq!(name(), first);
    let action = Corporate::Split { ratio: 7.0 };
    let split = CorporateAction { ex_day: day("2024-01-03"), known: known(3_600), action };
    let mut writer = lake.write(Table::CorporateActions, append("d", "actions")).unwrap();
    writer.actions(&[("AAA".to_owned(), split)]).unwrap();
    writer.finish(Quality::default()).unwrap();
    assert!(name().starts_with(&format!("{first}+actions@0#")), "{}", name());
}

#[test]
fn verify_finds_nothing_in_a_whole_lake_and_names_the_file_with_a_flipped_byte() {
    let (folder, lake) = corrected();
    let whole = lake.verify(&|_| {}).unwrap();
    assert!(whole.faults.is_empty(), "{whole:?}");
    assert_eq!((whole.versions, whole.files, whole.rows), (2, 2, 4));
    let manifests = lake.manifests(Table::BarsDaily).unwrap();
    let path = folder.path().join("bars_daily").join(&manifests[1].files[0].path);
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let damaged = lake.verify(&|_| {}).unwrap();
    assert_eq!(damaged.faults.len(), 1);
    assert_eq!(damaged.faults[0].path, path);
    assert_eq!(damaged.versions, 1);
}

#[test]
fn an_append_that_is_dropped_leaves_nothing_and_two_writers_do_not_meet() {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::at(folder.path());
    let mut writer = lake.write(Table::BarsDaily, append("d", "lost")).unwrap();
    let many: Vec<_> = (0..6_000).map(|_| (candle("2024-01-02", 5.0), known(0))).collect();
    writer.daily("AAA", &many).unwrap();
    let second = lake.write(Table::BarsDaily, append("d", "other")).unwrap_err();
    assert!(second.to_string().contains("another process writes"), "{second}");
    drop(writer);
    assert!(lake.manifests(Table::BarsDaily).unwrap().is_empty());
    let left = std::fs::read_dir(folder.path().join("bars_daily/dataset=d")).unwrap().count();
    assert_eq!(left, 0);
}

#[test]
fn sql_answers_over_all_tables_and_refuses_to_change_them() {
    let (_folder, lake) = corrected();
    let answer = lake
        .sql("select symbol, count(*) n from bars_daily where dataset = 'd' group by 1 order by 1");
    let answer = answer.unwrap();
    assert_eq!(answer.columns, ["symbol", "n"]);
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(answer.rows, [[text("AAA"), text("2")], [text("BBB"), text("2")]]);
    assert!(lake.sql("select count(*) from macro_series").is_ok());
    for change in ["drop table bars_daily", "insert into bars_daily select * from bars_daily"] {
        assert!(lake.sql(change).is_err(), "{change}");
    }
}
