//! The unit cube that a space is searched in: one axis a setting, in order of names, and the
//! conditions under which a setting exists.
//!
//! A point is a `[f64]` with one coordinate an axis, NaN where the setting does not exist.

use std::collections::BTreeMap;

use super::space::Domain;
use crate::Error;

/// What kind of axis a coordinate is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Axis {
    /// Any number.
    Continuous,
    /// Ordered steps of equal width.
    Steps(f64),
    /// Steps without order.
    Named(f64),
}

/// Axes and conditions.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Layout {
    axes: Vec<Axis>,
    conditions: Vec<Option<Condition>>,
    /// Every axis after the one it depends on.
    order: Vec<usize>,
}

/// An axis exists where another has one of some steps.
#[derive(Debug, Clone, PartialEq)]
struct Condition {
    parent: usize,
    steps: Vec<usize>,
}

impl Axis {
    fn of(domain: &Domain) -> Axis {
        match domain.plain() {
            Domain::Int { low, high } => Axis::Steps((high - low + 1) as f64),
            Domain::Choice(names) => Axis::Named(names.len() as f64),
            _ => Axis::Continuous,
        }
    }

    /// Number of equally wide steps; `None` when it is continuous.
    pub(super) fn steps(self) -> Option<f64> {
        match self {
            Axis::Continuous => None,
            Axis::Steps(count) | Axis::Named(count) => Some(count),
        }
    }

    /// The step a coordinate lies in.
    pub(super) fn step(count: f64, at: f64) -> usize {
        (at * count).min(count - 1.0) as usize
    }

    /// The middle of the step a coordinate lies in; the coordinate itself on a continuous axis.
    pub(super) fn snap(self, at: f64) -> f64 {
        match self.steps() {
            None => at,
            Some(count) => ((at * count).floor().min(count - 1.0) + 0.5) / count,
        }
    }
}

impl Layout {
    pub(super) fn new(domains: &BTreeMap<String, Domain>) -> Result<Layout, Error> {
        let axes = domains.values().map(Axis::of).collect();
        let mut conditions = Vec::with_capacity(domains.len());
        for (name, domain) in domains {
            let refuse = |what| Error::BuildSpace { name: name.clone(), what };
            conditions.push(condition(domains, domain).map_err(refuse)?);
        }
        let order = order(domains, &conditions)?;
        Ok(Layout { axes, conditions, order })
    }

    pub(super) fn axes(&self) -> &[Axis] {
        &self.axes
    }

    pub(super) fn width(&self) -> usize {
        self.axes.len()
    }

    /// True when no setting depends on another.
    pub(super) fn is_flat(&self) -> bool {
        self.conditions.iter().all(Option::is_none)
    }

    /// Axes that others depend on, in order of axes.
    pub(super) fn parents(&self) -> Vec<usize> {
        let parents = self.conditions.iter().flatten().map(|condition| condition.parent);
        parents.collect::<std::collections::BTreeSet<_>>().into_iter().collect()
    }

    /// Which settings exist at a point.
    pub(super) fn active(&self, point: &[f64]) -> Vec<bool> {
        let mut active = vec![true; self.axes.len()];
        if self.is_flat() {
            return active;
        }
        for &at in &self.order {
            let Some(condition) = &self.conditions[at] else { continue };
            let parent = condition.parent;
            let there = active[parent] && !point[parent].is_nan();
            active[at] = there && {
                let count = self.axes[parent].steps().unwrap_or(1.0);
                condition.steps.contains(&Axis::step(count, point[parent]))
            };
        }
        active
    }

    /// Puts every coordinate in the middle of its step, and NaN where no setting exists.
    pub(super) fn settle(&self, point: &mut [f64]) {
        for (at, axis) in point.iter_mut().zip(&self.axes) {
            *at = axis.snap(*at);
        }
        if self.is_flat() {
            return;
        }
        let active = self.active(point);
        for (at, active) in point.iter_mut().zip(active) {
            if !active {
                *at = f64::NAN;
            }
        }
    }
}

fn condition(
    domains: &BTreeMap<String, Domain>,
    domain: &Domain,
) -> Result<Option<Condition>, String> {
    let Domain::When { setting, is, .. } = domain else { return Ok(None) };
    let missing = || format!("depends on {setting:?}, which is no setting of this space");
    let parent = domains.keys().position(|name| name == setting).ok_or_else(missing)?;
    let Some(Domain::Choice(names)) = domains.get(setting).map(Domain::plain) else {
        return Err(format!("depends on {setting:?}, which is no choice"));
    };
    if is.is_empty() {
        return Err(format!("depends on {setting:?} but names no value of it"));
    }
    let step = |value: &String| {
        let found = names.iter().position(|name| name == value);
        found.ok_or_else(|| format!("asks for {setting:?} to be {value:?}, which it never is"))
    };
    let steps = is.iter().map(step).collect::<Result<_, _>>()?;
    Ok(Some(Condition { parent, steps }))
}

fn order(
    domains: &BTreeMap<String, Domain>,
    conditions: &[Option<Condition>],
) -> Result<Vec<usize>, Error> {
    let mut order: Vec<usize> = Vec::with_capacity(conditions.len());
    while order.len() < conditions.len() {
        let ready = |at: &usize| {
            let parent = conditions[*at].as_ref().map(|condition| condition.parent);
            !order.contains(at) && parent.is_none_or(|parent| order.contains(&parent))
        };
        let next: Vec<usize> = (0..conditions.len()).filter(ready).collect();
        if next.is_empty() {
            let stuck = domains.keys().enumerate().find(|(at, _)| !order.contains(at));
            let name = stuck.map(|(_, name)| name.clone()).unwrap_or_default();
            return Err(Error::BuildSpace { name, what: "depends on itself in a circle".into() });
        }
        order.extend(next);
    }
    Ok(order)
}
