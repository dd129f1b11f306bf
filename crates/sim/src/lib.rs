//! Bar exchange, costs, synthetic markets.
