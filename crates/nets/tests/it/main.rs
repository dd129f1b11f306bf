//! Every layer: gradients against finite differences, values against PyTorch.

mod golden;
mod gradients;
mod networks;
