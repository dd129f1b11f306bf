"""Logistic regressions by scikit-learn, for the tests of `learn`. Argument: FILE."""

import json
import sys

import numpy as np
from sklearn.linear_model import LogisticRegression

rng, rows = np.random.default_rng(3), 300
x = rng.normal(size=(rows, 5))
x[:, 4] = x[:, 0] + 0.1 * x[:, 4]
x = np.round((x - x.mean(0)) / x.std(0), 12)
y = (rng.random(rows) < 1 / (1 + np.exp(-(0.8 * x[:, 0] - 0.5 * x[:, 1] + 0.2)))).astype(int)
cases = []
for penalty, l1_share in [(0.01, 0.0), (0.02, 1.0), (0.05, 0.5)]:
    model = LogisticRegression(C=1 / (penalty * rows), l1_ratio=l1_share, solver="saga", tol=1e-12,
                               max_iter=200_000)
    model.fit(x, y)
    cases.append({"penalty": penalty, "l1_share": l1_share, "intercept": float(model.intercept_[0]),
                  "slopes": model.coef_[0].tolist()})
with open(sys.argv[1], "w") as file:
    json.dump({"x": x.tolist(), "y": y.tolist(), "cases": cases}, file)
