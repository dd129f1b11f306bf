"""Optuna's samplers on known functions, and on a job that the other side runs.

Asks: `regret SAMPLER FUNCTION SEED TRIALS` answers [regret of the best trial, seconds a trial];
`start SAMPLER SEED` begins a tuning job, `ask` answers its next settings, `tell LOSS` ends them.
Samplers: `tpe` (multivariate), `tpe_univariate`, `gp`. One that can't run answers null.
"""

import math
import sys
import time
import warnings

import numpy as np
import optuna
from optuna.distributions import FloatDistribution, IntDistribution

from rounds import serve

optuna.logging.set_verbosity(optuna.logging.ERROR)
warnings.filterwarnings("ignore")

A = np.array(
    [
        [10, 3, 17, 3.5, 1.7, 8],
        [0.05, 10, 17, 0.1, 8, 14],
        [3, 3.5, 1.7, 10, 17, 8],
        [17, 8, 0.05, 10, 0.1, 14],
    ]
)
P = 1e-4 * np.array(
    [
        [1312, 1696, 5569, 124, 8283, 5886],
        [2329, 4135, 8307, 3736, 1004, 9991],
        [2348, 1451, 3522, 2883, 3047, 6650],
        [4047, 8828, 8732, 5743, 1091, 381],
    ]
)
C = np.array([1, 1.2, 3, 3.2])


def branin(t):
    x, y = t.suggest_float("x", -5, 10), t.suggest_float("y", 0, 15)
    bowl = y - 5.1 / (4 * math.pi**2) * x * x + 5 / math.pi * x - 6
    return bowl**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10 - 0.39788735772973816


def hartmann_6(t):
    x = np.array([t.suggest_float(f"x{i}", 0, 1) for i in range(6)])
    return 3.3223680114155125 - float((C * np.exp(-(A * (x - P) ** 2).sum(1))).sum())


def rosenbrock_4(t):
    x = [t.suggest_float(f"x{i}", -2, 2) for i in range(4)]
    return sum(100 * (x[i + 1] - x[i] ** 2) ** 2 + (1 - x[i]) ** 2 for i in range(3))


FUNCTIONS = {"branin": branin, "hartmann_6": hartmann_6, "rosenbrock_4": rosenbrock_4}

TREES = {
    "colsample_bytree": FloatDistribution(0.4, 1.0),
    "gamma": FloatDistribution(0.0, 5.0),
    "learning_rate": FloatDistribution(0.01, 0.3, log=True),
    "max_depth": IntDistribution(2, 7),
    "min_child_weight": FloatDistribution(0.5, 30.0, log=True),
    "n_estimators": IntDistribution(20, 150),
    "reg_lambda": FloatDistribution(0.01, 30.0, log=True),
    "subsample": FloatDistribution(0.5, 1.0),
}


def sampler(name, seed):
    if name == "gp":
        import torch

        torch.set_num_threads(1)
        return optuna.samplers.GPSampler(seed=seed)
    return optuna.samplers.TPESampler(seed=seed, multivariate=name == "tpe")


class Job:
    study = None
    trial = None


def one_round(words):
    try:
        return answer(words)
    except Exception as fault:
        print(f"{words}: {fault}", file=sys.stderr)
        return None


def answer(words):
    match words:
        case ["regret", name, function, seed, trials]:
            study = optuna.create_study(sampler=sampler(name, int(seed)))
            begun = time.perf_counter()
            study.optimize(FUNCTIONS[function], n_trials=int(trials))
            return [study.best_value, (time.perf_counter() - begun) / int(trials)]
        case ["start", name, seed]:
            Job.study = optuna.create_study(sampler=sampler(name, int(seed)))
            return True
        case ["ask"]:
            Job.trial = Job.study.ask(TREES)
            return Job.trial.params
        case ["tell", loss]:
            Job.study.tell(Job.trial, float(loss))
            return True
    raise ValueError("unknown ask")


if __name__ == "__main__":
    serve(f"Optuna {optuna.__version__}", one_round)
