"""XGBoost's histogram method.

Arguments: a folder with x.f32 (rows of 44) and y.f32, the number of rows to train on, the number
of trees, the number of rows of the small problem. Asks and answers:

    fit THREADS SEED         bins and trains: [seconds, area under the curve on the rest]
    fit_small SEED           the same on the first rows alone, one thread: [seconds, 0]
    predict                  all rows to train on, by the last large model, one thread: seconds
"""

import sys
import time
from pathlib import Path

import numpy as np
import xgboost
from sklearn.metrics import roc_auc_score

from rounds import serve

WIDTH = 44
FOLDER, ROWS, TREES, SMALL = Path(sys.argv[1]), *map(int, sys.argv[2:5])
X = np.fromfile(FOLDER / "x.f32", np.float32).reshape(-1, WIDTH)
Y = np.fromfile(FOLDER / "y.f32", np.float32)
models = {}


def settings(rows, threads, seed):
    wins = float(Y[:rows].sum())
    return {
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
        "scale_pos_weight": (rows - wins) / wins,
        "nthread": threads,
        "seed": seed,
        "max_bin": 256,
        "verbosity": 0,
    }


def train(rows, threads, seed):
    begun = time.perf_counter()
    table = xgboost.QuantileDMatrix(X[:rows], Y[:rows], nthread=threads, max_bin=256)
    model = xgboost.train(settings(rows, threads, seed), table, TREES)
    return time.perf_counter() - begun, model


def predict():
    model = models["large"]
    model.set_param({"nthread": 1})
    begun = time.perf_counter()
    model.inplace_predict(X[:ROWS])
    return time.perf_counter() - begun


def one_round(ask):
    what, *numbers = ask
    numbers = [int(number) for number in numbers]
    if what == "predict":
        return predict()
    if what == "fit_small":
        return [train(SMALL, 1, numbers[0])[0], 0.0]
    threads, seed = numbers
    seconds, model = train(ROWS, threads, seed)
    models["large"] = model
    scores = model.inplace_predict(X[ROWS:])
    return [seconds, float(roc_auc_score(Y[ROWS:], scores))]


if __name__ == "__main__":
    serve(f"XGBoost {xgboost.__version__}", one_round)
