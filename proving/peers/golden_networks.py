"""Values and gradients of layers and losses by PyTorch and ncps, for the tests of `nets`.

    python golden_networks.py FOLDER

Each file has the weights under our names and shapes (`w.NAME`), the input `x`, the gradient by the
output `dy`, the output `y`, and the gradients `dx` and `g.NAME`. All in float64.
"""

import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from ncps.torch.cfc_cell import CfCCell
from ncps.torch.ltc_cell import LTCCell
from ncps.torch.wired_cfc_cell import WiredCfCCell
from ncps.wirings import AutoNCP, FullyConnected
from safetensors.numpy import save_file
from torch import nn

torch.set_default_dtype(torch.float64)
# What `nets::layer::Gaussian` draws for three rows of four with `draws: 11`; the test holds that.
NOISE = [
    1.1047800737944227, 0.8546818105324206, 1.9435099367532127, 0.5761446204600346,
    -1.2624243935371195, 0.5630781966450695, -1.3250172203804076, -0.5265270025436012,
    0.2528528890195548, -0.2691574856591782, 0.7866774008400421, -0.3009263879371665,
]
OUT = Path(sys.argv[1])


def turned(p):
    return p.T


def same(p):
    return p


def write(name, tensors):
    arrays = {k: np.ascontiguousarray(v.detach().numpy()) for k, v in tensors.items()}
    save_file(arrays, OUT / f"{name}.safetensors")


def case(name, run, x, weights, more=()):
    """`weights` maps our name to (parameters, map): maps applied to each, then joined."""
    x = x.clone().requires_grad_(x.is_floating_point())
    y = run(x)
    torch.manual_seed(len(name))
    dy = torch.randn_like(y)
    y.backward(dy)
    tensors = {"x": x.double(), "y": y, "dy": dy, **dict(more)}
    if x.grad is not None:
        tensors["dx"] = x.grad
    for ours, (parameters, change) in weights.items():
        values = [change(p) for p in parameters]
        grads = [change(p.grad if p.grad is not None else torch.zeros_like(p)) for p in parameters]
        tensors[f"w.{ours}"] = torch.cat(values, dim=-1)
        tensors[f"g.{ours}"] = torch.cat(grads, dim=-1)
    write(name, tensors)


def linear(m, prefix=""):
    return {f"{prefix}weight": ([m.weight], turned), f"{prefix}bias": ([m.bias], same)}


def layers():
    m = nn.Linear(5, 9)
    case("linear", m, torch.randn(4, 5), linear(m))
    for name, f in {
        "relu": F.relu, "gelu": F.gelu, "tanh": torch.tanh, "sigmoid": torch.sigmoid, "silu": F.silu,
        "leaky_relu": lambda x: F.leaky_relu(x, 0.1), "softmax": lambda x: F.softmax(x, 1),
    }.items():
        case(name, f, torch.randn(4, 7) * 2, {})
    m = nn.LayerNorm(11)
    nn.init.normal_(m.weight), nn.init.normal_(m.bias)
    case("norm", m, torch.randn(4, 11) * 3, {"gain": ([m.weight], same), "bias": ([m.bias], same)})
    m = nn.Embedding(6, 3)
    case("embedding", lambda x: m(x).reshape(4, 6), torch.randint(0, 6, (4, 2)),
         {"table": ([m.weight], same)})
    m = nn.GRU(3, 5)
    case("gru", lambda x: m(x)[0], torch.randn(4, 2, 3), {
        "input": ([m.weight_ih_l0], turned), "hidden": ([m.weight_hh_l0], turned),
        "input_bias": ([m.bias_ih_l0], same), "hidden_bias": ([m.bias_hh_l0], same)})
    m = nn.LSTM(3, 5)
    with torch.no_grad():
        m.bias_hh_l0.zero_()
    case("lstm", lambda x: m(x)[0], torch.randn(4, 2, 3), {
        "input": ([m.weight_ih_l0], turned), "hidden": ([m.weight_hh_l0], turned),
        "bias": ([m.bias_ih_l0], same)})
    m = nn.MultiheadAttention(6, 2, batch_first=True)
    nn.init.normal_(m.in_proj_bias), nn.init.normal_(m.out_proj.bias)
    weights = {"input": ([m.in_proj_weight], turned), "input_bias": ([m.in_proj_bias], same),
               "output": ([m.out_proj.weight], turned), "output_bias": ([m.out_proj.bias], same)}
    case("attention", lambda x: m(x, x, x)[0], torch.randn(3, 4, 6), weights)
    m.zero_grad()
    mask = nn.Transformer.generate_square_subsequent_mask(4)
    case("attention_causal", lambda x: m(x, x, x, attn_mask=mask)[0], torch.randn(3, 4, 6), weights)

    def conv(name, m, shape, pad):
        """Channels last on both sides; the kernel as (height, width, channels) × outputs."""
        run = lambda x: m(F.pad(x.permute(0, 3, 1, 2), pad)).permute(0, 2, 3, 1)
        case(name, run, torch.randn(2, *shape),
             {"weight": ([m.weight], lambda p: p.permute(2, 3, 1, 0).reshape(-1, p.shape[0])),
              "bias": ([m.bias], same)})
    conv("conv_1d_causal", nn.Conv2d(2, 3, (3, 1)), (7, 1, 2), (0, 0, 2, 0))
    conv("conv_2d_same_tiled", nn.Conv2d(2, 3, (3, 2), stride=(1, 2)), (4, 6, 2), (0, 0, 1, 1))
    conv("conv_2d_valid", nn.Conv2d(2, 3, (4, 2)), (5, 3, 2), (0, 0, 0, 0))
    pool = nn.MaxPool2d((3, 1), stride=1, padding=(1, 0))
    case("max_pool", lambda x: pool(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1),
         torch.randn(2, 5, 1, 2), {})

    w, b, q = nn.Linear(5, 5), None, nn.Linear(5, 1, bias=False)

    def pooling(x):
        a = torch.softmax(q(torch.tanh(w(x))), dim=0)
        return (a * x).sum(0)
    case("pooling", pooling, torch.randn(4, 3, 5), {**linear(w), "query": ([q.weight], turned)})


def kan():
    """The splines by their definition: Cox and de Boor over explicit knots."""
    inputs, outputs, intervals, degree = 3, 4, 5, 3
    step = 2.0 / intervals
    knots = torch.arange(-degree, intervals + degree + 1) * step - 1.0
    base = nn.Parameter(torch.randn(inputs, outputs))
    spline = nn.Parameter(torch.randn(inputs * (intervals + degree), outputs))

    def run(x):
        z = x.unsqueeze(-1)
        b = ((z >= knots[:-1]) & (z < knots[1:])).double()
        for k in range(1, degree + 1):
            left = (z - knots[:-(k + 1)]) / (knots[k:-1] - knots[:-(k + 1)]) * b[..., :-1]
            right = (knots[k + 1:] - z) / (knots[k + 1:] - knots[1:-k]) * b[..., 1:]
            b = left + right
        return F.silu(x) @ base + b.reshape(x.shape[0], -1) @ spline
    case("kan", run, torch.randn(6, inputs), {"base": ([base], same), "spline": ([spline], same)})


def wired(wiring):
    """Synapses as pairs of source and target, in the order of their weights."""
    matrices = {"sensory": wiring.sensory_adjacency_matrix, "inner": wiring.adjacency_matrix}
    return {f"wiring.{k}": torch.tensor(np.argwhere(m != 0)).double() for k, m in matrices.items()}


def liquid():
    def ltc(name, wiring, inputs, steps, units, outputs):
        wiring.build(inputs)
        cell = LTCCell(wiring, implicit_param_constraints=True, input_mapping=None,
                       output_mapping=None).double()
        at_s = np.argwhere(wiring.sensory_adjacency_matrix != 0)
        at_i = np.argwhere(wiring.adjacency_matrix != 0)

        def run(x):
            v, ys = torch.zeros(x.shape[1], units), []
            for step in x:
                y, v = cell(step, v)
                ys.append(y)
            return torch.stack(ys)
        pick_s = lambda p: p[at_s[:, 0], at_s[:, 1]]
        pick_i = lambda p: p[at_i[:, 0], at_i[:, 1]]
        weights = {"leak": ([cell.gleak], same), "rest": ([cell.vleak], same),
                   "capacity": ([cell.cm], same)}
        for ours, theirs in {"weight": "w", "sigma": "sigma", "mu": "mu", "reversal": "erev"}.items():
            weights[ours] = ([getattr(cell, theirs)], pick_i)
            weights[f"sensory_{ours}"] = ([getattr(cell, f"sensory_{theirs}")], pick_s)
        case(name, run, torch.randn(steps, 2, inputs), weights, wired(wiring))

    ltc("ltc_full", FullyConnected(4, 2), 3, 3, 4, 2)
    ltc("ltc_ncp", AutoNCP(12, 2), 3, 3, 12, 2)

    def cells(m, steps_first):
        def run(x):
            h, ys = torch.zeros(x.shape[1], m.hidden_size), []
            for step in x:
                y, h = m(step, h, 0.7)
                ys.append(y)
            return torch.stack(ys)
        return run

    m = CfCCell(4, 3, backbone_units=7).double()
    b = m.backbone[0]
    mixed = [m.ff1, m.ff2, m.time_a, m.time_b]
    case("cfc_backbone", cells(m, True), torch.randn(3, 2, 4), {
        "input": ([b.weight], lambda p: p.T[:4]), "hidden": ([b.weight], lambda p: p.T[4:]),
        "bias": ([b.bias], same), "mix": ([l.weight for l in mixed], turned),
        "mix_bias": ([l.bias for l in mixed], same)})
    m = CfCCell(4, 3, backbone_layers=0).double()
    mixed = [m.ff1, m.ff2, m.time_a, m.time_b]
    case("cfc", cells(m, True), torch.randn(3, 2, 4), {
        "input": ([l.weight for l in mixed], lambda p: p.T[:4]),
        "hidden": ([l.weight for l in mixed], lambda p: p.T[4:]),
        "bias": ([l.bias for l in mixed], same)})

    wiring = AutoNCP(12, 2)
    m = WiredCfCCell(3, wiring).double()
    order = [list(wiring.get_neurons_of_layer(i)) for i in range(3)]

    def run(x):
        h, ys = torch.zeros(x.shape[1], 12), []
        for step in x:
            y, h = m(step, h, 1.0)
            ys.append(y)
        return torch.stack(ys)
    weights, before = {}, 3
    for at, cell in enumerate(m._layers):
        mixed = [cell.ff1, cell.ff2, cell.time_a, cell.time_b]
        cut = before
        weights[f"{at}.input"] = ([l.weight for l in mixed], lambda p, c=cut: p.T[:c])
        weights[f"{at}.hidden"] = ([l.weight for l in mixed], lambda p, c=cut: p.T[c:])
        weights[f"{at}.bias"] = ([l.bias for l in mixed], same)
        before = len(order[at])
    case("cfc_ncp", run, torch.randn(3, 2, 3), weights, wired(wiring))


def sines(steps, width):
    """The table of PyTorch's tutorial on Transformers."""
    at = torch.arange(steps).unsqueeze(1).double()
    pace = torch.exp(torch.arange(0, width, 2).double() * (-np.log(10_000.0) / width))
    table = torch.zeros(steps, width)
    table[:, 0::2], table[:, 1::2] = torch.sin(at * pace), torch.cos(at * pace)
    return table


def tokens():
    def put(position, cls=None):
        def run(x):
            if cls is not None:
                x = torch.cat([cls.expand(x.shape[0], 1, -1), x], dim=1)
            return x + position
        return run
    cls, position = nn.Parameter(torch.randn(6)), nn.Parameter(torch.randn(4, 6))
    case("tokens_learned", put(position, cls), torch.randn(2, 3, 6),
         {"class": ([cls], same), "position": ([position], same)})
    cls = nn.Parameter(torch.randn(6))
    case("tokens_sines", put(sines(4, 6), cls), torch.randn(2, 3, 6), {"class": ([cls], same)})
    case("tokens_without_class", put(sines(3, 6)), torch.randn(2, 3, 6), {})


def gaussian():
    """`y = mean + e^(log / 2) noise`; the noise is what the layer draws for `draws: 11`."""
    noise = torch.tensor(NOISE).reshape(3, 4)

    def run(x):
        mean, log = x.chunk(2, 1)
        return mean + (log / 2).exp() * noise
    case("gaussian", run, torch.randn(3, 8), {}, {"noise": noise})


def deep_lob():
    """All of it, the inception among it: 6 books of 2 levels."""
    steps, levels, filters, branch, units = 6, 2, 3, 4, 5
    weights = {}

    def conv(name, inputs, outputs, kernel, stride=(1, 1)):
        m = nn.Conv2d(inputs, outputs, kernel, stride=stride)
        weights[f"{name}.weight"] = ([m.weight],
                                     lambda p: p.permute(2, 3, 1, 0).reshape(-1, p.shape[0]))
        weights[f"{name}.bias"] = ([m.bias], same)
        # As many steps as before: PyTorch's padding="same" puts the odd one behind.
        before = (kernel[0] - 1) // 2
        pad = (0, 0, before, kernel[0] - 1 - before)
        return lambda x: F.leaky_relu(m(F.pad(x, pad)), 0.01)

    trunk, channels = [], 1
    for at, kernel in enumerate([2, 2, levels]):
        trunk.append(conv(f"block.{at}.across", channels, filters, (1, kernel), (1, kernel)))
        trunk += [conv(f"block.{at}.along.{k}", filters, filters, (4, 1)) for k in (0, 1)]
        channels = filters
    look = lambda name, kernel, inputs: conv(f"inception.{name}", inputs, branch, (kernel, 1))
    three = [look("three.0", 1, filters), look("three.1", 3, branch)]
    five = [look("five.0", 1, filters), look("five.1", 5, branch)]
    pool = [nn.MaxPool2d((3, 1), stride=1, padding=(1, 0)), look("pool", 1, filters)]
    lstm = nn.LSTM(3 * branch, units, batch_first=True)
    with torch.no_grad():
        lstm.bias_hh_l0.zero_()
    weights |= {"lstm.input": ([lstm.weight_ih_l0], turned),
                "lstm.hidden": ([lstm.weight_hh_l0], turned),
                "lstm.bias": ([lstm.bias_ih_l0], same)}
    heads = {"direction": nn.Linear(units, 3), "spread": nn.Linear(units, 3),
             "impact": nn.Linear(units, 1)}
    for name, head in heads.items():
        weights |= linear(head, f"{name}.")

    def through(layers, x):
        for layer in layers:
            x = layer(x)
        return x

    def run(x):
        x = through(trunk, x.unsqueeze(1))
        x = torch.cat([through(layers, x) for layers in (three, five, pool)], dim=1)
        x = lstm(x.squeeze(3).transpose(1, 2))[0][:, -1]
        return torch.cat([head(x) for head in heads.values()], dim=1)
    case("deep_lob", run, torch.randn(3, steps, 4 * levels), weights)


def regime_transformer():
    """Of nn.TransformerEncoderLayer, with the sines it has unless told otherwise."""
    steps, inputs, width, forward, classes = 4, 3, 6, 5, 3
    front, head = nn.Linear(inputs, width), nn.Linear(width, classes)
    cls = nn.Parameter(torch.randn(width))
    weights = {**linear(front, "front."), "tokens.class": ([cls], same)}
    blocks = []
    for at in range(2):
        m = nn.TransformerEncoderLayer(width, 2, forward, 0.0, "gelu", batch_first=True)
        nn.init.normal_(m.self_attn.in_proj_bias), nn.init.normal_(m.self_attn.out_proj.bias)
        for norm in (m.norm1, m.norm2):
            nn.init.normal_(norm.weight), nn.init.normal_(norm.bias)
        blocks.append(m)
        mine = f"block.{at}."
        weights |= {
            mine + "attention.input": ([m.self_attn.in_proj_weight], turned),
            mine + "attention.input_bias": ([m.self_attn.in_proj_bias], same),
            mine + "attention.output": ([m.self_attn.out_proj.weight], turned),
            mine + "attention.output_bias": ([m.self_attn.out_proj.bias], same),
            **linear(m.linear1, mine + "up."), **linear(m.linear2, mine + "down."),
        }
        for number, norm in enumerate((m.norm1, m.norm2)):
            weights[f"{mine}norm.{number}.gain"] = ([norm.weight], same)
            weights[f"{mine}norm.{number}.bias"] = ([norm.bias], same)
    weights |= linear(head, "head.")

    def run(x):
        x = torch.cat([cls.expand(x.shape[0], 1, -1), front(x)], dim=1) + sines(steps + 1, width)
        for block in blocks:
            x = block(x)
        return head(x[:, 0])
    case("regime_transformer", run, torch.randn(3, steps, inputs), weights)


def loss(name, run, y, target):
    y = y.clone().requires_grad_(True)
    found = run(y, target)
    found.backward()
    write(f"loss_{name}", {"y": y, "target": target.double(), "loss": found.reshape(1), "dy": y.grad})


def losses():
    classes = torch.tensor([0, 2, 1, 2])
    y = torch.randn(4, 3) * 2
    weights = torch.tensor([1.0, 0.5, 2.0])
    n = 4
    loss("cross_entropy", lambda y, t: F.cross_entropy(y, t), y, classes)
    loss("cross_entropy_smooth", lambda y, t: F.cross_entropy(
        y, t, weight=weights, label_smoothing=0.1, reduction="sum") / n, y, classes)

    def focal(y, t):
        log = F.log_softmax(y, 1).gather(1, t[:, None])[:, 0]
        return -(weights[t] * (1 - log.exp()) ** 2 * log).mean()
    loss("focal", focal, y, classes)
    t = torch.randn(4, 2)
    y = torch.randn(4, 2) * 2
    loss("squared", F.mse_loss, y, t)
    loss("huber", lambda y, t: F.huber_loss(y, t, delta=0.7), y, t)
    loss("bce", lambda y, t: F.binary_cross_entropy_with_logits(
        y, t, pos_weight=torch.tensor(2.5)), y, torch.rand(4, 2))
    q = torch.tensor([0.1, 0.5, 0.9])

    def pinball(y, t):
        e = t - y
        return torch.maximum(q * e, (q - 1) * e).mean()
    loss("quantile", pinball, torch.randn(4, 3), torch.randn(4, 1))

    def kl(y, t):
        mean, log = y.chunk(2, 1)
        return 0.5 * (mean ** 2 + log.exp() - 1 - log).sum(1).mean()
    loss("gaussian_kl", kl, torch.randn(4, 6), torch.zeros(4, 1))
    ranks = torch.tensor([[2.0, 0], [0, 0], [1, 0], [0, 1], [1, 1], [3, 1]])

    def pairwise(y, t):
        total = 0.0
        for group in (slice(0, 3), slice(3, 6)):
            s, r = y[group, 0], t[group, 0]
            pairs = [(i, j) for i in range(3) for j in range(3) if r[i] > r[j]]
            total = total + 3 * sum(F.softplus(-(s[i] - s[j])) for i, j in pairs) / len(pairs)
        return total / 6

    def listwise(y, t):
        total = 0.0
        for group in (slice(0, 3), slice(3, 6)):
            total = total - 3 * (F.softmax(t[group, 0], 0) * F.log_softmax(y[group, 0], 0)).sum()
        return total / 6
    loss("pairwise", pairwise, torch.randn(6, 1), ranks)
    loss("listwise", listwise, torch.randn(6, 1), ranks)


def descent():
    """Ten steps of each optimiser on the same gradients."""
    start, grads = torch.randn(5), torch.randn(10, 5)
    rules = {
        "adam": lambda p: torch.optim.Adam(p, 0.01, weight_decay=0.1),
        "adam_w": lambda p: torch.optim.AdamW(p, 0.01, weight_decay=0.1),
        "sgd": lambda p: torch.optim.SGD(p, 0.01, momentum=0.9, weight_decay=0.1),
    }
    for name, rule in rules.items():
        p = nn.Parameter(start.clone())
        o = rule([p])
        for g in grads:
            p.grad = g.clone()
            o.step()
        write(f"descent_{name}", {"start": start, "grads": grads, "end": p})


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(7)
    layers()
    kan()
    liquid()
    losses()
    descent()
    tokens()
    gaussian()
    deep_lob()
    regime_transformer()
