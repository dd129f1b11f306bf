"""Almgren-Chriss trajectories by brute force, for the tests of `desk`. Argument: FILE.

The example of section 4 of the paper, and others. Holdings come from minimising the quadratic
objective E + lambda V as a linear system, not from the closed form; so do cost and variance.
"""

import json
import sys

import numpy as np

base = {"qty": 1e6, "horizon": 5.0, "intervals": 5, "volatility": 0.95, "permanent": 2.5e-7,
        "temporary": 2.5e-6, "fixed": 0.0625, "risk_aversion": 1e-6}
cases = []
for change in [{}, {"risk_aversion": 2e-6}, {"risk_aversion": 0.0}, {"risk_aversion": 1e-7},
               {"intervals": 50}, {"intervals": 1}, {"permanent": 0.0, "risk_aversion": 1e-5},
               {"horizon": 0.5, "intervals": 13, "qty": 2e4}]:
    case = {**base, **change}
    n, tau = case["intervals"], case["horizon"] / case["intervals"]
    x0, sigma, gamma, eta = (case[k] for k in ("qty", "volatility", "permanent", "temporary"))
    damped = eta - gamma * tau / 2
    # Trades n_k = D x + first, where x are the holdings between the ends.
    d = np.zeros((n, n - 1))
    for k in range(n):
        if k > 0:
            d[k, k - 1] = 1.0
        if k < n - 1:
            d[k, k] = -1.0
    first = np.zeros(n)
    first[0] = x0
    hessian = damped / tau * d.T @ d + case["risk_aversion"] * sigma**2 * tau * np.eye(n - 1)
    inner = np.linalg.solve(hessian, -damped / tau * d.T @ first) if n > 1 else np.zeros(0)
    holdings = np.concatenate([[x0], inner, [0.0]])
    trades = -np.diff(holdings)
    expected = gamma * x0**2 / 2 + case["fixed"] * np.abs(trades).sum() + damped / tau * (trades**2).sum()
    variance = sigma**2 * tau * (holdings[1:] ** 2).sum()
    cases.append({"plan": case, "holdings": holdings.tolist(), "expected_cost": float(expected),
                  "variance": float(variance)})
with open(sys.argv[1], "w") as file:
    json.dump(cases, file)
