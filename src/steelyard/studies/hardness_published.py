"""The numbers that arXiv 2504.07031 gives, as published: there are few.

The text of neither version was at hand, its abstracts and its published code were
(PawPuk/ClassHardnessImportance on GitHub, 59f1ee4 for version 1 and 0c77162 for version 2). No
table is quoted here.
"""

from __future__ import annotations

# Version 2, figure 1: recall of each class in %, lowest first, of 5 ResNet-18s on balanced data.
# Read by eye; which class a number is of is not told.
FIGURE_1 = (89.1, 92.2, 93.5, 95.9, 96.3, 96.6, 96.7, 96.9, 97.0, 97.8)
READ_WITHIN = 0.2  # points
# What the same figure shows at a glance; the ten recalls have the same within `READ_WITHIN`. Keys
# are those of our figures.
CIFAR10 = {"recall": 95.2, "recall/max_min": 8.8, "recall/top_bottom": 6.8}
CIFAR100 = {"recall": 78.0, "recall/max_min": 44.0}  # recalls from about 51 to 95.5

# Version 2, abstract: by how much recall gaps narrow at the most, in %.
LARGEST_CUTS = {"cifar10": 32.0, "cifar100": 16.0}
# Alphas that its code runs on CIFAR-10; those of version 1 are not in its code.
V2_ALPHAS = (1.0, 3.0, 5.0)

# Version 1, a list in its code: % of each class of CIFAR-10 that can be pruned safely. The less,
# the harder the class. In the order of the class codes.
SAFE_SHARES = {
    "airplane": 48.8,
    "automobile": 74.22,
    "bird": 29.08,
    "cat": 10.64,
    "deer": 45.8,
    "dog": 31.44,
    "frog": 54.92,
    "horse": 58.36,
    "ship": 67.28,
    "truck": 63.66,
}
HARDEST_FIRST = tuple(sorted(SAFE_SHARES, key=SAFE_SHARES.__getitem__))
