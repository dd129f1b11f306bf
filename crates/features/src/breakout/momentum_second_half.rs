//! Whether the rally quickened.

use super::places::rally;
use super::{at_setup, ratio};
use crate::spec::Input::{Own, Setup};
use crate::spec::Units;

at_setup! {
    MOMENTUM_SECOND_HALF = |m, s| {
        let bars = rally(m, s)?;
        let (first, last) = (bars.first()?.close, bars.last()?.close);
        ratio(last - bars[bars.len() / 2].close, last - first)
    };
    name: "momentum_second_half",
    formula: "share of the rally's net change of closes that falls into its second half",
    inputs: &[Own, Setup],
    units: Units::Ratio,
}
