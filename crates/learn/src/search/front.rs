//! Trials with several losses: who is better than whom, and how much a front covers.
//!
//! One trial *dominates* another when none of its losses is larger and one is smaller. Those that
//! nothing dominates are the front; without them, the next front; and so on (Deb, Pratap, Agarwal
//! and Meyarivan 2002, "NSGA-II").

use super::trial::Trial;

/// The complete trials that no other dominates, in order of number.
pub fn front(trials: &[Trial]) -> Vec<&Trial> {
    let losses: Vec<Option<Vec<f64>>> = trials.iter().map(Trial::losses).collect();
    let all = losses.iter().flatten();
    let best = |own: &Vec<f64>| !all.clone().any(|other| dominates(other, own));
    let pairs = trials.iter().zip(&losses);
    pairs.filter(|(_, own)| own.as_ref().is_some_and(best)).map(|(trial, _)| trial).collect()
}

/// The volume between a front and a point that is worse in every loss (Zitzler and Thiele 1999),
/// by slices along the last loss. Points that are not better than the reference add nothing.
pub fn hypervolume(points: &[Vec<f64>], reference: &[f64]) -> f64 {
    let inside = |point: &&Vec<f64>| {
        point.len() == reference.len() && point.iter().zip(reference).all(|(p, r)| p < r)
    };
    let mut points: Vec<&[f64]> = points.iter().filter(inside).map(Vec::as_slice).collect();
    let Some(last) = reference.len().checked_sub(1) else { return 0.0 };
    points.sort_by(|a, b| a[last].total_cmp(&b[last]));
    slices(&points, reference)
}

fn slices(points: &[&[f64]], reference: &[f64]) -> f64 {
    let last = reference.len() - 1;
    if last == 0 {
        return points.iter().map(|point| reference[0] - point[0]).fold(0.0, f64::max);
    }
    let mut volume = 0.0;
    for (at, point) in points.iter().enumerate() {
        let next = points.get(at + 1).map_or(reference[last], |next| next[last]);
        let thick = next.min(reference[last]) - point[last];
        if thick <= 0.0 {
            continue;
        }
        let mut below: Vec<&[f64]> = points[..=at].iter().map(|point| &point[..last]).collect();
        below.sort_by(|a, b| a[last - 1].total_cmp(&b[last - 1]));
        volume += thick * slices(&below, &reference[..last]);
    }
    volume
}

/// Positions of the complete trials, best first: by front, within a front the lonelier first,
/// among equals the earlier. With one loss this is the order of losses.
pub(super) fn ranked(trials: &[Trial]) -> Vec<usize> {
    if trials.iter().all(|trial| trial.further.is_empty()) {
        let values = trials.iter().enumerate().filter_map(|(at, trial)| Some((trial.value?, at)));
        let mut order: Vec<(f64, usize)> = values.collect();
        order.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        return order.into_iter().map(|(_, at)| at).collect();
    }
    let complete: Vec<(usize, Vec<f64>)> =
        trials.iter().enumerate().filter_map(|(at, t)| Some((at, t.losses()?))).collect();
    let losses: Vec<&[f64]> = complete.iter().map(|(_, losses)| losses.as_slice()).collect();
    let mut order = Vec::with_capacity(losses.len());
    for mut members in fronts(&losses) {
        let room = crowding(&losses, &members);
        let mut by_room: Vec<usize> = (0..members.len()).collect();
        by_room.sort_by(|a, b| room[*b].total_cmp(&room[*a]).then(a.cmp(b)));
        members = by_room.into_iter().map(|at| members[at]).collect();
        order.extend(members.into_iter().map(|at| complete[at].0));
    }
    order
}

/// Positions by front, the best first; each front in order of position.
pub(super) fn fronts(losses: &[&[f64]]) -> Vec<Vec<usize>> {
    let count = losses.len();
    let mut beaten_by = vec![0usize; count];
    let mut beats: Vec<Vec<usize>> = vec![Vec::new(); count];
    for a in 0..count {
        for b in (0..count).filter(|&b| dominates(losses[a], losses[b])) {
            beats[a].push(b);
            beaten_by[b] += 1;
        }
    }
    let mut fronts = Vec::new();
    let mut members: Vec<usize> = (0..count).filter(|&at| beaten_by[at] == 0).collect();
    while !members.is_empty() {
        let mut next = Vec::new();
        for &at in members.iter().flat_map(|&at| &beats[at]) {
            beaten_by[at] -= 1;
            if beaten_by[at] == 0 {
                next.push(at);
            }
        }
        next.sort_unstable();
        fronts.push(std::mem::replace(&mut members, next));
    }
    fronts
}

/// How much room each member of a front has to its neighbours, in shares of the front's width
/// (Deb et al. 2002, §III-B); endless at the ends.
pub(super) fn crowding(losses: &[&[f64]], members: &[usize]) -> Vec<f64> {
    let mut room = vec![0.0; members.len()];
    let width = members.first().map_or(0, |&at| losses[at].len());
    (0..width).for_each(|axis| add_gaps(&mut room, |at| losses[members[at]][axis]));
    room
}

/// Adds the gap between the neighbours of each member along one loss.
fn add_gaps(room: &mut [f64], value: impl Fn(usize) -> f64) {
    let mut order: Vec<usize> = (0..room.len()).collect();
    order.sort_by(|a, b| value(*a).total_cmp(&value(*b)).then(a.cmp(b)));
    let (first, last) = (order[0], order[order.len() - 1]);
    let whole = value(last) - value(first);
    (room[first], room[last]) = (f64::INFINITY, f64::INFINITY);
    for three in order.windows(3).filter(|_| whole > 0.0) {
        room[three[1]] += (value(three[2]) - value(three[0])) / whole;
    }
}

fn dominates(left: &[f64], right: &[f64]) -> bool {
    let mut pairs = left.iter().zip(right);
    pairs.all(|(l, r)| l <= r) && left.iter().zip(right).any(|(l, r)| l < r)
}

#[cfg(test)]
mod tests {
    use super::*;

    const POINTS: [[f64; 2]; 6] =
        [[1.0, 5.0], [2.0, 2.0], [5.0, 1.0], [3.0, 3.0], [2.0, 4.0], [6.0, 6.0]];

    fn losses() -> Vec<&'static [f64]> {
        POINTS.iter().map(|point| &point[..]).collect()
    }

    #[test]
    fn fronts_follow_dominance() {
        assert_eq!(fronts(&losses()), [vec![0, 1, 2], vec![3, 4], vec![5]]);
    }

    #[test]
    fn ends_of_a_front_have_endless_room_and_the_middle_its_neighbours_gap() {
        assert_eq!(crowding(&losses(), &[0, 1, 2]), [f64::INFINITY, 2.0, f64::INFINITY]);
    }

    #[test]
    fn the_volume_of_a_staircase_is_the_sum_of_its_steps() {
        let points: Vec<Vec<f64>> = POINTS.iter().map(|point| point.to_vec()).collect();
        // Columns of width 1, 3 and 2 under the reference 7, 7.
        assert_eq!(hypervolume(&points, &[7.0, 7.0]), 1.0 * 2.0 + 3.0 * 5.0 + 2.0 * 6.0);
        assert_eq!(hypervolume(&points, &[0.5, 7.0]), 0.0);
    }

    #[test]
    fn the_volume_of_two_boxes_is_their_union() {
        let points = [vec![0.0, 0.0, 1.0], vec![1.0, 1.0, 0.0]];
        // 2 × 2 × 1 and 1 × 1 × 2 share 1 × 1 × 1.
        assert_eq!(hypervolume(&points, &[2.0, 2.0, 2.0]), 4.0 + 2.0 - 1.0);
    }
}
