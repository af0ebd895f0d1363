"""One network alone, trained the way any textbook does it: modules, torch.optim, a plain loop."""

import copy
import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from steelyard._support.seeding import derive_seed
from steelyard.training.networks import NETWORKS
from steelyard.training.stack import Stack

ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh}


def norm(recipe, channels):
    if recipe.normalisation == "none":
        return nn.Identity()
    if recipe.normalisation == "group":
        return nn.GroupNorm(math.gcd(channels, 8), channels)
    return nn.BatchNorm2d(channels)


def convolution(recipe, channels, width, size=3, stride=1):
    bias = recipe.normalisation == "none"
    return nn.Conv2d(channels, width, size, stride, padding=size // 2, bias=bias)


class Perceptron(nn.Module):
    def __init__(self, recipe, shape, n_classes):
        super().__init__()
        widths = [math.prod(shape), *recipe.widths, n_classes]
        for depth, (narrow, wide) in enumerate(pairwise(widths)):
            self.add_module(f"layer{depth}", nn.Linear(narrow, wide))
        self.activation = ACTIVATIONS[recipe.activation]()

    def forward(self, x):
        *hidden, output = [one for name, one in self.named_children() if "layer" in name]
        x = x.flatten(1)
        for layer in hidden:
            x = self.activation(layer(x))
        return output(x)


class Block(nn.Module):
    """A convolution and what normalises it."""

    def __init__(self, recipe, channels, width, size=3, stride=1):
        super().__init__()
        self.convolution = convolution(recipe, channels, width, size, stride)
        self.norm = norm(recipe, width)

    def forward(self, x):
        return self.norm(self.convolution(x))


class Convolutional(nn.Module):
    def __init__(self, recipe, shape, n_classes):
        super().__init__()
        self.recipe = recipe
        channels = shape[0]
        for block, width in enumerate(recipe.widths):
            self.add_module(f"block{block}", Block(recipe, channels, width))
            channels = width
        self.output = nn.Linear(channels, n_classes)

    def forward(self, x):
        for block in range(len(self.recipe.widths)):
            x = ACTIVATIONS[self.recipe.activation]()(getattr(self, f"block{block}")(x))
            x = functional.max_pool2d(x, 2, ceil_mode=True)
        return self.output(x.mean(dim=(2, 3)))


class Residual(nn.Module):
    def __init__(self, recipe, shape, n_classes):
        super().__init__()
        self.activation = ACTIVATIONS[recipe.activation]()
        self.stem = Block(recipe, shape[0], recipe.widths[0])
        channels = recipe.widths[0]
        self.blocks = []
        for stage, width in enumerate(recipe.widths):
            for number in range(recipe.blocks):
                stride = 2 if stage > 0 and number == 0 else 1
                name = f"stage{stage}.block{number}"
                parts = nn.ModuleDict(
                    {
                        "first": Block(recipe, channels, width, stride=stride),
                        "second": Block(recipe, width, width),
                    }
                )
                if stride == 2 or channels != width:
                    parts["shortcut"] = Block(recipe, channels, width, size=1, stride=stride)
                self.add_module(name.replace(".", "_"), parts)
                self.blocks.append((name, parts))
                channels = width
        self.output = nn.Linear(channels, n_classes)

    def forward(self, x):
        x = self.activation(self.stem(x))
        for _, parts in self.blocks:
            inner = parts["second"](self.activation(parts["first"](x)))
            x = self.activation(inner + (parts["shortcut"](x) if "shortcut" in parts else x))
        return self.output(x.mean(dim=(2, 3)))


MODULES = {"mlp": Perceptron, "cnn": Convolutional, "resnet": Residual}


def named_blocks(network):
    """Yield (our name, module) of everything that holds parameters."""
    for name, module in network.named_modules():
        if isinstance(module, (Block, nn.Linear)):
            yield name.replace("_block", ".block"), module


def load(network, stack):
    """Copy the one member of a stack into a module."""
    weights = {**stack.weights, **stack.statistics}
    ours = {"weight", "bias", "scale", "shift", "mean", "variance"}
    with torch.no_grad():
        for name, module in named_blocks(network):
            linear = module.convolution if isinstance(module, Block) else module
            theirs = {"weight": linear.weight, "bias": linear.bias}
            if isinstance(module, Block) and not isinstance(module.norm, nn.Identity):
                theirs |= {"scale": module.norm.weight, "shift": module.norm.bias}
                if isinstance(module.norm, nn.BatchNorm2d):
                    theirs["mean"] = module.norm.running_mean
                    theirs["variance"] = module.norm.running_var
            for part in ours:
                value = weights.pop(f"{name}.{part}", None)
                if value is not None:
                    theirs[part].copy_(value[0])
    assert not weights, f"the module has no {sorted(weights)}"
    return network


def optimiser_of(recipe, parameters):
    if recipe.optimiser == "sgd":
        return torch.optim.SGD(
            parameters,
            lr=recipe.learning_rate,
            momentum=recipe.momentum,
            nesterov=recipe.nesterov,
            weight_decay=recipe.weight_decay,
        )
    kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[recipe.optimiser]
    return kind(
        parameters, lr=recipe.learning_rate, weight_decay=recipe.weight_decay, foreach=False
    )


def schedule_of(recipe, optimiser, n_steps):
    schedules = torch.optim.lr_scheduler
    if recipe.schedule == "cosine":
        return schedules.CosineAnnealingLR(optimiser, n_steps)
    if recipe.schedule == "step":
        milestones = [round(share * n_steps) for share in recipe.milestones]
        return schedules.MultiStepLR(optimiser, milestones, recipe.step_factor)
    if recipe.schedule == "one-cycle":
        return schedules.OneCycleLR(
            optimiser, recipe.learning_rate, total_steps=n_steps, cycle_momentum=False
        )
    return schedules.ConstantLR(optimiser, factor=1.0)


@dataclass
class Alone:
    losses: list
    logits: np.ndarray  # of the last held-out part, canonical order
    seen: dict  # row -> list over epochs of its logits before the step
    network: nn.Module


def pixels(prepared, X):
    """The standardised inputs, by the definition."""
    if X.dtype != np.uint8:
        return torch.from_numpy(X)
    train = prepared.X.astype(np.float64)
    mean = train.mean(axis=(0, 2, 3), keepdims=True)
    deviation = np.maximum(train.std(axis=(0, 2, 3), keepdims=True), 1.0)
    return torch.from_numpy(((X - mean) / deviation).astype(np.float32))


def augmented(prepared, row, recipe, luck):
    """One standardised image as it is trained on: mirrored, padded, cut out, by slices."""
    flip, top, left = luck
    image = prepared.X[row].astype(np.float64)
    mean, deviation = (np.asarray(one)[:, None, None] for one in prepared.channel_moments)
    fills_after = recipe.crop_fill == "mean"
    if fills_after:
        image = (image - mean) / deviation
    if "flip" in recipe.augmentation and flip < 0.5:
        image = image[:, :, ::-1]
    if "crop" in recipe.augmentation:
        p, (_, height, width) = recipe.crop_padding, image.shape
        image = np.pad(image, ((0, 0), (p, p), (p, p)))
        top, left = math.floor(top * (2 * p + 1)), math.floor(left * (2 * p + 1))
        image = image[:, top : top + height, left : left + width]
    if not fills_after:
        image = (image - mean) / deviation
    return torch.from_numpy(image.astype(np.float32))


def train_alone(prepared, member, seed=0, order="own"):
    """Train one member by itself."""
    recipe, n = member.recipe, len(prepared.y)
    X, y = pixels(prepared, prepared.X), torch.from_numpy(prepared.y)
    shape = tuple(X.shape[1:]) if recipe.model != "mlp" else (X[0].numel(),)
    K = prepared.data.n_classes
    weights_seed = derive_seed(seed, purpose="weights", repetition=member.repetition)
    shapes = NETWORKS[recipe.model].shapes(recipe, shape, K)
    start = Stack.initial(recipe, shapes, [weights_seed], torch.device("cpu"))
    network = load(MODULES[recipe.model](recipe, shape, K), start)

    draws = prepared.draws(member.plan)
    shared = order == "shared" or recipe.batch_size is None
    sample_weights = torch.ones(n)
    if shared:
        sample_weights = torch.from_numpy(np.bincount(draws, minlength=n) * n / len(draws)).float()
    if recipe.class_weighting:
        # every draw's weight is n_c^(-a), over the mean of that over the draws
        own = np.bincount(prepared.y[prepared.draws(member.plan)])[prepared.y]
        raw = own.astype(float) ** -recipe.class_weighting
        mean = np.mean(raw[prepared.draws(member.plan)])
        sample_weights = sample_weights * torch.from_numpy(raw / mean).float()
    if shared:
        draws = np.arange(n)
    axes = {} if shared else {"repetition": member.repetition}
    batch_size = recipe.batch_size or n
    n_steps = recipe.epochs * math.ceil(len(draws) / batch_size)
    optimiser = optimiser_of(recipe, network.parameters())
    schedule = schedule_of(recipe, optimiser, n_steps)
    losses, seen = [], {row: [] for row in range(n)}
    best, best_loss, waited = None, math.inf, 0
    for epoch in range(recipe.epochs):
        network.train()
        generator = torch.Generator().manual_seed(
            derive_seed(seed, purpose="order", epoch=epoch, **axes)
        )
        luck = torch.rand(
            3,
            len(draws),
            generator=torch.Generator().manual_seed(
                derive_seed(seed, purpose="augmentation", epoch=epoch, **axes)
            ),
        ).T.tolist()
        mixed = torch.from_numpy(draws)
        if recipe.batch_size is not None:
            mixed = mixed[torch.randperm(len(draws), generator=generator)]
        total = 0.0
        for rows in mixed.split(batch_size):
            x = X[rows]
            if recipe.augmentation:
                own, luck = luck[: len(rows)], luck[len(rows) :]
                each = zip(rows.tolist(), own, strict=True)
                x = torch.stack([augmented(prepared, row, recipe, mine) for row, mine in each])
            logits = network(x)
            each = functional.cross_entropy(
                logits, y[rows], reduction="none", label_smoothing=recipe.smoothing
            )
            loss = (each * sample_weights[rows]).mean()
            optimiser.zero_grad()
            loss.backward()
            if recipe.max_gradient_norm is not None:
                nn.utils.clip_grad_norm_(network.parameters(), recipe.max_gradient_norm)
            optimiser.step()
            schedule.step()
            total += loss.item() * len(rows)
            for row, z in zip(rows.tolist(), logits.detach().double().numpy(), strict=True):
                seen[row].append(z)
        losses.append(total / len(draws))
        if recipe.patience is not None:
            (number,) = [
                k for k, part in enumerate(prepared.held_out) if part.split[0] == "validation"
            ]
            network.eval()
            with torch.no_grad():
                z = network(pixels(prepared, prepared.X_held_out[number]))
                judged = functional.cross_entropy(z, torch.from_numpy(prepared.y_held_out[number]))
            if judged.item() < best_loss:
                best, best_loss, waited = copy.deepcopy(network), judged.item(), 0
            else:
                waited += 1
            if waited >= recipe.patience:
                break
    network = best or network
    network.eval()
    with torch.no_grad():
        logits = network(pixels(prepared, prepared.X_held_out[-1])).double().numpy()
    return Alone(losses, logits, seen, network)
