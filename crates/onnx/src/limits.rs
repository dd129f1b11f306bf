//! What a model may take at most. A file from elsewhere is not asked how much it wants.

/// Bytes of a file.
pub(crate) const LARGEST_FILE: usize = 512 << 20;
/// Nodes of a graph.
pub(crate) const MOST_NODES: usize = 20_000;
/// Nodes, attributes, tensors, declared values and dimensions.
pub(crate) const MOST_PARTS: usize = 500_000;
/// Names and other texts; a forest has one for each of its nodes.
pub(crate) const MOST_TEXTS: usize = 10_000_000;
/// Dimensions of a tensor.
pub(crate) const MOST_DIMS: usize = 8;
/// Bytes of all tensors between input and output, for one row.
pub(crate) const MOST_MEMORY: u64 = 1 << 30;
/// Bytes of all tensors between input and output of one batch, above which batches get smaller.
pub(crate) const BATCH_MEMORY: u64 = 64 << 20;
/// Multiplications and additions for one row: some seconds of one core.
pub(crate) const MOST_WORK: u64 = 20_000_000_000;
/// Rows that are run together.
pub(crate) const TOGETHER: usize = 256;
