//! A checkpoint is read to act alone: as the agent did, without its environments.

use base::Seed;
use learn::Error;
use learn::agents::dqn::{Exploring, Head};
use learn::agents::example::{CartPole, Pendulum};
use learn::agents::{
    A2c, A2cConfig, Agent, Archive, Body, Choosing, Dqn, DqnConfig, Ensemble, Env, Flow, History,
    Minds, Ppo, PpoConfig, Priorities, Reinforce, ReinforceConfig, Scaling, VecEnv, Vectorised,
    acting, train,
};
use rand::RngExt as _;

/// An agent that has learnt for a while, and its checkpoint.
fn trained<E: Env>(
    env: E,
    seed: u64,
    make: impl Fn(&dyn VecEnv, Seed) -> Box<dyn Agent>,
) -> (Box<dyn Agent>, Vec<u8>) {
    let mut envs = Vectorised::new(env, 6, Seed::root(seed)).unwrap();
    let mut agent = make(&envs, Seed::root(seed));
    train(&mut *agent, &mut envs, 900, &mut |_| Flow::On).unwrap();
    let bytes = agent.save(&envs).unwrap();
    (agent, bytes)
}

fn acts_alone((mut agent, bytes): (Box<dyn Agent>, Vec<u8>)) {
    let mut alone = acting(&bytes).unwrap();
    assert_eq!((alone.width(), alone.space()), (agent.width(), agent.space()));
    let mut rng = Seed::root(9).rng();
    let x: Vec<f32> = (0..33 * agent.width()).map(|_| rng.random::<f32>() * 2.0 - 1.0).collect();
    for choosing in [Choosing::Best, Choosing::Drawn { draws: 7 }] {
        assert_eq!(alone.act(&x, choosing).unwrap(), agent.act(&x, choosing).unwrap());
    }
    assert_eq!(alone.value(&x).unwrap(), agent.value(&x).unwrap());
}

fn ppo(minds: Minds) -> PpoConfig {
    PpoConfig { minds, steps: 32, batch: 48, epochs: 2, ..PpoConfig::default() }
}

#[test]
fn a_gaussian_policy_with_scaled_observations_and_rewards_acts_alone() {
    let minds = Minds { scaling: Scaling::Both, ..Minds::default() };
    acts_alone(trained(Pendulum, 1, |envs, seed| {
        Box::new(Ppo::new(ppo(minds.clone()), envs, seed).unwrap())
    }));
}

#[test]
fn a_recurrent_policy_acts_alone() {
    let body = || Body::Gru { steps: 4, units: 8, hidden: vec![6] };
    let minds = Minds { policy: body(), values: body(), ..Minds::default() };
    acts_alone(trained(History::new(CartPole::default(), 4), 2, |envs, seed| {
        Box::new(Ppo::new(ppo(minds.clone()), envs, seed).unwrap())
    }));
}

#[test]
fn a2c_and_reinforce_act_alone() {
    acts_alone(trained(CartPole::default(), 3, |envs, seed| {
        Box::new(A2c::new(A2cConfig::default(), envs, seed).unwrap())
    }));
    acts_alone(trained(CartPole::default(), 4, |envs, seed| {
        Box::new(Reinforce::new(ReinforceConfig::default(), envs, seed).unwrap())
    }));
}

#[test]
fn dqn_with_a_memory_acts_alone() {
    let config = DqnConfig {
        head: Head::Dueling,
        exploring: Exploring::Boltzmann,
        priorities: Some(Priorities::default()),
        scaling: Scaling::Both,
        replay: 700,
        learning_starts: 100,
        ..DqnConfig::default()
    };
    acts_alone(trained(CartPole::default(), 5, |envs, seed| {
        Box::new(Dqn::new(config.clone(), envs, seed).unwrap())
    }));
}

#[test]
fn an_ensemble_of_checkpoints_votes_as_its_agents_do() {
    let members = || {
        (1..=3).map(|seed| {
            trained(CartPole::default(), seed, |envs, seed| {
                Box::new(Ppo::new(ppo(Minds::default()), envs, seed).unwrap())
            })
        })
    };
    let files: Vec<Vec<u8>> = members().map(|(_, bytes)| bytes).collect();
    let agents = members().map(|(agent, _)| agent as Box<dyn learn::agents::Acting>);
    let (mut read, mut own) =
        (Ensemble::read(&files).unwrap(), Ensemble::new(agents.collect()).unwrap());
    let x: Vec<f32> = (0..40).map(|at| (at as f32 * 0.37).sin()).collect();
    assert_eq!(read.poll(&x).unwrap(), own.poll(&x).unwrap());
    assert_eq!(read.likeness(&x).unwrap().agreement, own.likeness(&x).unwrap().agreement);
}

#[test]
fn what_is_no_agent_that_is_known_is_refused() {
    let (_, bytes) = trained(CartPole::default(), 6, |envs, seed| {
        Box::new(A2c::new(A2cConfig::default(), envs, seed).unwrap())
    });
    let told = |bytes: &[u8]| match acting(bytes).err().unwrap() {
        Error::ReadCheckpoint { what } => what,
        other => panic!("{other}"),
    };
    assert!(told(&bytes[..bytes.len() / 2]).contains("cut short"));
    let archive = Archive::from_bytes(&bytes).unwrap();
    let mut card: serde_json::Value = archive.card().unwrap();
    card["kind"] = "sorcerer".into();
    let other = Archive::new(card).unwrap().to_bytes().unwrap();
    assert!(told(&other).contains("a sorcerer agent"));
}
