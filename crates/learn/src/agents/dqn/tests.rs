//! What each option changes, with all else as it was.

use super::*;
use crate::agents::example::CartPole;
use crate::agents::vectorised::Vectorised;

const BATCH: usize = 16;

/// An agent of this seed with so many steps in replay, all of one action, whose rewards differ.
fn agent(config: DqnConfig) -> Dqn {
    let body = Body::Dense { hidden: vec![8], activation: nets::layer::Activation::Tanh };
    let config = DqnConfig { body, batch: BATCH, replay: 64, rate: 1e-2, gamma: 0.9, ..config };
    let envs = Vectorised::new(CartPole::default(), 2, Seed::root(1)).unwrap();
    let mut agent = Dqn::new(config, &envs, Seed::root(2)).unwrap();
    let mut rng = Seed::root(3).rng();
    for at in 0..64 {
        let mut draw = || -> [f32; 4] { std::array::from_fn(|_| rng.random_range(-2.0..2.0)) };
        let (observation, after) = (draw(), draw());
        agent.replay.push(Lived {
            observation: &observation,
            after: &after,
            action: 0.0,
            reward: at as f32 / 64.0,
            done: at % 5 == 0,
        });
    }
    // The older copy is another network, so that the two do not agree on the best action.
    agent.older.iter_mut().for_each(|weight| *weight *= -0.7);
    agent
}

/// Values of the rows drawn last, by the network of now and by the older copy.
fn values(agent: &mut Dqn) -> (Vec<f32>, Vec<f32>) {
    let after = agent.drawn.after.clone();
    let now = agent.values.forward(&after).to_vec();
    std::mem::swap(&mut agent.values.weights, &mut agent.older);
    let older = agent.values.forward(&after).to_vec();
    std::mem::swap(&mut agent.values.weights, &mut agent.older);
    (now, older)
}

/// What rows should be worth, by a choice among the older copy's values.
fn worth(agent: &mut Dqn, choose: fn(now: &[f32], older: &[f32]) -> usize) -> Vec<f32> {
    let (now, older) = values(agent);
    let rows = now.chunks_exact(2).zip(older.chunks_exact(2)).enumerate();
    let of_row = |(at, (now, older)): (usize, (&[f32], &[f32]))| {
        let goes_on = 1.0 - agent.drawn.done[at];
        agent.drawn.rewards[at] + goes_on * 0.9 * older[choose(now, older)]
    };
    rows.map(of_row).collect()
}

#[test]
fn a_double_target_values_what_the_network_of_now_would_choose() {
    let aimed = |target: Target| {
        let mut agent = agent(DqnConfig { target, ..DqnConfig::default() });
        agent.replay.draw((BATCH, 0.0), Seed::root(4), &mut agent.drawn);
        agent.aim();
        agent
    };
    let (mut plain, mut double) = (aimed(Target::Plain), aimed(Target::Double));
    assert_eq!(plain.drawn.places, double.drawn.places);
    let (best, chosen) =
        (worth(&mut plain, |_, older| largest(older)), worth(&mut double, |now, _| largest(now)));
    assert_eq!((&plain.wanted, &double.wanted), (&best, &chosen));
    let below = double.wanted.iter().zip(&plain.wanted);
    assert!(below.clone().all(|(double, plain)| double <= plain), "it never hopes for more");
    assert!(below.filter(|(double, plain)| double < plain).count() > 3, "they chose alike");
}

#[test]
fn a_dueling_head_learns_of_all_actions_from_one() {
    /// How far the last biases moved in one step of descent.
    fn moved(head: Head) -> Vec<f32> {
        let mut agent = agent(DqnConfig { head, ..DqnConfig::default() });
        let (outputs, before) =
            (2 + usize::from(head == Head::Dueling), agent.values.weights.clone());
        agent.descend().unwrap();
        let moves = agent.values.weights.iter().zip(&before).map(|(now, before)| now - before);
        moves.skip(before.len() - outputs).collect()
    }
    let plain = moved(Head::Plain);
    assert!(plain[0] != 0.0 && plain[1] == 0.0, "{plain:?}");
    let [state, taken, other] = moved(Head::Dueling)[..] else { panic!("a value and two actions") };
    assert!(state * taken > 0.0 && taken * other < 0.0, "{state} {taken} {other}");
}

#[test]
fn priorities_draw_what_surprised_more_often_and_weigh_it_less() {
    /// How often the place that surprised is drawn of 400, and its mean weight.
    fn drawn(priorities: Option<Priorities>) -> (usize, f32) {
        let mut agent = agent(DqnConfig { priorities, ..DqnConfig::default() });
        let errors: Vec<f32> = (0..64).map(|at| if at == 9 { 30.0 } else { 0.1 }).collect();
        agent.replay.note(&(0..64).collect::<Vec<_>>(), &errors);
        let (mut count, mut weight) = (0, 0.0);
        for draw in 0..400 / BATCH as u64 {
            agent.replay.draw((BATCH, 0.0), Seed::root(5).index(draw), &mut agent.drawn);
            for (place, share) in agent.drawn.places.iter().zip(&agent.drawn.weights) {
                if *place == 9 {
                    (count, weight) = (count + 1, weight + share);
                }
            }
        }
        (count, weight / count as f32)
    }
    let (even, full) = drawn(None);
    let (often, less) = drawn(Some(Priorities::default()));
    assert!(even < 20 && full == 1.0, "{even} {full}");
    assert!(often > 100 && less < 0.5, "{often} {less}");
}

#[test]
fn what_a_descent_found_becomes_the_priority_of_its_rows() {
    let mut agent =
        agent(DqnConfig { priorities: Some(Priorities::default()), ..DqnConfig::default() });
    agent.descend().unwrap();
    let (places, errors) = (agent.drawn.places.clone(), agent.errors.clone());
    let most = (0..BATCH).max_by(|a, b| errors[*a].abs().total_cmp(&errors[*b].abs())).unwrap();
    let least = (0..BATCH).min_by(|a, b| errors[*a].abs().total_cmp(&errors[*b].abs())).unwrap();
    let mut counts = [0usize; 64];
    for draw in 0..200 {
        agent.replay.draw((BATCH, 0.0), Seed::root(6).index(draw), &mut agent.drawn);
        agent.drawn.places.iter().for_each(|place| counts[*place] += 1);
    }
    assert!(counts[places[most]] > counts[places[least]], "{counts:?}");
}
