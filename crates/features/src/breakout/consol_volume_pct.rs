//! Whether trading dried up in the base.

use super::places::{base, mean_volume, rally};
use super::{at_setup, ratio};
use crate::spec::Input::{Own, Setup};
use crate::spec::Units;

at_setup! {
    CONSOL_VOLUME_PCT = |m, s| ratio(100.0 * mean_volume(base(m, s)?)?, mean_volume(rally(m, s)?)?);
    name: "consol_volume_pct",
    formula: "100 × mean volume of the base ÷ mean volume of the rally",
    inputs: &[Own, Setup],
    units: Units::Percent,
}
