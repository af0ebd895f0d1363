"""The slow, obvious way to nearest neighbours and what is made of them: plain loops."""

import math


def distance(one, other):
    return math.sqrt(math.fsum((float(a) - float(b)) ** 2 for a, b in zip(one, other, strict=True)))


def nearest(points, ids, row, k):
    """Rows of the k nearest others of one point; ties go by id."""
    others = [other for other in range(len(points)) if other != row]
    others.sort(key=lambda other: (distance(points[row], points[other]), ids[other]))
    return others[:k]


def share_of_others(points, ids, labels, k):
    """Of every sample, the share of its k nearest that carry another label."""
    shares = []
    for row in range(len(points)):
        found = nearest(points, ids, row, k)
        different = [other for other in found if labels[other] != labels[row]]
        shares.append(len(different) / len(found) if found else 0.0)
    return shares


def dimension(points):
    """TwoNN's maximum likelihood estimate for points that all differ."""
    total = 0.0
    for row in range(len(points)):
        first, second = nearest(points, list(range(len(points))), row, 2)
        ratio = distance(points[row], points[second]) / distance(points[row], points[first])
        total += math.log(ratio)
    return len(points) / total
