//! Kinds of agents as data: an algorithm with its settings.

use base::Seed;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::{
    A2c, A2cConfig, Agent, Body, Dqn, DqnConfig, Ppo, PpoConfig, Reinforce, ReinforceConfig, VecEnv,
};
use crate::{Error, setting};

/// An algorithm with its settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "algorithm", rename_all = "snake_case")]
pub enum Algorithm {
    /// Deep Q-learning.
    Dqn(DqnConfig),
    /// Proximal policy optimisation.
    Ppo(PpoConfig),
    /// Advantage actor-critic.
    A2c(A2cConfig),
    /// REINFORCE with a baseline.
    Reinforce(ReinforceConfig),
}

impl Algorithm {
    /// Names of what can be trained, and what each is.
    pub const NAMES: [(&'static str, &'static str); 4] = [
        ("dqn", "deep Q-learning: double, dueling, prioritised, by Boltzmann, as settings say"),
        ("ppo", "proximal policy optimisation"),
        ("a2c", "advantage actor-critic, in step"),
        ("reinforce", "REINFORCE with a baseline"),
    ];

    /// The algorithm of this name with the settings of Stable-Baselines3; nothing for a name that
    /// is none.
    pub fn named(name: &str) -> Option<Algorithm> {
        Some(match name {
            "dqn" => Algorithm::Dqn(DqnConfig::default()),
            "ppo" => Algorithm::Ppo(PpoConfig::default()),
            "a2c" => Algorithm::A2c(A2cConfig::default()),
            "reinforce" => Algorithm::Reinforce(ReinforceConfig::default()),
            _ => return None,
        })
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        match self {
            Algorithm::Dqn(_) => "dqn",
            Algorithm::Ppo(_) => "ppo",
            Algorithm::A2c(_) => "a2c",
            Algorithm::Reinforce(_) => "reinforce",
        }
    }

    /// The same algorithm with one setting changed: a path of names with dots, as in
    /// `minds.log_deviation`.
    ///
    /// # Errors
    /// [`Error::ReadSetting`] for a path that does not exist, or a value that does not fit.
    pub fn with(&self, path: &str, value: &Json) -> Result<Algorithm, Error> {
        setting::changed(self, (path, value), &["algorithm"])
    }

    /// The same algorithm with other networks: the policy's and the values', or the action values'.
    pub fn bodied(mut self, body: &Body) -> Algorithm {
        let minds = match &mut self {
            Algorithm::Dqn(config) => {
                config.body = body.clone();
                return self;
            }
            Algorithm::Ppo(config) => &mut config.minds,
            Algorithm::A2c(config) => &mut config.minds,
            Algorithm::Reinforce(config) => &mut config.minds,
        };
        (minds.policy, minds.values) = (body.clone(), body.clone());
        self
    }

    /// An agent that has learnt nothing yet.
    ///
    /// # Errors
    /// [`Error::CheckParams`] for a setting that makes no sense, [`Error::MatchSpaces`] where the
    /// environments are of another shape than the networks.
    pub fn begin(&self, envs: &dyn VecEnv, seed: Seed) -> Result<Box<dyn Agent>, Error> {
        Ok(match self {
            Algorithm::Dqn(config) => Box::new(Dqn::new(config.clone(), envs, seed)?),
            Algorithm::Ppo(config) => Box::new(Ppo::new(config.clone(), envs, seed)?),
            Algorithm::A2c(config) => Box::new(A2c::new(config.clone(), envs, seed)?),
            Algorithm::Reinforce(config) => Box::new(Reinforce::new(config.clone(), envs, seed)?),
        })
    }

    /// An agent that goes on from a checkpoint of this algorithm; the environments are set back to
    /// where they were. Its settings are those of the checkpoint.
    ///
    /// # Errors
    /// [`Error::ReadCheckpoint`] for bytes that are none, or of another algorithm or shape.
    pub fn resume(&self, bytes: &[u8], envs: &mut dyn VecEnv) -> Result<Box<dyn Agent>, Error> {
        Ok(match self {
            Algorithm::Dqn(_) => Box::new(Dqn::resume(bytes, envs)?),
            Algorithm::Ppo(_) => Box::new(Ppo::resume(bytes, envs)?),
            Algorithm::A2c(_) => Box::new(A2c::resume(bytes, envs)?),
            Algorithm::Reinforce(_) => Box::new(Reinforce::resume(bytes, envs)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents::example::CartPole;
    use crate::agents::{Choosing, Flow, Vectorised, acting, train};
    use serde_json::json;

    fn small(name: &str) -> Algorithm {
        let algorithm = Algorithm::named(name).unwrap();
        match name {
            "dqn" => algorithm.with("replay", &json!(500)).unwrap(),
            "ppo" => algorithm.with("steps", &json!(64)).unwrap(),
            _ => algorithm,
        }
    }

    #[test]
    fn every_name_is_an_algorithm_whose_settings_read_back() {
        for (name, _) in Algorithm::NAMES {
            let algorithm = Algorithm::named(name).unwrap();
            let text = serde_json::to_string(&algorithm).unwrap();
            assert_eq!(serde_json::from_str::<Algorithm>(&text).unwrap(), algorithm, "{name}");
        }
        assert_eq!(Algorithm::named("sac"), None);
    }

    #[test]
    fn a_setting_that_does_not_exist_is_refused_with_what_there_is() {
        let told = small("dqn").with("epsilon", &json!(1)).unwrap_err().to_string();
        assert!(told.contains("there is no \"epsilon\"; there is batch, body"), "{told}");
    }

    #[test]
    fn what_is_saved_to_act_acts_as_the_agent_and_can_not_go_on() {
        for (name, _) in Algorithm::NAMES {
            let algorithm = small(name);
            let mut envs = Vectorised::new(CartPole::default(), 4, Seed::root(1)).unwrap();
            let mut agent = algorithm.begin(&envs, Seed::root(2)).unwrap();
            train(&mut *agent, &mut envs, 600, &mut |_| Flow::On).unwrap();
            let bytes = agent.save_to_act().unwrap();
            let x: Vec<f32> = (0..40).map(|at| (at as f32 * 0.7).sin()).collect();
            let mut alone = acting(&bytes).unwrap();
            let choices = alone.act(&x, Choosing::Best).unwrap();
            assert_eq!(choices, agent.act(&x, Choosing::Best).unwrap(), "{name}");
            assert_eq!(alone.value(&x).unwrap(), agent.value(&x).unwrap(), "{name}");
            assert!(algorithm.resume(&bytes, &mut envs).is_err(), "{name}");
            assert!(bytes.len() < agent.save(&envs).unwrap().len(), "{name}");
        }
    }
}
