"""The slow, obvious way from a trace of logits to channels and scores: plain loops, one sample."""

import math
from types import MappingProxyType

import numpy as np

from steelyard.records.dynamics import CHANNELS, Dynamics


def softmax(logits):
    largest = max(logits)
    powers = [math.exp(logit - largest) for logit in logits]
    return [power / sum(powers) for power in powers]


def margin(logits, label):
    others = [logit for code, logit in enumerate(logits) if code != label]
    return logits[label] - max(others)


def loss(logits, label):
    largest = max(logits)
    return math.log(sum(math.exp(logit - largest) for logit in logits)) + largest - logits[label]


def error_norm(logits, label):
    total = 0.0
    for code, probability in enumerate(softmax(logits)):
        truth = 1.0 if code == label else 0.0
        total += (probability - truth) ** 2
    return math.sqrt(total)


def forgetting_events(right):
    events = 0
    remembered = False
    for now in right:
        if remembered and not now:
            events += 1
        remembered = now
    return events


def mean(values):
    return sum(values) / len(values)


def channels_of(trace, label):
    """The channels of one sample in one run; ``trace`` holds its K logits after each epoch."""
    right = [margin(logits, label) > 0 for logits in trace]
    return {
        "margin": mean([margin(logits, label) for logits in trace]),
        "probability": mean([softmax(logits)[label] for logits in trace]),
        "loss": mean([loss(logits, label) for logits in trace]),
        "error_norm": mean([error_norm(logits, label) for logits in trace]),
        "correct": mean(right),
        "forgetting": forgetting_events(right),
        "logit": mean([logits[label] for logits in trace]),
        "first_learned": right.index(True) if any(right) else len(trace),
    }


def scores_of(trace, label):
    """The scores of one sample in one run, straight from its logits."""
    right = [margin(logits, label) > 0 for logits in trace]
    return {
        "aum": -mean([margin(logits, label) for logits in trace]),
        "el2n": mean([error_norm(logits, label) for logits in trace]),
        "forgetting": forgetting_events(right) if any(right) else len(trace),
        "confidence": 1 - mean([softmax(logits)[label] for logits in trace]),
    }


def dynamics_of(logits, labels, ids, class_names):
    """Dynamics of logits of shape (runs, epochs, n, K)."""
    runs, epochs, n, _ = np.shape(logits)
    channels = {name: np.empty((runs, n)) for name in CHANNELS}
    for run in range(runs):
        for sample in range(n):
            trace = [list(logits[run][epoch][sample]) for epoch in range(epochs)]
            for name, value in channels_of(trace, labels[sample]).items():
                channels[name][run, sample] = value
    return Dynamics(
        ids, labels, tuple(class_names), MappingProxyType(channels), epochs, "hand-made"
    )


def scores_by_run(logits, labels):
    """Scores of logits of shape (runs, epochs, n, K): name to an array of shape (runs, n)."""
    runs, epochs, n, _ = np.shape(logits)
    by_name = {}
    for run in range(runs):
        for sample in range(n):
            trace = [list(logits[run][epoch][sample]) for epoch in range(epochs)]
            for name, value in scores_of(trace, labels[sample]).items():
                by_name.setdefault(name, np.empty((runs, n)))[run, sample] = value
    return by_name
