//! How a session's volume is spread over its hours.

use base::{Span, Ts};
use serde::{Deserialize, Serialize};

use crate::Error;

/// Shares of a session's volume in steps of equal length.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VolumeProfile {
    from: Ts,
    step: Span,
    /// Share that was traded by the beginning of each step, and 1 at the end.
    cumulative: Vec<f64>,
}

/// Steps of the assumed profile.
const ASSUMED_STEPS: u32 = 78;

impl VolumeProfile {
    /// A profile from the volume of each step, in any unit. Refused where a volume is negative or
    /// not a number, or where all are zero.
    pub fn new(from: Ts, step: Span, volumes: &[f64]) -> Result<VolumeProfile, Error> {
        let total: f64 = volumes.iter().sum();
        let bad = volumes.iter().find(|&&volume| !(volume >= 0.0 && volume.is_finite()));
        if let Some(&value) = bad {
            let wanted = "not negative, and a number";
            return Err(Error::CheckSetting { key: "volume_profile", value, wanted });
        }
        if !(total > 0.0 && total.is_finite()) {
            let (value, wanted) = (total, "a profile with some volume");
            return Err(Error::CheckSetting { key: "volume_profile", value, wanted });
        }
        if step <= Span::ZERO {
            let (value, wanted) = (step.seconds(), "steps longer than nothing");
            return Err(Error::CheckSetting { key: "volume_profile.step", value, wanted });
        }
        let mut cumulative = Vec::with_capacity(volumes.len() + 1);
        let mut sum = 0.0;
        cumulative.push(0.0);
        for volume in volumes {
            sum += volume;
            cumulative.push(sum / total);
        }
        Ok(VolumeProfile { from, step, cumulative })
    }

    /// The profile that is assumed where none is known: a U, with three times the volume of midday
    /// at both ends: 1 + 2 (2u − 1)² over the session's u from 0 to 1.
    pub fn assumed(from: Ts, to: Ts) -> Result<VolumeProfile, Error> {
        let step = Span::from_nanos((to - from).nanos() / i64::from(ASSUMED_STEPS));
        let weight = |at: u32| {
            let middle = (f64::from(at) + 0.5) / f64::from(ASSUMED_STEPS);
            1.0 + 2.0 * (2.0 * middle - 1.0).powi(2)
        };
        VolumeProfile::new(from, step, &(0..ASSUMED_STEPS).map(weight).collect::<Vec<_>>())
    }

    /// The mean profile of past sessions, each counted alike whatever its volume. All must have
    /// the same number of steps.
    pub fn of_sessions(from: Ts, step: Span, days: &[Vec<f64>]) -> Result<VolumeProfile, Error> {
        let steps = days.first().map_or(0, Vec::len);
        let mut mean = vec![0.0; steps];
        for day in days {
            let total: f64 = day.iter().sum();
            if day.len() != steps || !(total > 0.0 && total.is_finite()) {
                let (value, wanted) = (total, "sessions of equal steps with some volume");
                return Err(Error::CheckSetting { key: "volume_profile", value, wanted });
            }
            mean.iter_mut().zip(day).for_each(|(sum, volume)| *sum += volume / total);
        }
        VolumeProfile::new(from, step, &mean)
    }

    /// Share of the session's volume that is expected by a moment, 0 to 1.
    pub fn share_by(&self, at: Ts) -> f64 {
        let place = (at - self.from).nanos() as f64 / self.step.nanos() as f64;
        let last = self.cumulative.len() - 1;
        if place <= 0.0 {
            return 0.0;
        }
        let below = place.floor() as usize;
        if below >= last {
            return 1.0;
        }
        let (low, high) = (self.cumulative[below], self.cumulative[below + 1]);
        low + (high - low) * (place - below as f64)
    }
}
