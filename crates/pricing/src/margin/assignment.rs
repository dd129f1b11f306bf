//! Who covers whom, at the largest saving.

/// Units of each row given to each column.
pub(super) type Given = Vec<Vec<f64>>;

/// Gives units of rows to columns so that the sum of units times `saving(row, column)` is as large
/// as it can be, never more than each has; nothing is given where the saving is not above 0.
///
/// Each step gives along the path of the largest saving, taking back earlier gifts where that pays
/// (a maximum-weight flow by successive longest paths; Ahuja, Magnanti and Orlin 1993, "Network
/// Flows", section 9.7).
pub(super) fn assign(rows: &[f64], columns: &[f64], saving: impl Fn(usize, usize) -> f64) -> Given {
    let mut given = vec![vec![0.0; columns.len()]; rows.len()];
    let (mut left, mut room) = (rows.to_vec(), columns.to_vec());
    while let Some((path, units)) = best_path(&left, &room, &given, &saving) {
        // A path alternates: row, column, row, column; back edges return what was given.
        for pair in path.windows(2) {
            match pair {
                [Node::Row(i), Node::Column(j)] => given[*i][*j] += units,
                [Node::Column(j), Node::Row(i)] => given[*i][*j] -= units,
                _ => {}
            }
        }
        if let (Some(Node::Row(first)), Some(Node::Column(last))) = (path.first(), path.last()) {
            left[*first] -= units;
            room[*last] -= units;
        }
    }
    given
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Node {
    Row(usize),
    Column(usize),
}

/// Units and gains below this are rounding.
const NOTHING: f64 = 1e-9;

/// The path of the largest saving from a row with units left to a column with room, and how many
/// units it can carry (Bellman and Ford).
fn best_path(
    left: &[f64],
    room: &[f64],
    given: &Given,
    saving: &impl Fn(usize, usize) -> f64,
) -> Option<(Vec<Node>, f64)> {
    let reached = |units: &f64| if *units > NOTHING { 0.0 } else { f64::NEG_INFINITY };
    let mut to_row: Vec<f64> = left.iter().map(reached).collect();
    let mut to_column = vec![f64::NEG_INFINITY; room.len()];
    let mut row_from: Vec<Option<usize>> = vec![None; left.len()];
    let mut column_from: Vec<Option<usize>> = vec![None; room.len()];
    for _ in 0..left.len() + room.len() {
        for i in 0..left.len() {
            for j in 0..room.len() {
                let gain = saving(i, j);
                if gain > NOTHING && to_row[i] + gain > to_column[j] + NOTHING {
                    (to_column[j], column_from[j]) = (to_row[i] + gain, Some(i));
                }
                if given[i][j] > NOTHING && to_column[j] - gain > to_row[i] + NOTHING {
                    (to_row[i], row_from[i]) = (to_column[j] - gain, Some(j));
                }
            }
        }
    }
    let open = (0..room.len()).filter(|j| room[*j] > NOTHING && to_column[*j] > NOTHING);
    let last = open.max_by(|x, y| to_column[*x].total_cmp(&to_column[*y]))?;
    let (mut path, mut units) = (vec![Node::Column(last)], room[last]);
    let mut column = last;
    loop {
        let row = column_from[column]?;
        path.push(Node::Row(row));
        let Some(before) = row_from[row] else {
            units = units.min(left[row]);
            break;
        };
        units = units.min(given[row][before]);
        path.push(Node::Column(before));
        column = before;
    }
    path.reverse();
    Some((path, units))
}
