"""Selection and coverage again, slow and obvious: one class, one sample, one draw at a time."""

import math

import numpy as np

from steelyard._support.seeding import generator, uniform_by_id


def select(ids, labels, totals, under, over, values, strength, least_weight, seed):
    """Return how often each sample is used; values may be None for "none" and "random"."""
    draw = dict(zip(ids.tolist(), uniform_by_id(ids, seed, purpose="plan").tolist(), strict=True))
    hard = {} if values is None else dict(zip(ids.tolist(), values.tolist(), strict=True))
    uses = dict.fromkeys(ids.tolist(), 0)
    for code, total in enumerate(totals):
        members = [one for one, label in zip(ids.tolist(), labels, strict=True) if label == code]
        if total < len(members):
            if under == "none":
                total = len(members)
            keys = {
                "none": lambda one: draw[one],
                "random": lambda one: draw[one],
                "easiest": lambda one: (-hard[one], draw[one]),  # the hardest stay
                "hardest": lambda one: (hard[one], draw[one]),
            }
            for one in sorted(members, key=keys[under])[:total]:
                uses[one] = 1
        elif over in ("none", "random"):
            total = len(members) if over == "none" else total
            queue = sorted(members, key=lambda one: draw[one])
            for number in range(total):
                uses[queue[number % len(queue)]] += 1
        else:
            sign = 1 if over == "easy" else -1
            queue = sorted(members, key=lambda one: (sign * hard[one], draw[one]))
            weights = [
                weight(place, len(queue), strength, least_weight) for place in range(len(queue))
            ]
            for one in members:
                uses[one] = 1
            if total > len(members):
                known_by = min(draw[one] for one in members)
                chance = generator(seed, purpose="plan: repeats", known_by=known_by)
                for u in chance.random(total - len(members)).tolist():
                    reached, place = weights[0], 0
                    while reached <= u * sum(weights) and place < len(queue) - 1:
                        place += 1
                        reached += weights[place]
                    uses[queue[place]] += 1
    return np.array([uses[one] for one in ids.tolist()])


def weight(place, n, strength, least_weight):
    """Return the published weight of a rank; strength 5 and least weight 0.5 are the published."""
    t = place / (n - 1) if n > 1 else 0.0
    falling = (
        1 - t if strength == 0 else (1 - math.exp(-strength * (1 - t))) / (1 - math.exp(-strength))
    )
    return least_weight + (1 - least_weight) * falling


def covered(ids, values, keep, cut, n_strata, seed):
    """Return the ids that coverage-centric selection keeps, as a set."""
    tie = dict(zip(ids.tolist(), uniform_by_id(ids, seed, purpose="plan").tolist(), strict=True))
    draws = uniform_by_id(ids, seed, purpose="coverage").tolist()
    draw = dict(zip(ids.tolist(), draws, strict=True))
    hard = dict(zip(ids.tolist(), values.tolist(), strict=True))
    rest = sorted(ids.tolist(), key=lambda one: (hard[one], tie[one]))[: len(ids) - cut]
    low, high = hard[rest[0]], hard[rest[-1]]
    strata = [[] for _ in range(n_strata)]
    for one in rest:
        share = (hard[one] - low) / (high - low) if high > low else 0.0
        strata[min(int(share * n_strata), n_strata - 1)].append(one)
    kept = set()
    while strata:
        smallest = min(strata, key=len)  # the first of equal ones
        budget = min(len(smallest), (keep - len(kept)) // len(strata))
        kept |= set(sorted(smallest, key=lambda one: draw[one])[:budget])
        strata.remove(smallest)
    return kept
