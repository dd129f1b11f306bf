//! Intensity by time of day: markets are busy at their open and close and asleep between (Admati
//! and Pfleiderer 1988, Rev. Financ. Stud. 1, 3–40). A flow of constant rates knows no hour.

use std::collections::BTreeMap;

use super::Curve;
use super::measure::{Gauge, Ruler, ratio};

const DAY_SECONDS: f64 = 86_400.0;

impl Ruler<'_> {
    /// Events a second by part of the day, UTC, of the parts that were seen. A part that only one
    /// block touches has no interval. None where nobody knows when second zero was.
    pub(super) fn day_times(&self) -> Vec<Gauge> {
        let Some(begin) = self.watched.begin else { return Vec::new() };
        let part_seconds = self.config.day_part_minutes * 60.0;
        let since_midnight = begin.time_of_day().seconds();
        let part = |at: f64| ((since_midnight + at) % DAY_SECONDS / part_seconds) as usize;
        // Events and seconds by part of the day and block.
        let mut sums: BTreeMap<usize, BTreeMap<usize, Vec<f64>>> = BTreeMap::new();
        let mut add = |at: f64, row: [f64; 2]| {
            let blocks = sums.entry(part(at)).or_default();
            let sum = blocks.entry(self.block_of(at)).or_insert_with(|| vec![0.0; 2]);
            sum.iter_mut().zip(row).for_each(|(sum, more)| *sum += more);
        };
        self.stretches(since_midnight, part_seconds)
            .into_iter()
            .for_each(|(from, to)| add((from + to) / 2.0, [0.0, to - from]));
        self.watched.events.iter().for_each(|event| add(event.at_seconds, [1.0, 0.0]));
        let gauge = |(part, blocks): (usize, BTreeMap<usize, Vec<f64>>)| {
            let minutes = part as f64 * self.config.day_part_minutes;
            let clock = format!("{:02}:{:02}", (minutes / 60.0) as u32, (minutes % 60.0) as u32);
            let sums = blocks.into_values().filter(|sum| sum[1] > 0.0).collect();
            Gauge {
                name: format!("events a second from {clock} UTC"),
                unit: "a second",
                sums,
                figure: Box::new(ratio),
                place: None,
            }
            .on(Curve::DayTime, minutes / 60.0)
        };
        sums.into_iter().map(gauge).collect()
    }

    /// The observation cut at the ends of blocks and of parts of the day.
    fn stretches(&self, since_midnight: f64, part_seconds: f64) -> Vec<(f64, f64)> {
        let seconds = self.watched.seconds;
        let block_seconds = seconds / self.config.blocks as f64;
        let ends = (1..=self.config.blocks).map(|block| block as f64 * block_seconds);
        // A day ends a part, however long it has been.
        let first_day = (0..=(DAY_SECONDS / part_seconds) as usize)
            .map(|part| part as f64 * part_seconds)
            .chain([DAY_SECONDS]);
        let days = ((since_midnight + seconds) / DAY_SECONDS) as usize;
        let parts = (0..=days).flat_map(|day| {
            first_day.clone().map(move |at| at + day as f64 * DAY_SECONDS - since_midnight)
        });
        let mut cuts: Vec<f64> =
            ends.chain(parts).filter(|at| *at > 0.0 && *at < seconds).collect();
        cuts.extend([0.0, seconds]);
        cuts.sort_by(f64::total_cmp);
        cuts.dedup();
        cuts.windows(2).map(|pair| (pair[0], pair[1])).collect()
    }
}
