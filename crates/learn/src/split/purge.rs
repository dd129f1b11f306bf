//! Which training rows share information with test rows.
//!
//! López de Prado, "Advances in Financial Machine Learning" (2018), §7.4: a training sample is
//! purged when its label overlaps a test label in time, and embargoed when it starts within a
//! while after one.

use base::{Span, Ts};

use crate::samples::{LabelSpan, Samples};

/// Row numbers by the time the features were known; ties keep the order of rows.
pub(super) fn by_time(samples: &Samples) -> Vec<usize> {
    let mut rows: Vec<usize> = (0..samples.len()).collect();
    rows.sort_by_key(|&row| (samples.spans()[row].starts, row));
    rows
}

/// Stretches of time no training label may touch: disjoint and ascending.
#[derive(Debug, PartialEq)]
pub(super) struct Forbidden(Vec<LabelSpan>);

impl Forbidden {
    /// The spans of the test rows, each lengthened by the embargo, joined where they overlap.
    pub(super) fn around(test: impl Iterator<Item = LabelSpan>, embargo: Span) -> Forbidden {
        let lengthen = |ends: Ts| Ts::from_nanos(ends.nanos().saturating_add(embargo.nanos()));
        let mut spans: Vec<LabelSpan> =
            test.map(|span| LabelSpan { starts: span.starts, ends: lengthen(span.ends) }).collect();
        spans.sort();
        let mut joined: Vec<LabelSpan> = Vec::new();
        for span in spans {
            match joined.last_mut() {
                Some(last) if span.starts <= last.ends => last.ends = last.ends.max(span.ends),
                _ => joined.push(span),
            }
        }
        Forbidden(joined)
    }

    /// True when the label touches a forbidden stretch.
    pub(super) fn touches(&self, span: LabelSpan) -> bool {
        let at = self.0.partition_point(|stretch| stretch.ends < span.starts);
        self.0.get(at).is_some_and(|stretch| stretch.overlaps(span))
    }

    /// Those of the rows that touch nothing forbidden.
    pub(super) fn keep_clear(&self, samples: &Samples, rows: &[usize]) -> Vec<usize> {
        rows.iter().copied().filter(|&row| !self.touches(samples.spans()[row])).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn span(starts: i64, length: i64) -> LabelSpan {
        LabelSpan { starts: Ts::from_seconds(starts), ends: Ts::from_seconds(starts + length) }
    }

    #[test]
    fn the_embargo_reaches_forward_only() {
        let forbidden = Forbidden::around([span(10, 5)].into_iter(), Span::from_seconds(3));
        let cases = [(0, 9, false), (0, 10, true), (18, 1, true), (19, 1, false)];
        for (starts, length, touched) in cases {
            assert_eq!(forbidden.touches(span(starts, length)), touched, "{starts}+{length}");
        }
    }

    proptest! {
        #[test]
        fn joined_stretches_touch_what_single_spans_touch(
            test in prop::collection::vec((0i64..200, 0i64..20), 1..30),
            probe in (0i64..220, 0i64..30),
            embargo in 0i64..10,
        ) {
            let spans: Vec<LabelSpan> = test.iter().map(|&(s, l)| span(s, l)).collect();
            let probe = span(probe.0, probe.1);
            let lengthened = |s: &LabelSpan| LabelSpan {
                starts: s.starts,
                ends: s.ends + Span::from_seconds(embargo),
            };
            let plainly = spans.iter().any(|s| lengthened(s).overlaps(probe));
            let forbidden = Forbidden::around(spans.into_iter(), Span::from_seconds(embargo));
            prop_assert_eq!(forbidden.touches(probe), plainly);
        }
    }
}
