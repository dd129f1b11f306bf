//! Wirings of neural circuit policies (Lechner et al. 2020): which neuron hears which.
//!
//! Sensory neurons (the inputs) reach inter neurons, those command neurons, which hear each other
//! too, and those motor neurons, the outputs. Numbers of synapses follow PyPI `ncps` 1.0; which
//! ones there are is drawn from our own seed. Units are numbered motor, command, inter.

use std::iter;
use std::ops::Range;

use base::Seed;
use base::seed::Rng;
use rand::RngExt as _;

/// A connection.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Synapse {
    /// Where it comes from: an input or a unit.
    pub from: usize,
    /// The unit it reaches.
    pub to: usize,
    /// +1 excites, −1 inhibits.
    pub sign: f64,
}

/// Which unit hears which.
#[derive(Debug, Clone, PartialEq)]
pub struct Wiring {
    /// Values of a step.
    pub inputs: usize,
    /// Units of the state.
    pub units: usize,
    /// Units that are outputs: the first ones.
    pub outputs: usize,
    /// From inputs to units.
    pub sensory: Vec<Synapse>,
    /// From units to units.
    pub inner: Vec<Synapse>,
    /// Inter, command and motor units; one stretch where there are no layers.
    pub layers: Vec<Range<usize>>,
}

/// Settings of an NCP, as `ncps` has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NcpConfig {
    /// Inter neurons.
    pub inter: usize,
    /// Command neurons.
    pub command: usize,
    /// Motor neurons.
    pub motor: usize,
    /// Inter neurons that each input reaches.
    pub sensory_fanout: usize,
    /// Command neurons that each inter neuron reaches.
    pub inter_fanout: usize,
    /// Synapses among command neurons.
    pub recurrent_command: usize,
    /// Command neurons that each motor neuron hears.
    pub motor_fanin: usize,
}

impl Wiring {
    /// Everything hears everything, with signs drawn evenly.
    pub fn full(inputs: usize, units: usize, outputs: usize, seed: Seed) -> Wiring {
        let mut rng = seed.child("full").rng();
        let mut all = |sources: usize| {
            let pairs = (0..sources).flat_map(|from| (0..units).map(move |to| (from, to)));
            pairs.map(|(from, to)| Synapse { from, to, sign: sign(&mut rng) }).collect()
        };
        let (sensory, inner) = (all(inputs), all(units));
        Wiring { inputs, units, outputs, sensory, inner, layers: iter::once(0..units).collect() }
    }

    /// An NCP of so many units with this share of synapses left out, in 0.1..=0.9: AutoNCP.
    ///
    /// Panics when the outputs do not leave three units for the rest.
    pub fn auto_ncp(
        inputs: usize,
        (units, outputs): (usize, usize),
        sparsity: f64,
        seed: Seed,
    ) -> Wiring {
        assert!(outputs + 2 < units, "an NCP needs inter and command neurons");
        let density = 1.0 - sparsity.clamp(0.1, 0.9);
        let rest = units - outputs;
        let command = ((0.4 * rest as f64) as usize).max(1);
        let inter = rest - command;
        let part = |of: usize, times: f64| ((of as f64 * density * times) as usize).max(1);
        let config = NcpConfig {
            inter,
            command,
            motor: outputs,
            sensory_fanout: part(inter, 1.0),
            inter_fanout: part(command, 1.0),
            recurrent_command: part(command, 2.0),
            motor_fanin: part(command, 1.0),
        };
        Wiring::ncp(inputs, config, seed)
    }

    /// An NCP.
    pub fn ncp(inputs: usize, config: NcpConfig, seed: Seed) -> Wiring {
        let NcpConfig { inter, command, motor, .. } = config;
        let motors = 0..motor;
        let commands = motor..motor + command;
        let inters = motor + command..motor + command + inter;
        let mut rng = seed.child("ncp").rng();
        let sensory = fan_out(0..inputs, inters.clone(), config.sensory_fanout, &mut rng);
        let mut inner = fan_out(inters.clone(), commands.clone(), config.inter_fanout, &mut rng);
        for _ in 0..config.recurrent_command {
            let from = rng.random_range(commands.clone());
            let to = rng.random_range(commands.clone());
            inner.push(Synapse { from, to, sign: sign(&mut rng) });
        }
        // Motors choose whom they hear, so this is a fan-out backward.
        let heard = fan_out(motors.clone(), commands.clone(), config.motor_fanin, &mut rng);
        inner.extend(heard.into_iter().map(|s| Synapse { from: s.to, to: s.from, ..s }));
        let layers = vec![inters, commands, motors];
        let units = inter + command + motor;
        Wiring { inputs, units, outputs: motor, sensory, inner: once(inner), layers }
    }
}

fn sign(rng: &mut Rng) -> f64 {
    if rng.random::<bool>() { 1.0 } else { -1.0 }
}

/// Each source reaches so many targets; a target that nobody reached hears the mean number.
fn fan_out(from: Range<usize>, to: Range<usize>, count: usize, rng: &mut Rng) -> Vec<Synapse> {
    let mut synapses = Vec::new();
    let mut reached = vec![false; to.len()];
    for source in from.clone() {
        for target in choose(to.clone(), count, rng) {
            reached[target - to.start] = true;
            synapses.push(Synapse { from: source, to: target, sign: sign(rng) });
        }
    }
    let mean = (from.len() * count / to.len().max(1)).clamp(1, from.len().max(1));
    for target in to.clone().filter(|target| !reached[target - to.start]) {
        for source in choose(from.clone(), mean, rng) {
            synapses.push(Synapse { from: source, to: target, sign: sign(rng) });
        }
    }
    synapses
}

/// So many different numbers of a range.
fn choose(of: Range<usize>, count: usize, rng: &mut Rng) -> Vec<usize> {
    let mut all: Vec<usize> = of.collect();
    let count = count.min(all.len());
    for at in 0..count {
        let other = rng.random_range(at..all.len());
        all.swap(at, other);
    }
    all.truncate(count);
    all
}

/// The last synapse of each pair, in order of source and target, as a matrix would hold them.
fn once(synapses: Vec<Synapse>) -> Vec<Synapse> {
    let by_pair: std::collections::BTreeMap<(usize, usize), Synapse> =
        synapses.into_iter().map(|synapse| ((synapse.from, synapse.to), synapse)).collect();
    by_pair.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wiring(seed: u64) -> Wiring {
        Wiring::auto_ncp(10, (32, 5), 0.5, Seed::root(seed))
    }

    #[test]
    fn every_unit_hears_somebody() {
        for seed in 0..20 {
            let wiring = wiring(seed);
            for unit in 0..wiring.units {
                let all = wiring.sensory.iter().chain(&wiring.inner);
                assert!(all.clone().any(|synapse| synapse.to == unit), "seed {seed}, unit {unit}");
            }
        }
    }

    #[test]
    fn signals_run_from_inter_over_command_to_motor() {
        let wiring = wiring(3);
        let layer =
            |unit: usize| wiring.layers.iter().position(|units| units.contains(&unit)).unwrap();
        assert!(wiring.sensory.iter().all(|synapse| layer(synapse.to) == 0));
        for synapse in &wiring.inner {
            let (from, to) = (layer(synapse.from), layer(synapse.to));
            assert!(to == from + 1 || (from, to) == (1, 1), "{synapse:?}");
        }
    }

    #[test]
    fn the_numbers_of_neurons_are_those_of_ncps() {
        let wiring = wiring(1);
        let sizes: Vec<usize> = wiring.layers.iter().map(|units| units.len()).collect();
        assert_eq!(sizes, [17, 10, 5]);
    }
}
