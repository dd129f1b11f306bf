//! Bad input: one clear message that says where and what to do, and nothing half-written.

use lake::{Lake, Table};

use crate::{take_in, write};

const HEAD: &str = "date,open,high,low,close,volume\n";

#[test]
fn each_bad_source_ends_in_one_clear_message_and_an_empty_lake() {
    let row = "2024-01-02,10,12,9,11,500\n";
    let table = [
        ("empty.csv", String::new(), "it is empty"),
        ("head.csv", HEAD.to_owned(), "it has no rows"),
        ("binary.csv", "\0\u{1}\u{2},\n".to_owned(), "it is not text"),
        ("delimiter.csv", HEAD.replace(',', " ") + row, "separate columns by"),
        ("no_head.csv", row.to_owned(), "put the names of the columns there"),
        (
            "missing.csv",
            "date,open,high,close\n2024-01-02,1,2,1\n".to_owned(),
            "column low is missing",
        ),
        ("no_date.csv", "open,high,low,close\n1,2,1,1\n".to_owned(), "--map date=COLUMN"),
        ("dates.csv", format!("{HEAD}31.01.2024,1,2,1,1,1\n"), "date can't be read"),
        ("zero.csv", format!("{HEAD}2024-01-02,0,0,0,0,1\n"), "price is not positive (1 rows)"),
        ("minus.csv", format!("{HEAD}2024-01-02,-1,2,-1,1,1\n"), "price is not positive"),
        ("huge.csv", format!("{HEAD}2024-01-02,1e308,1e308,1e308,1e308,1\n"), "beyond all measure"),
        ("high.csv", format!("{HEAD}2024-01-02,10,8,12,10,1\n"), "high is below low"),
        ("truncated.parquet", "PAR1 something".to_owned(), "truncated, damaged or not Parquet"),
    ];
    for (name, text, wanted) in table {
        let folder = tempfile::tempdir().unwrap();
        let path = write(folder.path(), name, &text);
        let lake = Lake::at(folder.path().join("lake"));
        let fault = take_in(&lake, &path).unwrap_err().to_string();
        assert!(fault.contains(wanted), "{name}: {fault}");
        assert!(fault.contains(name), "{name}: {fault}");
        assert!(
            Table::ALL.iter().all(|table| lake.manifests(*table).unwrap().is_empty()),
            "{name}"
        );
    }
}

#[test]
fn a_foreign_parquet_file_names_its_columns() {
    use arrow::array::{ArrayRef, StringArray};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("foreign.parquet");
    let names: ArrayRef = std::sync::Arc::new(StringArray::from(vec!["a", "b"]));
    let batch = arrow::record_batch::RecordBatch::try_from_iter([("colour", names)]).unwrap();
    let file = std::fs::File::create(&path).unwrap();
    let mut writer = parquet::arrow::ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let lake = Lake::at(folder.path().join("lake"));
    let fault = take_in(&lake, &path).unwrap_err().to_string();
    assert!(fault.contains("no column of dates among colour"), "{fault}");
}

#[test]
fn bad_rows_are_set_aside_with_their_line_and_the_rest_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "{HEAD}2024-01-03,10,12,9,11,5\n2024-01-02,10,12,9,11,5\n2024-01-02,10,12,9,11,5\n\
         2024-01-04,0,12,9,11,5\n2024-01-05,10,12\n2024-01-08,10,12,9,11,5\n"
    );
    let path = write(folder.path(), "A.csv", &text);
    let lake = Lake::at(folder.path().join("lake"));
    let outcome = take_in(&lake, &path).unwrap();
    let quality = &outcome.manifests.last().unwrap().quality;
    assert_eq!(quality.rows_in, 6);
    assert_eq!(outcome.manifests.last().unwrap().rows, 3);
    let lines = lake.sql("select line, reason from quarantine order by line").unwrap();
    let lines: Vec<String> = lines
        .rows
        .iter()
        .map(|row| row.iter().flatten().cloned().collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(
        lines,
        ["4 second row for the same time", "5 price is not positive", "6 wrong number of columns"]
    );
    assert_eq!(quality.flagged["out of order"].count, 1);
}

#[test]
fn a_missing_file_and_an_empty_folder_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::at(folder.path().join("lake"));
    let fault = take_in(&lake, &folder.path().join("none.csv")).unwrap_err().to_string();
    assert!(fault.contains("there is no such file"), "{fault}");
    std::fs::create_dir(folder.path().join("empty")).unwrap();
    let fault = take_in(&lake, &folder.path().join("empty")).unwrap_err().to_string();
    assert!(fault.contains("holds no csv, txt, parquet or zip files"), "{fault}");
}

#[test]
fn a_lake_that_can_not_be_written_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "A.csv", &format!("{HEAD}2024-01-02,10,12,9,11,500\n"));
    write(folder.path(), "lake", "a file where the folder should be");
    let fault = take_in(&Lake::at(folder.path().join("lake")), &path).unwrap_err().to_string();
    assert!(fault.contains("choose another folder"), "{fault}");
}
