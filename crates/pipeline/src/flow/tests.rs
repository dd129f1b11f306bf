use base::{Digest, Span};
use market::depth::{BookSide, DepthChange, DepthMessage, Grid, Lots, Packet, Ticks};
use sim::flow::facts::Comparison;
use sim::flow::hawkes::HawkesParameters;
use sim::flow::{FlowEdge, FlowModel, FlowSizes, Hawkes, HawkesFlow, SizeLaw, Verdict};
use tape::recording::{Hints, InMemory};

use super::*;
use crate::depth::{Recorded, read};

fn making(edge: FlowEdge, minutes: f64, seed: u64) -> Making {
    let (market, grid) = (PlainMarket::market(edge), PlainMarket::grid().unwrap());
    Making { market, grid, symbol: "MADE".to_owned(), seed, seconds: 60.0 * minutes }
}

/// A market of bursts without a fair price.
fn bursts(minutes: f64, seed: u64) -> Making {
    let mut branching = vec![0.02; 36];
    (0..6).for_each(|kind| branching[kind * 7] = 0.45);
    let base = vec![0.3, 0.3, 2.0, 2.0, 1.8, 1.8];
    let model = Hawkes::new(HawkesParameters { base, decays: vec![5.0], branching }).unwrap();
    let flow = HawkesFlow {
        model,
        limit_weights: vec![3.0, 2.0, 1.0, 1.0],
        cancel_weights: vec![1.0],
        usual_orders: 40.0,
    };
    let plain = making(FlowEdge::None, minutes, seed);
    let market = sim::flow::CrowdConfig {
        flow: FlowModel::Hawkes(flow),
        fair: None,
        splitting: None,
        ..plain.market
    };
    Making { market, ..plain }
}

fn bytes(making: &Making) -> Vec<u8> {
    let mut bytes = Vec::new();
    make(making, &mut bytes).unwrap();
    bytes
}

fn recorded(bytes: &[u8]) -> Recorded {
    read(&InMemory { name: "made.dbn", bytes }, &Hints::default()).unwrap()
}

fn seen(making: &Making) -> Observation {
    observe(&recorded(&bytes(making)), &Watching::default()).unwrap()
}

fn one_kernel() -> FitSettings {
    FitSettings { kernels: 1, slowest: 0.5, fastest: 50.0, ..FitSettings::default() }
}

fn kept(seen: &Observation, settings: &FitSettings) -> (FlowFile, Fitted) {
    let fitted = fit(seen, settings).unwrap();
    let (digest, grid) = (Digest::of(b"made"), PlainMarket::grid().unwrap());
    (FlowFile::new(("made", &digest), grid, seen, (settings, &fitted), "test"), fitted)
}

fn run(choices: &[FlowChoice]) -> FactsRun {
    let choices = choices.to_vec();
    FactsRun { choices, seconds: None, seed: 5, comparison: Comparison::default() }
}

#[test]
fn one_seed_one_recording_that_says_it_is_made() {
    let made = bytes(&making(FlowEdge::None, 1.0, 3));
    assert_eq!(made, bytes(&making(FlowEdge::None, 1.0, 3)));
    assert_ne!(made, bytes(&making(FlowEdge::None, 1.0, 4)));
    let recorded = recorded(&made);
    assert!(recorded.synthetic && recorded.look().synthetic);
    assert!(recorded.faults.is_empty(), "{:?}", recorded.faults);
    assert!(recorded.look().faults.is_empty(), "{:?}", recorded.look().faults);
    assert_eq!(recorded.origin(), report::Origin::Synthetic);
}

#[test]
fn a_coin_of_eight_decimals_is_written_in_units_that_fit() {
    let plain = making(FlowEdge::None, 1.0, 3);
    let sizes = FlowSizes {
        limit: SizeLaw::Empirical(vec![40_000, 250_000_000, 70_000_000_000]),
        market: SizeLaw::Fixed(5_000_000),
    };
    let grid = Grid::new(plain.grid.tick(), "0.00000001".parse().unwrap()).unwrap();
    let market = sim::flow::CrowdConfig { sizes, ..plain.market.clone() };
    let mut written = Vec::new();
    let made = make(&Making { market, grid, ..plain }, &mut written).unwrap();
    assert_eq!((made.lot.as_str(), made.unit.as_str()), ("1", "0.000001"));
    let look = recorded(&written).look();
    assert!(made.trades > 0 && look.faults.is_empty(), "{:?}", look.faults);
}

#[test]
fn a_fit_finds_the_flow_that_made_the_recording() {
    let making = bursts(15.0, 1);
    let seen = seen(&making);
    let fitted = fit(&seen, &one_kernel()).unwrap();
    let FlowModel::Hawkes(truth) = &making.market.flow else { panic!("a Hawkes market") };
    let found = fitted.hawkes.as_ref().unwrap();
    let ratio = found.fit.ratio.unwrap();
    // Cancellations that find nothing to cancel are not seen, so the ratio is a little lower.
    let wanted = truth.model.branching_ratio();
    assert!((ratio.value - wanted).abs() < 0.08, "{ratio:?} {wanted}");
    let decay = found.fit.model.parameters().decays[0];
    assert!((decay / 5.0).ln().abs() < 0.3, "{decay}");
    let market = fitted.zero_intervals.market_rate;
    let rate = truth.model.mean_rates()[0];
    assert!((market.value / rate - 1.0).abs() < 0.15, "{market:?} {rate}");
    assert!(market.low < market.value && market.value < market.high);
    // Constant rates are refuted by the bursts, and foretell worse.
    assert!(fitted.zero_residuals.iter().all(|residual| residual.p_value < 1e-3));
    let held_out = found.held_out.as_ref().unwrap();
    assert!(held_out.gain_nats.low > 0.05, "{held_out:?}");
    assert!(found.ratio_by_third.iter().flatten().count() == 3);
}

#[test]
fn a_stored_flow_makes_the_same_market() {
    let seen = seen(&bursts(4.0, 2));
    let (file, fitted) = kept(&seen, &one_kernel());
    let text = file.text(&fitted).unwrap();
    let read = FlowFile::read("made.json", &text).unwrap();
    assert_eq!(read, file);
    for choice in FlowChoice::ALL {
        let market = |file: &FlowFile| file.market(choice, FlowEdge::None).unwrap();
        assert_eq!(market(&read), market(&file));
        sim::flow::Crowd::new(market(&read)).unwrap();
    }
    let edge = FlowEdge::Imbalance { ticks: 1.0, interval_seconds: 1.0 };
    assert!(read.market(FlowChoice::Crowd, edge).is_ok());
    let refused = read.market(FlowChoice::Zero, edge).unwrap_err().to_string();
    assert!(refused.contains("take the crowd"), "{refused}");
}

#[test]
fn what_is_no_file_of_flows_is_refused_with_what_to_do() {
    let seen = seen(&bursts(2.0, 2));
    let (file, fitted) = kept(&seen, &one_kernel());
    let text = file.text(&fitted).unwrap();
    let newer = text.replacen("\"version\": 1", "\"version\": 2", 1);
    let broken = text.replacen("\"limit_rates\"", "\"limits\"", 1);
    let other = text.replacen("trimtab flow", "another", 1);
    for (text, said) in [
        ("hello", "trimtab flow fit"),
        ("{}", "trimtab flow fit"),
        (newer.as_str(), "version 1 is read"),
        (broken.as_str(), "damaged"),
        (other.as_str(), "calls itself"),
    ] {
        let told = FlowFile::read("x.json", text).unwrap_err().to_string();
        assert!(told.contains("x.json") && told.contains(said), "{told}");
    }
}

#[test]
fn bursts_are_seen_to_differ_from_constant_rates_and_to_agree_with_themselves() {
    let seen = seen(&bursts(20.0, 3));
    let (file, _) = kept(&seen, &one_kernel());
    let outcome =
        judge(&seen, Some((&file, "another")), &run(&[FlowChoice::Zero, FlowChoice::Hawkes]));
    let outcome = outcome.unwrap();
    assert!(!outcome.fitted_here);
    let name = "events in 1 s, variance by mean";
    let verdict =
        |at: usize| outcome.judged[at].facts.iter().find(|fact| fact.name == name).unwrap().verdict;
    assert_eq!((verdict(0), verdict(1)), (Verdict::Differs, Verdict::Agrees));
    let [zero, hawkes] = [0, 1].map(|at| outcome.judged[at].count(Verdict::Differs));
    assert!(hawkes < zero, "{hawkes} {zero}");
    let page = facts_page(&outcome, "made", &provenance()).html();
    for said in ["Where zero intelligence fails", "Signature plot", "was not fitted to", name] {
        assert!(page.contains(said), "{said}");
    }
}

fn provenance() -> report::Provenance {
    report::Provenance {
        data_version: "made".to_owned(),
        origin: report::Origin::Synthetic,
        seed: None,
        code_revision: "test".to_owned(),
    }
}

#[test]
fn a_planted_edge_shows_in_the_facts_and_a_martingale_has_none() {
    let after = |edge| {
        let seen = seen(&making(edge, 40.0, 6));
        let outcome = judge(&seen, None, &run(&[])).unwrap();
        let name = "move of the mid in the 1 s after an imbalance of one";
        outcome.recorded.iter().find(|it| it.name == name).unwrap().figure
    };
    let planted = after(FlowEdge::Imbalance { ticks: 2.0, interval_seconds: 1.0 });
    let none = after(FlowEdge::None);
    assert!(planted.low > 1.0 && planted.value < 3.0, "{planted:?}");
    assert!(none.high < 0.5 && none.low > -0.8, "{none:?}");
}

#[test]
fn a_recording_without_a_kind_has_a_zero_flow_and_says_why_there_is_no_other() {
    // Bids come and go; nobody ever sells at once.
    let mut messages = vec![level(0, BookSide::Bid, 100, 5), level(0, BookSide::Ask, 102, 5)];
    messages[0].packet = Packet::More;
    for step in 1..400_i64 {
        let size = if step % 2 == 0 { 5 } else { 9 };
        messages.push(level(250 * step, BookSide::Bid, 100, size));
        messages.push(level(250 * step + 60, BookSide::Ask, 102, size));
        if step % 10 == 0 {
            let price = Ticks(102);
            let change = DepthChange::Trade { resting: Some(BookSide::Ask), price, size: Lots(1) };
            messages.push(DepthMessage { change, ..level(250 * step + 90, BookSide::Ask, 102, 0) });
        }
    }
    let grid = Grid::new("0.01".parse().unwrap(), "1".parse().unwrap()).unwrap();
    let plain = recorded(&bytes(&making(FlowEdge::None, 0.5, 1)));
    let recorded = Recorded { messages, grid, shows: crate::depth::Shows::Levels, ..plain };
    let seen = observe(&recorded, &Watching::default()).unwrap();
    let fitted = fit(&seen, &one_kernel()).unwrap();
    assert!(fitted.hawkes.is_none());
    let fault = fitted.hawkes_fault.clone().unwrap();
    assert!(fault.contains("no market sell"), "{fault}");
    assert!(fitted.zero.market_rate > 0.0);
    let (file, _) = kept(&seen, &one_kernel());
    let page = fit_page(&file, &fitted, &provenance()).html();
    assert!(page.contains("None was fitted"));
    let top = Recorded { shows: crate::depth::Shows::Top, ..recorded };
    let told = observe(&top, &Watching::default()).unwrap_err().to_string();
    assert!(told.contains("best prices alone"), "{told}");
}

fn level(millis: i64, side: BookSide, price: i64, size: i64) -> DepthMessage {
    let at = base::Ts::from_seconds(1_700_000_000) + Span::from_nanos(millis * 1_000_000);
    let change = DepthChange::Level { side, price: Ticks(price), size: Lots(size) };
    DepthMessage { at, known: at, change, packet: Packet::Last }
}

#[test]
fn stretches_and_steps_that_can_t_be_are_refused() {
    let recorded = recorded(&bytes(&making(FlowEdge::None, 1.0, 1)));
    let last = recorded.messages.last().unwrap().known;
    let cases = [
        (Watching { from: Some(last + Span::from_seconds(9)), ..Watching::default() }, "ends at"),
        (Watching { nearest_ticks: Some(0), ..Watching::default() }, "distance of 0"),
        (Watching { clock_seconds: Some(-1.0), ..Watching::default() }, "clock of -1"),
    ];
    for (watching, said) in cases {
        let told = observe(&recorded, &watching).unwrap_err().to_string();
        assert!(told.contains(said), "{told}");
    }
    let seen = observe(&recorded, &Watching::default()).unwrap();
    assert!(fit(&seen, &FitSettings { kernels: 9, ..one_kernel() }).is_err());
    assert!(make(&making(FlowEdge::None, 0.0, 1), Vec::new()).is_err());
    let (file, _) = kept(&seen, &one_kernel());
    let short = FactsRun { seconds: Some(1.0), ..run(&[FlowChoice::Zero]) };
    assert!(judge(&seen, Some((&file, "x")), &short).is_err());
}
