//! Splits, model families, search, calibration, honesty.
