//! Random digits for keys.

use crate::failure::Failure;

/// So many random bytes, in hexadecimal digits.
pub(crate) fn random(bytes: usize) -> Result<String, Failure> {
    let mut drawn = vec![0; bytes];
    getrandom::fill(&mut drawn).map_err(|error| Failure::new(format!("make a key: {error}")))?;
    Ok(drawn.iter().map(|byte| format!("{byte:02x}")).collect())
}
