//! Tests of the whole room.

mod american;
mod bad_input;
mod barrier;
mod batch;
mod european;
mod golden_surface;
mod golden_vanilla;
mod implied;
mod noisy_smiles;
mod normal;
