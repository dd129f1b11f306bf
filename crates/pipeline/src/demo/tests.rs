//! The demo on small markets.

use base::Ts;
use books::breakout::BreakoutConfig;
use lake::Lake;
use store::Store;

use super::{Demo, DemoRequest, Place, run};
use crate::Silent;

fn demo(place: Place<'_>) -> Demo {
    let mut config = BreakoutConfig::default();
    config.train.trials = 6;
    config.train.trials_again = 2;
    let request = DemoRequest {
        symbols: 320,
        years: 9,
        seed: 7,
        strength: 1.0,
        config,
        by: "test".to_owned(),
        at: Ts::from_seconds(1_700_000_000),
        code_revision: "test".to_owned(),
    };
    run(request, place, &Silent).unwrap()
}

#[test]
fn a_planted_edge_is_found_no_edge_is_refused_and_a_second_run_says_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open_file(&folder.path().join("state.db")).unwrap();
    let lake = Lake::at(folder.path().join("lake"));
    let place = Place { lake: &lake, store: &store };
    let first = demo(place);
    let has_edge = |half: &super::Half| half.study.sides.iter().any(|side| side.has_edge());
    assert!(has_edge(&first.planted), "the planted edge was missed");
    assert!(!has_edge(&first.none), "an edge was found where there is none");
    let second = demo(place);
    assert_eq!(first.page().unwrap().html(), second.page().unwrap().html());
    for side in &second.planted.study.sides {
        assert_eq!(side.tuned.held_out.openings_by_others, 0);
        assert!(side.tuned.held_out.from_record, "the held-out part was opened twice");
    }
}
