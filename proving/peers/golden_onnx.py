"""Small models of PyTorch, scikit-learn, XGBoost and LightGBM as ONNX, for the tests of `onnx`.

    python golden_onnx.py FOLDER

For each model three files: `NAME.onnx`, `NAME.contract.json` (what the platform is told of it) and
`NAME.expected.json` (rows and what comes out). Expected values are those of onnxruntime; the
source library must agree with them. `contract` shows how to write a contract of your own.

Made with Python 3.11 and torch 2.15.0, onnx 1.23.2, onnxscript 0.7.2, onnxruntime 1.31.1,
scikit-learn 1.9.1, skl2onnx 1.20.0, onnxmltools 1.16.0, xgboost 3.2.0, lightgbm 4.7.0.
"""

import json
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from torch import nn

OUT = Path(sys.argv[1])


def plain(value):
    """skl2onnx gives NumPy's integers where onnx 1.23 wants Python's."""
    if isinstance(value, (list, tuple)) and any(isinstance(v, np.integer) for v in value):
        return [int(v) for v in value]
    return value


strict = onnx.helper.make_attribute
onnx.helper.make_attribute = lambda key, value, *a, **kw: strict(key, plain(value), *a, **kw)
FEATURES = ["momentum", "range", "volume", "gap", "trend"]
OPSET = 17
rng = np.random.default_rng(7)


def nulled(row):
    """A row as JSON has it, which knows no NaN."""
    return [float(v) if v == v else None for v in np.ravel(row)]


def written(name, blob, told, x, y):
    (OUT / f"{name}.onnx").write_bytes(blob)
    (OUT / f"{name}.contract.json").write_text(json.dumps(told, indent=1) + "\n")
    rows = {"rows": [nulled(row) for row in x], "expected": np.asarray(y).astype(float).tolist()}
    (OUT / f"{name}.expected.json").write_text(json.dumps(rows) + "\n")


def contract(name, features, kind, check, **more):
    """`check` is a list of (inputs of a row, raw outputs of the model for it)."""
    rows = [{"input": nulled(x), "output": np.ravel(y).astype(float).tolist()} for x, y in check]
    return {"name": name, "features": features, "kind": kind, **more, "check": rows}


def keep(name, model, kind, x, theirs, output=None, **more):
    """Writes the three files, after onnxruntime and the source library agree."""
    blob = model if isinstance(model, bytes) else model.SerializeToString()
    session = onnxruntime.InferenceSession(blob, providers=["CPUExecutionProvider"])
    wanted = [o.name for o in session.get_outputs()]
    at = wanted.index(output) if output else 0
    y = np.asarray(session.run(None, {session.get_inputs()[0].name: x})[at]).reshape(len(x), -1)
    theirs = np.asarray(theirs).reshape(len(x), -1)
    worst = np.abs(y - theirs).max()
    assert worst < 2e-5, f"{name}: onnxruntime and the source differ by {worst}"
    if output:
        more["output"] = output
    told = contract(name, FEATURES, kind, list(zip(x[:3], y[:3])), **more)
    written(name, blob, told, x, y)
    print(f"{name:24} {len(blob):7} bytes, worst {worst:.1e}")


def torch_bytes(net, x, legacy=True, fixed=False):
    path = OUT / "torch.tmp"
    axes = None if fixed else {"x": {0: "rows"}, "y": {0: "rows"}}
    if legacy:
        torch.onnx.export(
            net, (x,), path, input_names=["x"], output_names=["y"], dynamic_axes=axes,
            opset_version=OPSET, dynamo=False,
        )
    else:
        rows = torch.export.Dim("rows")
        torch.onnx.export(
            net, (x,), path, input_names=["x"], output_names=["y"], dynamo=True,
            dynamic_shapes=None if fixed else ({0: rows},), external_data=False, verbose=False,
        )
    model = onnx.load(path)
    path.unlink()
    # The newer exporter notes where each operator came from, ten times the size of the model.
    for node in model.graph.node:
        del node.metadata_props[:]
    for value in [*model.graph.value_info, *model.graph.input, *model.graph.output]:
        del value.metadata_props[:]
    return model.SerializeToString()


def torch_case(name, net, kind, steps=None, legacy=True, fixed=False):
    net.eval()
    shape = (24, steps, len(FEATURES)) if steps else (24, len(FEATURES))
    x = rng.normal(size=shape).astype(np.float32)
    with torch.no_grad():
        y = net(torch.from_numpy(x)).numpy()
    blob = torch_bytes(net, torch.from_numpy(x[: 1 if fixed else 4]), legacy, fixed)
    more = {"steps": steps} if steps else {}
    if fixed:
        keep_fixed(name, blob, kind, x, y, **more)
    else:
        keep(name, blob, kind, x, y, **more)


def keep_fixed(name, blob, kind, x, theirs, **more):
    """A model that takes one row at a time."""
    session = onnxruntime.InferenceSession(blob, providers=["CPUExecutionProvider"])
    y = np.concatenate([session.run(None, {"x": x[i : i + 1]})[0] for i in range(len(x))])
    assert np.abs(y - theirs).max() < 2e-5
    told = contract(name, FEATURES, kind, list(zip(x[:3], y[:3])), **more)
    written(name, blob, told, x, y)


class Recurrent(nn.Module):
    def __init__(self, cell, outputs):
        super().__init__()
        self.cell = cell(len(FEATURES), 8, batch_first=True)
        self.head = nn.Linear(8, outputs)

    def forward(self, x):
        seen, _ = self.cell(x)
        return self.head(seen[:, -1])


class Attentive(nn.Module):
    def __init__(self):
        super().__init__()
        self.enter = nn.Linear(len(FEATURES), 8)
        layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 1, enable_nested_tensor=False)
        self.head = nn.Linear(8, 1)

    def forward(self, x):
        return self.head(self.encoder(self.enter(x)).mean(dim=1))


class Convolving(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv1d(len(FEATURES), 6, 3, padding=1), nn.BatchNorm1d(6), nn.ReLU(),
            nn.Conv1d(6, 4, 3, dilation=2), nn.GELU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(),
            nn.Linear(4, 3),
        )

    def forward(self, x):
        return self.net(x.transpose(1, 2))


def torches():
    torch.manual_seed(3)
    width = len(FEATURES)
    first, second = nn.Linear(width, 16), nn.Linear(16, 8)
    mlp = nn.Sequential(first, nn.ReLU(), second, nn.Tanh(), nn.Linear(8, 1))
    torch_case("torch_mlp", mlp, "win_logit")
    torch_case("torch_mlp_dynamo", mlp, "win_logit", legacy=False)
    torch_case("torch_mlp_one_row", nn.Sequential(mlp, nn.Sigmoid()), "win", fixed=True)
    torch_case("torch_gru", Recurrent(nn.GRU, 2), {"class_scores": {"count": 2}}, steps=6)
    torch_case("torch_lstm", Recurrent(nn.LSTM, 1), "number", steps=6)
    torch_case("torch_transformer", Attentive(), "win_logit", steps=6)
    torch_case("torch_transformer_dynamo", Attentive(), "win_logit", steps=6, legacy=False)
    torch_case("torch_cnn", Convolving(), {"numbers": {"count": 3}}, steps=8)


def sklearn_case(name, model, kind, x, theirs, output, zipmap=False, **more):
    kinds = [("x", FloatTensorType([None, x.shape[1]]))]
    options = {} if output == "variable" else {id(model): {"zipmap": zipmap}}
    sets = {"": OPSET, "ai.onnx.ml": 3}
    proto = convert_sklearn(model, initial_types=kinds, options=options, target_opset=sets)
    keep(name, proto, kind, x, theirs, output=output, **more)


def scikits():
    width = len(FEATURES)
    x = rng.normal(size=(300, width)).astype(np.float32)
    score = x[:, 0] - 0.5 * x[:, 1] + x[:, 2] * x[:, 3]
    wins = (score + 0.3 * rng.normal(size=len(x)) > 0).astype(int)
    thirds = np.digitize(score, [-0.5, 0.5])
    some = rng.normal(size=(24, width)).astype(np.float32)
    holes = some.copy()
    holes[rng.random(some.shape) < 0.2] = np.nan
    win, three = "win", {"classes": {"count": 3}}
    gaps = x.copy()
    gaps[rng.random(x.shape) < 0.1] = np.nan

    def classify(name, model, y, kind, at=some, learnt=x, **more):
        model.fit(learnt, y)
        theirs = model.predict_proba(at)
        sklearn_case(name, model, kind, at, theirs, "probabilities", **more)

    def regress(name, model, at=some, learnt=x, **more):
        model.fit(learnt, score)
        sklearn_case(name, model, "number", at, model.predict(at), "variable", **more)

    classify("sk_logistic", make_pipeline(StandardScaler(), LogisticRegression()), wins, win)
    scaled = make_pipeline(MinMaxScaler(), LogisticRegression())
    classify("sk_logistic_three", scaled, thirds, three)
    forest = dict(n_estimators=6, max_depth=3, random_state=1)
    classify("sk_forest", RandomForestClassifier(**forest), wins, win)
    classify("sk_forest_three", RandomForestClassifier(**forest), thirds, three)
    boost = dict(n_estimators=6, max_depth=2, random_state=1)
    classify("sk_boosting", GradientBoostingClassifier(**boost), wins, win)
    hist = dict(max_iter=6, max_depth=3, random_state=1)
    holed = dict(at=holes, learnt=gaps, missing="pass")
    classify("sk_hist", HistGradientBoostingClassifier(**hist), wins, win, **holed)
    regress("sk_hist_number", HistGradientBoostingRegressor(**hist))
    regress("sk_forest_number", RandomForestRegressor(**forest))
    regress("sk_linear_number", make_pipeline(StandardScaler(), LinearRegression()))
    imputed = make_pipeline(SimpleImputer(), StandardScaler(), LinearRegression())
    regress("sk_imputed_number", imputed, **holed)
    mlp = MLPRegressor(hidden_layer_sizes=(8,), max_iter=200, random_state=1)
    regress("sk_mlp_number", make_pipeline(StandardScaler(), mlp))
    zipped(x, wins, some)


def zipped(x, wins, some):
    """Left with its ZipMap, as `convert_sklearn` does when not told otherwise."""
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(x, wins)
    kinds = [("x", FloatTensorType([None, x.shape[1]]))]
    proto = convert_sklearn(model, initial_types=kinds, target_opset={"": OPSET, "ai.onnx.ml": 3})
    blob = proto.SerializeToString()
    session = onnxruntime.InferenceSession(blob, providers=["CPUExecutionProvider"])
    y = np.array([[row[0], row[1]] for row in session.run(None, {"x": some})[1]])
    assert np.abs(y - model.predict_proba(some)).max() < 2e-5
    told = contract("sk_zipmap", FEATURES, "win", list(zip(some[:3], y[:3])))
    written("sk_zipmap", blob, told, some, y)


def boosts():
    import onnxmltools
    import xgboost
    from onnxmltools.convert.common.data_types import FloatTensorType as Floats

    width = len(FEATURES)
    x = rng.normal(size=(300, width)).astype(np.float32)
    wins = (x[:, 0] - x[:, 1] * x[:, 2] > 0).astype(int)
    some = rng.normal(size=(24, width)).astype(np.float32)
    settings = dict(n_estimators=6, max_depth=3, random_state=1, base_score=0.5)
    kinds = [("x", Floats([None, width]))]
    win = xgboost.XGBClassifier(**settings).fit(x, wins)
    proto = onnxmltools.convert_xgboost(win, initial_types=kinds, target_opset=15)
    keep("xgb_win", proto, "win", some, win.predict_proba(some), output="probabilities")
    number = xgboost.XGBRegressor(**settings).fit(x, x[:, 0] - x[:, 1] * x[:, 2])
    proto = onnxmltools.convert_xgboost(number, initial_types=kinds, target_opset=15)
    keep("xgb_number", proto, "number", some, number.predict(some), output="variable")


def lights():
    import lightgbm
    import onnxmltools
    from onnxmltools.convert.common.data_types import FloatTensorType as Floats

    width = len(FEATURES)
    x = rng.normal(size=(300, width)).astype(np.float32)
    score = x[:, 0] - x[:, 1] * x[:, 2]
    x[rng.random(x.shape) < 0.1] = np.nan
    some = rng.normal(size=(24, width)).astype(np.float32)
    some[rng.random(some.shape) < 0.2] = np.nan
    settings = dict(n_estimators=6, num_leaves=7, random_state=1, verbose=-1)
    to = dict(initial_types=[("x", Floats([None, width]))], target_opset=15)

    def classify(name, kind, y):
        model = lightgbm.LGBMClassifier(**settings).fit(x, y)
        proto = onnxmltools.convert_lightgbm(model, zipmap=False, **to)
        theirs = model.predict_proba(some)
        keep(name, proto, kind, some, theirs, output="probabilities", missing="pass")

    classify("lgb_win", "win", (score > 0).astype(int))
    classify("lgb_three", {"classes": {"count": 3}}, np.digitize(score, [-0.5, 0.5]))
    number = lightgbm.LGBMRegressor(**settings).fit(x, score)
    proto = onnxmltools.convert_lightgbm(number, **to)
    keep("lgb_number", proto, "number", some, number.predict(some), "variable", missing="pass")


OUT.mkdir(parents=True, exist_ok=True)
torches()
scikits()
boosts()
lights()
