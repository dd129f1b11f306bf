"""SVI smiles by QuantLib and numpy, for the tests of `pricing`. Argument: FILE."""

import json
import sys

import numpy as np
import QuantLib as ql

TODAY = ql.Date(15, 1, 2025)
ql.Settings.instance().evaluationDate = TODAY
NAMES = ["a", "b", "sigma", "rho", "m"]
SMILES = [  # the second: Vogt's, Gatheral and Jacquier (2014), example 3.1
    (0.25, [0.002, 0.05, 0.08, -0.6, 0.01]), (1.0, [-0.0410, 0.1331, 0.4153, 0.3060, 0.3586]),
    (0.02, [0.0002, 0.01, 0.02, -0.4, 0.005]), (2.0, [0.03, 0.08, 0.5, -0.8, -0.2]),
    (0.5, [0.02, 0.0, 0.3, 0.1, 0.0]), (1.0, [0.01, 0.4, 0.1, 0.0, 0.0])]


def shape(years, numbers):
    section = ql.SviSmileSection(years, 100.0, numbers)
    width, points = 4.0 * np.sqrt(section.variance(100.0)), []
    for k in np.linspace(-width, width, 9):
        strike = 100.0 * np.exp(k)
        h = 2e-4 * strike

        def call(x):
            return section.optionPrice(float(x), ql.Option.Call, 1.0)

        # differences of call prices: derivatives in strike to the fourth order
        below = 1 + (call(strike - 2 * h) - 8 * call(strike - h) + 8 * call(strike + h)
                     - call(strike + 2 * h)) / (12 * h)
        bend = (-call(strike - 2 * h) + 16 * call(strike - h) - 30 * call(strike)
                + 16 * call(strike + h) - call(strike + 2 * h)) / (12 * h * h)
        points.append({"k": float(k), "total_variance": section.variance(float(strike)),
                       "probability_below": float(below), "density": float(strike * bend)})
    return {"years": years, **dict(zip(NAMES, numbers)), "points": points}


def fitted(seed):
    rng, years = np.random.default_rng(seed), 1.0
    ks = np.sort(rng.uniform(-0.6, 0.4, 21))
    rho, m, sigma = rng.uniform(-0.8, 0.2), rng.uniform(-0.05, 0.1), rng.uniform(0.1, 0.4)
    true = [0.01, rng.uniform(0.05, 0.2), sigma, rho, m]
    section = ql.SviSmileSection(years, 100.0, true)
    vols = [section.volatility(float(100 * np.exp(k))) + 0.003 * rng.normal() for k in ks]
    made = ql.SviInterpolatedSmileSection(
        TODAY + 365, 100.0, [float(100 * np.exp(k)) for k in ks], False, float(np.mean(vols)), vols,
        *[true[i] for i in range(5)], False, False, False, False, False, False)
    return {"years": years, "ks": ks.tolist(), "vols": [float(v) for v in vols],
            "rmse_points": 100 * made.rmsError()}


if __name__ == "__main__":
    golden = {"shapes": [shape(*smile) for smile in SMILES], "fits": [fitted(i) for i in range(8)]}
    with open(sys.argv[1], "w") as file:
        json.dump(golden, file)
