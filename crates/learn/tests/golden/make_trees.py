"""Makes xgboost_model.json and xgboost_expected.json with XGBoost 3.2.0.

    pip install xgboost-cpu==3.2.0 scikit-learn numpy
    python make_trees.py            # write the golden files beside this script
    python make_trees.py check M P  # compare predictions of model file M with those in P

The data need no file: rows come from SplitMix64 in exact arithmetic, the same in tests/it/data.rs.
"""
import json
import os
import sys

import numpy as np
import xgboost as xgb
from sklearn.metrics import roc_auc_score

HERE = os.path.dirname(os.path.abspath(__file__))
WIDTH = 12


def splitmix(x):
    with np.errstate(over="ignore"):
        x = (x + np.uint64(0x9E3779B97F4A7C15)).astype(np.uint64)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))


def uniform(index):
    return (splitmix(index.astype(np.uint64)) >> np.uint64(40)).astype(np.float64) / 2.0**24


def rows(start, count):
    """Features, labels. 24-bit uniforms, so that 32-bit floats hold them exactly."""
    row = np.arange(start, start + count, dtype=np.uint64)
    cells = [uniform(row * np.uint64(64) + np.uint64(c)) for c in range(40)]
    x = np.stack(cells[:WIDTH], axis=1)
    x[:, 10] = np.floor(x[:, 10] * 5)
    for c in (1, 3, 11):
        x[cells[c + 12] < 0.1, c] = np.nan
    z = np.where(np.isnan(x), 0.25, x)
    f = (
        2.0 * (z[:, 0] - 0.5)
        + 4.0 * (z[:, 1] - 0.5) * (z[:, 2] - 0.5)
        + np.where(z[:, 3] > 0.7, z[:, 4], 0.0)
        - 3.0 * (z[:, 5] - 0.5) * (z[:, 5] - 0.5)
        + 0.2 * z[:, 10]
        + np.where(np.isnan(x[:, 11]), 0.6, 0.0)
    )
    noise = cells[24] + cells[25] + cells[26] + cells[27] - 2.0
    return x.astype(np.float32), (f + 2.0 * noise > 1.0)


def matrix(x, y=None):
    return xgb.DMatrix(x, label=y, feature_names=[f"f{i}" for i in range(WIDTH)], nthread=1)


BASE = dict(objective="binary:logistic", tree_method="hist", nthread=1, max_bin=256, seed=0)
CASES = {
    "plain": dict(max_depth=6, eta=0.1),
    "drawn": dict(max_depth=5, eta=0.1, subsample=0.8, colsample_bytree=0.8, min_child_weight=5,
                  gamma=0.1, reg_alpha=0.1, reg_lambda=2.0),
    "weighted": dict(max_depth=4, eta=0.05, scale_pos_weight=2.5),
}


def make():
    x, y = rows(0, 2000)
    model = xgb.train(dict(BASE, max_depth=4, eta=0.3, scale_pos_weight=1.5), matrix(x, y), 20)
    model.save_model(os.path.join(HERE, "xgboost_model.json"))
    fresh, _ = rows(500_000, 200)
    scores = {kind: model.get_score(importance_type=kind)
              for kind in ("gain", "total_gain", "weight", "cover")}
    expected = {
        "predictions": [float(p) for p in model.predict(matrix(fresh))],
        "contributions": [[float(v) for v in line]
                          for line in model.predict(matrix(fresh[:50]), pred_contribs=True)],
        "importances": scores,
        "auc": {},
    }
    x, y = rows(0, 20_000)
    test_x, test_y = rows(1_000_000, 20_000)
    for name, params in CASES.items():
        model = xgb.train(dict(BASE, **params), matrix(x, y), 100)
        expected["auc"][name] = roc_auc_score(test_y, model.predict(matrix(test_x)))
    print(expected["auc"], y.mean())
    with open(os.path.join(HERE, "xgboost_expected.json"), "w") as file:
        json.dump(expected, file, separators=(",", ":"))


def check(model_path, predictions_path):
    model = xgb.Booster()
    model.load_model(model_path)
    theirs = model.predict(matrix(rows(500_000, 200)[0]))
    ours = np.array(json.load(open(predictions_path)))
    worst = np.abs(theirs - ours).max()
    print(f"largest difference {worst:.2e} over {len(ours)} rows")
    sys.exit(0 if worst <= 1e-6 else 1)


if __name__ == "__main__":
    check(*sys.argv[2:4]) if sys.argv[1:2] == ["check"] else make()
