"""Golden files of boosted trees, made with XGBoost 3.2.0.

    pip install xgboost-cpu==3.2.0 scikit-learn numpy
    python proving/peers/trees_golden.py theirs   # models trained by XGBoost, what they predict
    cargo run -p learn --example trees_export     # models trained by ours
    python proving/peers/trees_golden.py ours     # what XGBoost predicts with ours

All write to crates/learn/tests/golden. The data need no file: rows come from SplitMix64 in exact
arithmetic, the same in crates/learn/tests/it/data.rs.
"""

import json
import sys
from pathlib import Path

import numpy as np
import xgboost as xgb
from sklearn.metrics import roc_auc_score

FOLDER = Path(__file__).resolve().parents[2] / "crates" / "learn" / "tests" / "golden"
WIDTH = 12
FRESH = 500_000


def splitmix(x):
    with np.errstate(over="ignore"):
        x = (x + np.uint64(0x9E3779B97F4A7C15)).astype(np.uint64)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return x ^ (x >> np.uint64(31))


def uniform(index):
    return (splitmix(index.astype(np.uint64)) >> np.uint64(40)).astype(np.float64) / 2.0**24


def rows(start, count):
    """Features and scores. 24-bit uniforms, so that 32-bit floats hold them exactly."""
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
    return x.astype(np.float32), f + 2.0 * noise


def with_codes(x):
    """Column 9 as 30 categories, of which a few matter."""
    x = x.copy()
    x[:, 9] = np.floor(x[:, 9] * 30)
    return x


def code_effect(x):
    return np.where(np.isin(x[:, 9] % 7, [1, 4, 5]), 1.0, 0.0)


def matrix(x, y=None, codes=False, group=None):
    kinds = ["c" if codes and c in (9, 10) else "float" for c in range(WIDTH)]
    table = xgb.DMatrix(
        x,
        label=y,
        feature_names=[f"f{i}" for i in range(WIDTH)],
        feature_types=kinds,
        enable_categorical=True,
        nthread=1,
    )
    if group is not None:
        table.set_group([group] * (len(x) // group))
    return table


def classes_of(score):
    return (score > 0.3).astype(int) + (score > 1.2)


def relevance_of(score):
    return np.clip(np.floor(score * 1.5), 0, 4)


BASE = dict(tree_method="hist", nthread=1, max_bin=256, seed=0)
LOGISTIC = dict(BASE, objective="binary:logistic")
CASES = {
    "plain": dict(max_depth=6, eta=0.1),
    "drawn": dict(max_depth=5, eta=0.1, subsample=0.8, colsample_bytree=0.8, min_child_weight=5,
                  gamma=0.1, reg_alpha=0.1, reg_lambda=2.0),
    "weighted": dict(max_depth=4, eta=0.05, scale_pos_weight=2.5),
}
GROUP = 20
RISING = "(1,0,-1,0,0,0,0,0,0,0,0,0)"
# Name, settings, targets from scores, whether columns 9 and 10 are categories.
OBJECTIVES = [
    ("squared", dict(objective="reg:squarederror"), lambda s: s, False),
    ("quantile", dict(objective="reg:quantileerror", quantile_alpha=0.8), lambda s: s, False),
    ("pairwise", dict(objective="rank:pairwise"), relevance_of, False),
    ("ndcg", dict(objective="rank:ndcg"), relevance_of, False),
    ("softprob", dict(objective="multi:softprob", num_class=3), classes_of, False),
    ("softmax", dict(objective="multi:softmax", num_class=3), classes_of, False),
    ("partitions", dict(objective="reg:squarederror"), lambda s: s, True),
    ("one_hot", dict(objective="binary:logistic", max_cat_to_onehot=50),
     lambda s: (s > 1.0).astype(int), True),
    ("monotone", dict(objective="binary:logistic", monotone_constraints=RISING),
     lambda s: (s > 1.0).astype(int), False),
]


def trained(settings, target, codes, count, rounds):
    x, score = rows(0, count)
    if codes:
        x = with_codes(x)
        score = score + code_effect(x)
    group = GROUP if settings["objective"].startswith("rank") else None
    return xgb.train(dict(BASE, **settings), matrix(x, target(score), codes, group), rounds)


def losses(name, found, wanted):
    """The metric of our objective of that name."""
    if name in ("squared", "partitions"):
        return float(np.sqrt(np.mean((found - wanted) ** 2)))
    if name == "quantile":
        return float(np.mean(np.maximum(0.8 * (wanted - found), -0.2 * (wanted - found))))
    if name == "softprob":
        return float(-np.mean(np.log(found[np.arange(len(wanted)), wanted])))
    found, wanted = found.reshape(-1, GROUP), wanted.reshape(-1, GROUP)
    if name == "ndcg":
        discount = 1.0 / np.log2(np.arange(GROUP) + 2.0)
        order = np.argsort(-found, axis=1, kind="stable")
        gain = 2.0 ** np.take_along_axis(wanted, order, axis=1) - 1.0
        ideal = (2.0 ** -np.sort(-wanted, axis=1) - 1.0) @ discount
        return float(1.0 - np.mean(np.where(ideal > 0, gain @ discount / np.maximum(ideal, 1e-9), 1)))
    higher = wanted[:, :, None] > wanted[:, None, :]
    right = (found[:, :, None] > found[:, None, :]) + 0.5 * (found[:, :, None] == found[:, None, :])
    return float(1.0 - right[higher].mean())


def objectives():
    expected = {}
    for name, settings, target, codes in OBJECTIVES:
        model = trained(dict(settings, max_depth=3, eta=0.3), target, codes, 1500, 5)
        model.save_model(FOLDER / f"theirs_{name}.json")
        case = predictions(model, codes)
        if name in ("squared", "quantile", "pairwise", "ndcg", "softprob", "partitions"):
            large = trained(dict(settings, max_depth=4, eta=0.1), target, codes, 10_000, 80)
            x, score = rows(1_000_000, 10_000)
            if codes:
                x = with_codes(x)
                score = score + code_effect(x)
            found = large.predict(matrix(x, codes=codes))
            case["loss"] = losses(name, found, target(score))
        expected[name] = case
    return expected


def predictions(model, codes):
    x, _ = rows(FRESH, 40)
    if codes:
        x = with_codes(x)
        x[::7, 9] = np.nan
        x[3, 9] = 1000
    table = matrix(x, codes=codes)
    margins = model.predict(table, output_margin=True)
    contributions = model.predict(matrix(x[:8], codes=codes), pred_contribs=True)
    values = model.predict(table)
    return {
        "values": np.asarray(values, float).reshape(len(x), -1).tolist(),
        "margins": np.asarray(margins, float).reshape(len(x), -1).tolist(),
        # Rows by outputs by columns and the base value.
        "contributions": np.asarray(contributions, float).reshape(8, -1, WIDTH + 1).tolist(),
    }


def rounded(numbers):
    """Nine digits bring a 32-bit float back."""
    if isinstance(numbers, dict):
        return {name: rounded(value) for name, value in numbers.items()}
    if isinstance(numbers, list):
        return [rounded(value) for value in numbers]
    return float(f"{numbers:.9g}") if isinstance(numbers, float) else numbers


def save(name, content):
    with open(FOLDER / name, "w") as file:
        json.dump(rounded(content), file, separators=(",", ":"))


def theirs():
    x, score = rows(0, 2000)
    y = score > 1.0
    model = xgb.train(dict(LOGISTIC, max_depth=4, eta=0.3, scale_pos_weight=1.5), matrix(x, y), 20)
    model.save_model(FOLDER / "xgboost_model.json")
    fresh, _ = rows(FRESH, 200)
    scores = {kind: model.get_score(importance_type=kind)
              for kind in ("gain", "total_gain", "weight", "cover")}
    expected = {
        "predictions": [float(p) for p in model.predict(matrix(fresh))],
        "contributions": [[float(v) for v in line]
                          for line in model.predict(matrix(fresh[:50]), pred_contribs=True)],
        "importances": scores,
        "auc": {},
    }
    x, score = rows(0, 20_000)
    y = score > 1.0
    test_x, test_score = rows(1_000_000, 20_000)
    for name, params in CASES.items():
        model = xgb.train(dict(LOGISTIC, **params), matrix(x, y), 100)
        expected["auc"][name] = roc_auc_score(test_score > 1.0, model.predict(matrix(test_x)))
    with open(FOLDER / "xgboost_expected.json", "w") as file:
        json.dump(expected, file, separators=(",", ":"))
    save("theirs_expected.json", objectives())


def ours():
    """What XGBoost makes of our models; each name ends in the kind of its columns."""
    expected = {}
    for path in sorted(FOLDER.glob("ours_*.json")):
        name = path.stem.removeprefix("ours_")
        if name == "expected":
            continue
        model = xgb.Booster()
        model.load_model(path)
        expected[name] = predictions(model, name in ("partitions", "one_hot"))
    save("ours_expected.json", expected)
    print(f"{len(expected)} models of ours were read by XGBoost {xgb.__version__}")


if __name__ == "__main__":
    {"theirs": theirs, "ours": ours}[sys.argv[1]]()
