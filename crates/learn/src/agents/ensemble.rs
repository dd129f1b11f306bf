//! Several agents that vote, and how much they are one.
//!
//! An ensemble whose agents always agree is one gambler: [`Ensemble::poll`] therefore measures,
//! over rows of observations, how often they agree and how their actions and values correlate.

use base::stats::{correlation, mean};

use super::agent::Acting;
use super::distribution::Choosing;
use super::env::Actions;
use crate::Error;

/// Agents that act on the same observations.
pub struct Ensemble {
    members: Vec<Box<dyn Acting>>,
}

/// What a vote on rows of observations found.
#[derive(Debug, Clone, PartialEq)]
pub struct Poll {
    /// The action of each row: the choice with most votes, the smallest of equals; of numbers,
    /// their mean.
    pub actions: Vec<f32>,
    /// Share of the votes for it; of numbers, 1 over (1 + their deviation).
    pub agreement: Vec<f64>,
    /// What the members think the row is worth, on average.
    pub values: Vec<f64>,
}

/// How alike the members are on rows of observations.
#[derive(Debug, Clone, PartialEq)]
pub struct Likeness {
    /// Mean share of votes for the winner.
    pub agreement: f64,
    /// Pairwise correlation of actions, members × members; NaN where a member never changes.
    pub actions: Vec<f64>,
    /// Pairwise correlation of values.
    pub values: Vec<f64>,
    /// Mean of the pairs' correlations of actions that are numbers; NaN where there are none.
    pub mean_action_correlation: f64,
    /// The same of values.
    pub mean_value_correlation: f64,
}

/// What each member said of rows of observations.
#[derive(Debug, Clone, PartialEq)]
pub struct Votes {
    /// Rows.
    pub rows: usize,
    /// By member: an action for each row.
    pub actions: Vec<Vec<f32>>,
    /// By member: how much each row is worth.
    pub values: Vec<Vec<f32>>,
}

impl Ensemble {
    /// At least one agent; all must observe and act alike.
    pub fn new(members: Vec<Box<dyn Acting>>) -> Result<Ensemble, Error> {
        let Some(first) = members.first() else {
            return Err(Error::MatchSpaces { what: "an ensemble without members".to_owned() });
        };
        let spaces = (first.width(), first.space());
        match members.iter().position(|member| (member.width(), member.space()) != spaces) {
            None => Ok(Ensemble { members }),
            Some(at) => Err(Error::MatchSpaces {
                what: format!(
                    "member {at} observes {} values and acts by {:?}, member 0 {} and {:?}",
                    members[at].width(),
                    members[at].space(),
                    spaces.0,
                    spaces.1
                ),
            }),
        }
    }

    /// How many members.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// False: there is at least one.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Lets all vote on rows of observations.
    pub fn poll(&mut self, observations: &[f32]) -> Result<Poll, Error> {
        let votes = self.ask(observations)?;
        Ok(self.count(&votes))
    }

    /// What a vote found.
    pub fn count(&self, votes: &Votes) -> Poll {
        let count = self.members.len() as f64;
        let values = (0..votes.rows)
            .map(|row| votes.values.iter().map(|of| f64::from(of[row])).sum::<f64>() / count)
            .collect();
        let (actions, agreement) = self.tally(votes);
        Poll { actions, agreement, values }
    }

    /// How alike the members are on rows of observations.
    pub fn likeness(&mut self, observations: &[f32]) -> Result<Likeness, Error> {
        let votes = self.ask(observations)?;
        let (_, agreement) = self.tally(&votes);
        let actions = pairs(&votes.actions);
        let values = pairs(&votes.values);
        Ok(Likeness {
            agreement: mean(&agreement),
            mean_action_correlation: mean_of_pairs(&actions, self.len()),
            mean_value_correlation: mean_of_pairs(&values, self.len()),
            actions,
            values,
        })
    }

    /// Lets each member speak for itself.
    pub fn ask(&mut self, observations: &[f32]) -> Result<Votes, Error> {
        let mut votes = Votes { rows: 0, actions: Vec::new(), values: Vec::new() };
        for member in &mut self.members {
            votes.actions.push(member.act(observations, Choosing::Best)?);
            votes.values.push(member.value(observations)?);
        }
        votes.rows = votes.values[0].len();
        Ok(votes)
    }

    fn tally(&self, votes: &Votes) -> (Vec<f32>, Vec<f64>) {
        let count = self.members.len() as f64;
        match self.members[0].space() {
            Actions::Choice(choices) => (0..votes.rows)
                .map(|row| {
                    let mut counts = vec![0usize; choices];
                    votes.actions.iter().for_each(|of| counts[of[row] as usize] += 1);
                    let most =
                        (1..choices).fold(0, |a, b| if counts[b] > counts[a] { b } else { a });
                    (most as f32, counts[most] as f64 / count)
                })
                .unzip(),
            Actions::Numbers { width, .. } => {
                let mut actions = Vec::with_capacity(votes.rows * width);
                let mut agreement = Vec::with_capacity(votes.rows);
                for row in 0..votes.rows {
                    let mut spread = 0.0;
                    for at in row * width..(row + 1) * width {
                        let own: Vec<f64> =
                            votes.actions.iter().map(|of| f64::from(of[at])).collect();
                        let centre = mean(&own);
                        let squares = own.iter().map(|value| (value - centre).powi(2));
                        spread += (squares.sum::<f64>() / count).sqrt() / width as f64;
                        actions.push(centre as f32);
                    }
                    agreement.push(1.0 / (1.0 + spread));
                }
                (actions, agreement)
            }
        }
    }
}

/// Correlation of each pair of rows, row-major; 1 on the diagonal.
fn pairs(rows: &[Vec<f32>]) -> Vec<f64> {
    let rows: Vec<Vec<f64>> =
        rows.iter().map(|row| row.iter().map(|value| f64::from(*value)).collect()).collect();
    let mut all = Vec::with_capacity(rows.len() * rows.len());
    for (at, left) in rows.iter().enumerate() {
        for (other, right) in rows.iter().enumerate() {
            all.push(if at == other { 1.0 } else { correlation(left, right) });
        }
    }
    all
}

fn mean_of_pairs(all: &[f64], count: usize) -> f64 {
    let pairs = (0..count).flat_map(|at| (0..at).map(move |other| at * count + other));
    let known: Vec<f64> = pairs.map(|at| all[at]).filter(|value| !value.is_nan()).collect();
    mean(&known)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Chooses 1 where the observation exceeds a border.
    struct Border(f32);

    impl Acting for Border {
        fn space(&self) -> Actions {
            Actions::Choice(2)
        }

        fn width(&self) -> usize {
            1
        }

        fn act_on(&mut self, x: &[f32], _choosing: Choosing, actions: &mut [f32]) {
            let each = actions.iter_mut().zip(x);
            each.for_each(|(action, x)| *action = if *x > self.0 { 1.0 } else { 0.0 });
        }

        fn value_of(&mut self, x: &[f32], values: &mut [f32]) {
            values.iter_mut().zip(x).for_each(|(value, x)| *value = x - self.0);
        }
    }

    fn of(borders: &[f32]) -> Ensemble {
        let member = |border: &f32| Box::new(Border(*border)) as Box<dyn Acting>;
        Ensemble::new(borders.iter().map(member).collect()).unwrap()
    }

    #[test]
    fn most_votes_win() {
        let poll = of(&[0.0, 1.0, 2.0]).poll(&[-1.0, 0.5, 1.5, 3.0]).unwrap();
        assert_eq!(poll.actions, [0.0, 0.0, 1.0, 1.0]);
        assert_eq!(poll.agreement, [1.0, 2.0 / 3.0, 2.0 / 3.0, 1.0]);
        assert_eq!(poll.values, [-2.0, -0.5, 0.5, 2.0]);
    }

    #[test]
    fn ten_of_the_same_are_one() {
        let likeness = of(&[0.0; 10]).likeness(&[-1.0, 2.0, 0.5, -3.0]).unwrap();
        assert_eq!(likeness.agreement, 1.0);
        assert!((likeness.mean_action_correlation - 1.0).abs() < 1e-12);
        assert_eq!(likeness.actions.len(), 100);
    }

    #[test]
    fn members_that_observe_otherwise_are_refused() {
        struct Wide;
        impl Acting for Wide {
            fn space(&self) -> Actions {
                Actions::Choice(2)
            }
            fn width(&self) -> usize {
                2
            }
            fn act_on(&mut self, _: &[f32], _: Choosing, _: &mut [f32]) {}
            fn value_of(&mut self, _: &[f32], _: &mut [f32]) {}
        }
        let told = Ensemble::new(vec![Box::new(Border(0.0)), Box::new(Wide)]).err().unwrap();
        assert!(told.to_string().contains("member 1 observes 2 values"), "{told}");
    }
}
