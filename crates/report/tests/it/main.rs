//! Pages as a browser gets them.

use base::{Day, Interval};
use report::chart::{Heading, candles};
use report::page::{Outcome, Verdict};
use report::{Cell, Origin, Page, Part, Provenance, Section, Table};

fn provenance(origin: Origin) -> Provenance {
    Provenance {
        data_version: "bars_daily@3 <1f2e3d>".into(),
        origin,
        seed: Some(7),
        code_revision: "0123abc".into(),
    }
}

fn page(origin: Origin) -> Page {
    let bar = |n| candles::Bar {
        day: Day::from_number(n),
        open: 10.0,
        high: 11.0,
        low: 9.5,
        close: 10.5,
        volume: 1e6,
    };
    let drawing =
        candles::Drawing { bars: (0..30).map(bar).collect(), ..candles::Drawing::default() };
    let heading = Heading {
        title: "</script><b>EVIL & CO</b>".into(),
        caption: "a \"trade\"".into(),
        provenance: provenance(origin),
    };
    let mut table = Table::new(["gate", "expectancy, R"]);
    let interval = Interval { value: 0.12, low: 0.02, high: 0.21, level: 0.95 };
    table.rows.push(vec![Cell::text("0.50"), Cell::estimate(interval, 2)]);
    let title = "R by gate".to_owned();
    let parts = vec![
        Part::Table { title, table, provenance: provenance(origin) },
        Part::Chart(candles::chart(heading, &drawing)),
    ];
    Page {
        title: "Breakout".into(),
        subtitle: "study".into(),
        provenance: provenance(origin),
        verdicts: vec![Verdict {
            outcome: Outcome::Refused,
            title: "No edge".into(),
            reason: "interval holds 0".into(),
        }],
        sections: vec![Section { title: "Results".into(), parts }],
    }
}

/// The page without the vendored chart code.
fn own_markup(html: &str) -> String {
    let start = html.find("<script>").unwrap();
    html[..start].to_owned()
}

#[test]
fn a_page_loads_nothing_from_anywhere() {
    let html = own_markup(&page(Origin::Recorded).html());
    for loading in ["src=", "href=\"http", "@import", "url("] {
        assert!(!html.contains(loading), "{loading}");
    }
}

#[test]
fn hostile_text_stays_text() {
    let html = own_markup(&page(Origin::Recorded).html());
    assert!(!html.contains("<b>EVIL"));
    assert!(html.contains("&lt;b&gt;EVIL &amp; CO"));
}

#[test]
fn what_is_synthetic_says_so_and_what_is_recorded_does_not() {
    assert!(page(Origin::Synthetic).html().contains("class=\"banner\""));
    assert!(!own_markup(&page(Origin::Recorded).html()).contains("SYNTHETIC"));
}

#[test]
fn every_figure_names_what_it_rests_on() {
    let html = own_markup(&page(Origin::Recorded).html());
    let figures = html.matches("<figure>").count();
    // One line for each figure and one for the page.
    assert_eq!(html.matches("class=\"rests\"").count(), figures + 1);
}

#[test]
fn the_data_behind_the_page_can_be_read_back() {
    let wanted = page(Origin::Synthetic);
    let html = wanted.html();
    let start = html.find("id=\"data\">").unwrap() + "id=\"data\">".len();
    let end = start + html[start..].find("</script>").unwrap();
    let found: Page = serde_json::from_str(&html[start..end]).unwrap();
    assert_eq!(found, wanted);
}

#[test]
fn one_page_one_file() {
    assert_eq!(page(Origin::Recorded).html(), page(Origin::Recorded).html());
    assert_ne!(page(Origin::Recorded).html(), page(Origin::Synthetic).html());
}
