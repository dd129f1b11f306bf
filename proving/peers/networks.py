"""PyTorch and ncps on the reference shapes. Arguments: FOLDER STEPS THREADS.

A round is a shape's name, and `autocast` for bfloat16 where PyTorch takes it; the answer is
[samples a second, mean loss of the last tenth].
"""

import json
import sys
import time
from collections import Counter

import numpy as np
import torch
import torch.nn.functional as F
from ncps.torch import LTC
from ncps.wirings import AutoNCP, FullyConnected
from torch import nn

folder, steps, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
torch.set_num_threads(threads)
BATCH = 64


class Gru(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru, self.head = nn.GRU(10, 64, 2, batch_first=True), nn.Linear(64, 5)

    def forward(self, x):
        return self.head(self.gru(x.view(-1, 21, 10))[0][:, -1])


def mlp():
    return nn.Sequential(nn.Linear(240, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 3))


class Liquid(nn.Module):
    def __init__(self, wiring, motors):
        super().__init__()
        self.ltc, self.head = LTC(10, wiring, batch_first=True), nn.Linear(motors, 5)

    def forward(self, x):
        return self.head(self.ltc(x.view(-1, 32, 10))[0][:, -1])


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.front = nn.Linear(10, 64)
        self.cls = nn.Parameter(torch.randn(1, 1, 64) * 0.02)
        self.position = nn.Parameter(torch.randn(1, 22, 64) * 0.02)
        layer = nn.TransformerEncoderLayer(64, 4, 128, 0.0, "gelu", batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(64, 5)

    def forward(self, x):
        x = x.view(-1, 21, 10)
        x = torch.cat([self.cls.expand(x.shape[0], -1, -1), self.front(x)], 1) + self.position
        return self.head(self.encoder(x)[:, 0])


class Health(nn.Module):
    def __init__(self):
        super().__init__()
        wide = lambda *w: nn.Sequential(*[m for a, b in zip(w, w[1:]) for m in (nn.Linear(a, b), nn.GELU())][:-1])
        self.encoder, self.decoder = wide(32, 64, 32, 8), wide(8, 32, 64, 32)
        self.health, self.bucket, self.behaviour = nn.Linear(8, 1), nn.Linear(8, 3), nn.Linear(8, 3)

    def forward(self, x):
        z = self.encoder(x)
        return self.health(z), self.bucket(z), self.behaviour(z), self.decoder(z)


def health_loss(y, t):
    return (F.binary_cross_entropy_with_logits(y[0], t[:, :1]) + F.cross_entropy(y[1], t[:, 1].long())
            + F.cross_entropy(y[2], t[:, 2].long()) + F.mse_loss(y[3], t[:, 3:]))


class Lob(nn.Module):
    def __init__(self):
        super().__init__()
        bent = lambda: nn.LeakyReLU(0.01)
        along = lambda a, b, k: nn.Sequential(nn.Conv2d(a, b, (k, 1), padding="same"), bent())
        across = lambda a, k: nn.Sequential(nn.Conv2d(a, 16, (1, k), stride=(1, k)), bent())
        self.front = nn.Sequential(
            across(1, 2), along(16, 16, 4), along(16, 16, 4), across(16, 2), along(16, 16, 4),
            along(16, 16, 4), across(16, 10), along(16, 16, 4), along(16, 16, 4))
        self.three = nn.Sequential(along(16, 32, 1), along(32, 32, 3))
        self.five = nn.Sequential(along(16, 32, 1), along(32, 32, 5))
        self.pool = nn.Sequential(nn.MaxPool2d((3, 1), 1, (1, 0)), along(16, 32, 1))
        self.lstm = nn.LSTM(96, 64, batch_first=True)
        self.direction, self.spread, self.impact = nn.Linear(64, 3), nn.Linear(64, 3), nn.Linear(64, 1)

    def forward(self, x):
        x = self.front(x.view(-1, 1, 100, 40))
        x = torch.cat([self.three(x), self.five(x), self.pool(x)], 1).squeeze(3).transpose(1, 2)
        h = self.lstm(x)[0][:, -1]
        return self.direction(h), self.spread(h), self.impact(h)


def lob_loss(y, t):
    return (F.cross_entropy(y[0], t[:, 0].long()) + F.cross_entropy(y[1], t[:, 1].long())
            + F.huber_loss(y[2], t[:, 2:]))


def classes(y, t):
    return F.cross_entropy(y, t[:, 0].long())


SHAPES = {
    "gru": (Gru, classes), "mlp": (mlp, classes), "transformer": (Transformer, classes),
    "ltc_full": (lambda: Liquid(FullyConnected(32, 32), 32), classes),
    "ltc_ncp": (lambda: Liquid(AutoNCP(32, 5), 5), classes),
    "autoencoder": (Health, health_loss), "cnn_lstm": (Lob, lob_loss),
}


def read(name, kind):
    flat = np.fromfile(f"{folder}/{name}.{kind}.f32", dtype="<f4")
    return torch.from_numpy(flat.reshape(ROWS, -1).copy())


ROWS = 1024
asked = Counter()
print(f"ready PyTorch {torch.__version__.split('+')[0]}, ncps 1.0.1", flush=True)
for ask in sys.stdin:
    name, *how = ask.split()
    mixed = torch.autocast("cpu", torch.bfloat16, enabled="autocast" in how)
    build, loss_of = SHAPES[name]
    # Each round begins with weights of its own.
    asked[ask] += 1
    torch.manual_seed(asked[ask])
    x, target = read(name, "x"), read(name, "t")
    model = build()
    rule = torch.optim.Adam(model.parameters(), 1e-3)
    losses = []

    def step(at):
        begin = at * BATCH % ROWS
        with mixed:
            loss = loss_of(model(x[begin:begin + BATCH]), target[begin:begin + BATCH])
        rule.zero_grad()
        loss.backward()
        rule.step()
        losses.append(loss.detach())

    count = steps if name not in ("ltc_full", "ltc_ncp", "cnn_lstm") else max(steps // 8, 6)
    step(0)
    begun = time.perf_counter()
    for at in range(1, count):
        step(at)
    rate = (count - 1) * BATCH / (time.perf_counter() - begun)
    tail = [float(l) for l in losses[-max(count // 10, 1):]]
    print(json.dumps([rate, sum(tail) / len(tail)]), flush=True)
