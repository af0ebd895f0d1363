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


def probability_margin(logits, label):
    probabilities = softmax(logits)
    others = [one for code, one in enumerate(probabilities) if code != label]
    return probabilities[label] - max(others)


def logsumexp(logits):
    largest = max(logits)
    return largest + math.log(sum(math.exp(logit - largest) for logit in logits))


def entropy(logits):
    return -sum(p * math.log(p) for p in softmax(logits) if p > 0)


def wrong_to_the_end(right):
    count = 0
    for now in reversed(right):
        if now:
            break
        count += 1
    return count / len(right)


def channels_of(trace, label, early_epoch=0):
    """The channels of one sample in one run; ``trace`` holds its K logits after each epoch.

    The last epoch stands for the trained model, the one before it for models that left the sample
    out, the whole trace for a second split, and the error norm for the gradient's.
    """
    right = [margin(logits, label) > 0 for logits in trace]
    probability = [softmax(logits)[label] for logits in trace]
    early = trace[min(early_epoch, len(trace) - 1)]
    last, left_out = trace[-1], trace[max(len(trace) - 2, 0)]
    return {
        "margin": mean([margin(logits, label) for logits in trace]),
        "probability": mean(probability),
        "loss": mean([loss(logits, label) for logits in trace]),
        "error_norm": mean([error_norm(logits, label) for logits in trace]),
        "correct": mean(right),
        "forgetting": forgetting_events(right),
        "logit": mean([logits[label] for logits in trace]),
        "first_learned": right.index(True) if any(right) else len(trace),
        "probability_margin": mean([probability_margin(logits, label) for logits in trace]),
        "aleatoric": mean([p * (1 - p) for p in probability]),
        "variability": math.sqrt(mean([(p - mean(probability)) ** 2 for p in probability])),
        "early_error_norm": error_norm(early, label),
        "final_margin": margin(last, label),
        "final_probability": softmax(last)[label],
        "final_max_probability": max(softmax(last)),
        "final_max_logit": max(last),
        "final_energy": -logsumexp(last),
        "final_entropy": entropy(last),
        "final_loss": loss(last, label),
        "gradient_norm": error_norm(early, label),
        "unlearned": wrong_to_the_end(right),
        "left_out_probability": softmax(left_out)[label],
        "left_out_margin": probability_margin(left_out, label),
    }


def scores_of(trace, label):
    """The scores of one sample in one run, straight from its logits."""
    right = [margin(logits, label) > 0 for logits in trace]
    probability = [softmax(logits)[label] for logits in trace]
    early, last, left_out = trace[0], trace[-1], trace[max(len(trace) - 2, 0)]
    return {
        "aum": -mean([margin(logits, label) for logits in trace]),
        "el2n": mean([error_norm(logits, label) for logits in trace]),
        "forgetting": forgetting_events(right) if any(right) else len(trace),
        "confidence": 1 - mean(probability),
        "aum_probability": -mean([probability_margin(logits, label) for logits in trace]),
        "el2n_early": error_norm(early, label),
        "forgetting_events": forgetting_events(right),
        "confidence_logit": -mean([logits[label] for logits in trace]),
        "loss": mean([loss(logits, label) for logits in trace]),
        "aleatoric": mean([p * (1 - p) for p in probability]),
        "variability": math.sqrt(mean([(p - mean(probability)) ** 2 for p in probability])),
        "first_learned": right.index(True) if any(right) else len(trace),
        "final_margin": -margin(last, label),
        "final_confidence": 1 - softmax(last)[label],
        "final_loss": loss(last, label),
        "final_max_probability": 1 - max(softmax(last)),
        "final_max_logit": -max(last),
        "final_energy": -logsumexp(last),
        "final_entropy": entropy(last),
        "grand": error_norm(early, label),
        "second_split_forgetting": wrong_to_the_end(right),
        "self_confidence": 1 - softmax(left_out)[label],
        "self_margin": -probability_margin(left_out, label),
    }


def scores_of_appearances(epochs, label):
    """Scores of one sample whose epochs hold the K logits of each time that it came."""
    right, margins, losses = [], [], []
    for came in epochs:
        times_right = 0
        for logits in came:
            if margin(logits, label) > 0:
                times_right += 1
        right.append(times_right > len(came) / 2)
        margins.append(mean([margin(logits, label) for logits in came]))
        losses.append(mean([loss(logits, label) for logits in came]))
    return {
        "forgetting": forgetting_events(right) if any(right) else len(epochs),
        "forgetting_events": forgetting_events(right),
        "first_learned": right.index(True) if any(right) else len(epochs),
        "aum": -mean(margins),
        "loss": mean(losses),
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
        ids, labels, tuple(class_names), MappingProxyType(channels), epochs, "hand-made", 0
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
