//! The step of every exponential average.

/// average_t = β · average_{t−1} + α · value_t with α = 1 − β, two steps at a time:
/// average_t = β² · average_{t−2} + (αβ · value_{t−1} + α · value_t).
///
/// Written so, a step waits for the last but one average, not for the last: a processor works at
/// two steps at once, and the wait, which is all the time a step takes, is halved. The same
/// number but for rounding, which fades as fast as the average forgets.
#[derive(Debug, Clone)]
pub(crate) struct Decay {
    alpha: f64,
    alpha_beta: f64,
    beta: f64,
    beta_squared: f64,
    /// β² · the last average.
    last: f64,
    /// β² · the last average but one; the sum of the seed until there is an average.
    before: f64,
    /// αβ · the last value.
    carried: f64,
}

impl Decay {
    /// An average that keeps the share `beta` of itself, 0 ≤ β < 1.
    #[inline]
    pub(crate) fn keeping(beta: f64) -> Decay {
        let alpha = 1.0 - beta;
        let (alpha_beta, beta_squared) = (alpha * beta, beta * beta);
        Decay { alpha, alpha_beta, beta, beta_squared, last: 0.0, before: 0.0, carried: 0.0 }
    }

    /// Takes a value of the seed.
    #[inline(always)]
    pub(crate) fn gather(&mut self, value: f64) {
        self.before += value;
    }

    /// Begins with the mean of the values gathered, `count` of them, and gives it.
    #[inline(always)]
    pub(crate) fn start(&mut self, count: f64) -> f64 {
        let average = self.before / count;
        // There is no average before the first: the first step is made from this one alone.
        self.before = self.beta * average;
        self.last = self.beta_squared * average;
        average
    }

    /// Takes the next value and gives the average.
    #[inline(always)]
    pub(crate) fn next(&mut self, value: f64) -> f64 {
        let average = self.before + (self.carried + self.alpha * value);
        self.before = self.last;
        self.last = self.beta_squared * average;
        self.carried = self.alpha_beta * value;
        average
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_plain_recursion_but_for_rounding() {
        for beta in [0.0, 1.0 / 3.0, 13.0 / 14.0, 0.999] {
            let mut decay = Decay::keeping(beta);
            decay.gather(4.0);
            decay.gather(8.0);
            let mut plain = decay.start(2.0);
            assert_eq!(plain, 6.0);
            for at in 0..5_000 {
                let value = 50.0 + f64::from(at % 97) * f64::from(at % 13);
                plain = beta * plain + (1.0 - beta) * value;
                let found = decay.next(value);
                assert!((found - plain).abs() < 1e-13 * plain, "β {beta}: {found} {plain}");
            }
        }
    }
}
