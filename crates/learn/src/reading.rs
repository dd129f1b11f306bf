//! How a model's numbers are to be read where its targets alone do not say it.

use nets::loss::StopLoss;

use crate::{Error, Targets};

/// How the numbers of a row are to be read.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Reading {
    /// One number, or one for each class, as the targets say; one for each of several targets.
    #[default]
    Plain,
    /// Quantiles of one number, in 0..1.
    Quantiles(Vec<f64>),
    /// Heads side by side, each with a target of its own.
    Heads(Vec<Head>),
    /// Logits of a direction and of a barrier, taught by a simulated stop loss. Targets are the
    /// return to the horizon, the fall and the rise on the way.
    Stopped(StopLoss),
}

/// One of several heads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// What it speaks of.
    pub name: &'static str,
    /// What its numbers are.
    pub says: Says,
}

/// What the numbers of a head are, as the network gives them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    /// The logit of yes.
    Win,
    /// Logits of so many classes.
    Classes(u32),
    /// A number.
    Number,
}

impl Says {
    /// Numbers of a row.
    pub fn width(self) -> usize {
        match self {
            Says::Win | Says::Number => 1,
            Says::Classes(count) => count as usize,
        }
    }

    /// What a target must be that it cannot learn from.
    fn wants(self, target: f64) -> Option<String> {
        match self {
            Says::Win if target != 0.0 && target != 1.0 => Some("1 or 0".to_owned()),
            Says::Classes(count)
                if target.fract() != 0.0 || !(0.0..count.into()).contains(&target) =>
            {
                Some(format!("a class from 0 to {}", count - 1))
            }
            _ => None,
        }
    }
}

impl Reading {
    /// Names of the targets that it wants, where it wants several.
    fn names(&self) -> Vec<&'static str> {
        match self {
            Reading::Plain | Reading::Quantiles(_) => Vec::new(),
            Reading::Heads(heads) => heads.iter().map(|head| head.name).collect(),
            Reading::Stopped(_) => vec!["return", "fall", "rise"],
        }
    }

    /// Refuses several targets that are not those of the heads.
    pub(crate) fn check(&self, targets: &Targets) -> Result<(), Error> {
        let (Targets::Many(columns), names) = (targets, self.names()) else { return Ok(()) };
        if names.is_empty() {
            return Ok(());
        }
        let refuse = |what: String| Err(Error::CheckSamples { what });
        if columns.len() != names.len() {
            let (given, wanted) = (columns.len(), names.join(", "));
            return refuse(format!("{given} targets; the network wants {wanted}"));
        }
        for (at, (column, name)) in columns.iter().zip(names).enumerate() {
            let wrong = column.iter().enumerate().find_map(|(row, target)| {
                let wants = match self {
                    Reading::Heads(heads) => heads[at].says.wants(*target),
                    Reading::Stopped(_) if at > 0 && *target < 0.0 => {
                        Some("a share of the price, not below 0".to_owned())
                    }
                    _ => None,
                };
                wants.map(|wants| (row, *target, wants))
            });
            if let Some((row, target, wants)) = wrong {
                return refuse(format!("target {name:?} of row {row} is {target}, not {wants}"));
            }
        }
        Ok(())
    }
}
