"""XGBoost's histogram method on one thread.

Arguments: a folder with x.f32 (rows of 44) and y.f32, the number of rows to train on, the number
of trees. A round bins and trains; the answer is [seconds, area under the curve on the rest].
"""

import sys
import time
from pathlib import Path

import numpy as np
import xgboost
from sklearn.metrics import roc_auc_score

from rounds import serve

WIDTH = 44
FOLDER, ROWS, TREES = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
X = np.fromfile(FOLDER / "x.f32", np.float32).reshape(-1, WIDTH)
Y = np.fromfile(FOLDER / "y.f32", np.float32)


def one_round(_):
    wins = float(Y[:ROWS].sum())
    settings = {
        "objective": "binary:logistic",
        "tree_method": "hist",
        "max_depth": 6,
        "eta": 0.1,
        "subsample": 0.8,
        "colsample_bytree": 0.8,
        "min_child_weight": 5,
        "gamma": 0.1,
        "reg_alpha": 0.1,
        "reg_lambda": 1.0,
        "scale_pos_weight": (ROWS - wins) / wins,
        "nthread": 1,
        "max_bin": 256,
        "verbosity": 0,
    }
    begun = time.perf_counter()
    table = xgboost.QuantileDMatrix(X[:ROWS], Y[:ROWS], nthread=1, max_bin=256)
    model = xgboost.train(settings, table, TREES)
    seconds = time.perf_counter() - begun
    scores = model.predict(xgboost.DMatrix(X[ROWS:]))
    return [seconds, float(roc_auc_score(Y[ROWS:], scores))]


if __name__ == "__main__":
    serve(f"XGBoost {xgboost.__version__}", one_round)
