"""The numbers that the figures of arXiv 2409.14401 show, as published.

Read off the vector figures that the authors published with their code (PawPuk/CurvAutoAugment on
GitHub, 2ce0eb6), exact to about .01. "Max logit" is what the paper calls confidence. A table is
text, a row a line: its name first, then its numbers.
"""

from __future__ import annotations

Rows = dict[str, tuple[float, ...]]


def _rows(table: str) -> Rows:
    lines = [line.split() for line in table.strip().splitlines()]
    return {name: tuple(map(float, numbers)) for name, *numbers in lines}


# What the columns of the three tables that follow are of: the identifier, and the part that judges.
CELLS = (
    ("straggler", "hard"), ("straggler", "easy"), ("max-logit", "hard"), ("max-logit", "easy"),
    ("energy", "hard"), ("energy", "easy"),
)  # fmt: skip

# Figure 5, MNIST: accuracy in %, mean and standard deviation. The text speaks of 20,000 samples;
# the numbers differ from figure 7 and fit what the text says of all 70,000.
FIGURE_5 = _rows("""
keep-hard=0     16.19 1.75   97.09 0.20   40.25 1.95   95.51 0.19   43.59 1.69   95.36 0.23
keep-hard=0.25  17.95 1.77   97.28 0.24   43.79 1.98   95.65 0.19   46.28 2.25   95.48 0.21
keep-hard=0.5   20.00 1.67   97.45 0.25   45.30 2.04   95.70 0.17   48.52 1.72   95.55 0.20
keep-hard=0.75  21.36 1.96   97.57 0.20   47.14 1.99   95.80 0.25   51.12 1.65   95.56 0.21
keep-hard=1     23.53 1.87   97.71 0.20   49.88 1.95   95.86 0.20   53.36 2.41   95.59 0.20
keep-easy=0     52.26 3.17   56.49 4.05   61.56 3.30   75.32 4.54   62.70 3.06   74.66 3.54
keep-easy=0.25  37.38 2.48   96.85 0.94   58.00 1.98   95.46 0.29   60.36 2.08   95.24 0.29
keep-easy=0.5   29.54 2.60   97.57 0.19   53.73 1.82   95.78 0.25   57.06 2.65   95.60 0.25
keep-easy=0.75  25.37 1.85   97.61 0.19   51.61 2.21   95.76 0.23   53.77 2.09   95.58 0.25
keep-easy=1     22.94 1.66   97.68 0.24   50.05 2.42   95.87 0.20   52.26 2.10   95.66 0.17
""")

# Figure 7, MNIST, 20,000 samples: accuracy in %, mean and standard deviation of 75 networks (three
# train:test ratios pooled, 5 hard sets and 5 initialisations each).
FIGURE_7 = _rows("""
keep-easy=0     44.41 5.74   47.11 4.34   48.68 4.57   64.71 5.04   52.38 4.32   64.91 5.89
keep-easy=0.05  41.83 4.94   85.99 2.32   49.36 4.16   88.83 1.96   53.10 4.00   88.90 1.97
keep-easy=0.1   39.14 5.26   91.01 1.57   48.75 3.33   91.79 1.22   51.82 3.08   91.51 1.26
keep-easy=0.15  37.81 5.70   92.93 1.07   48.49 3.62   92.90 0.89   53.36 4.31   92.52 0.99
keep-easy=0.2   36.91 5.06   94.22 0.92   48.56 3.13   93.65 0.95   52.42 3.43   93.28 0.83
keep-easy=0.25  34.96 4.92   94.69 1.09   48.26 4.89   94.00 0.96   52.24 3.87   93.80 1.16
keep-easy=0.5   29.28 5.28   96.44 0.55   47.46 3.27   95.13 0.55   52.04 3.75   94.87 0.62
keep-easy=0.75  27.16 4.90   96.94 0.58   45.39 3.79   95.40 0.57   50.71 4.13   95.14 0.45
keep-easy=1     25.28 4.44   97.19 0.45   45.39 3.90   95.65 0.47   49.62 3.78   95.43 0.54
keep-hard=0     17.03 2.84   96.67 0.56   38.23 3.37   95.21 0.45   41.84 2.96   95.10 0.44
keep-hard=0.25  19.56 2.92   96.90 0.56   40.34 3.67   95.49 0.58   43.83 3.75   95.06 0.44
keep-hard=0.5   21.10 4.17   97.03 0.49   42.82 3.45   95.58 0.51   46.66 3.56   95.25 0.52
keep-hard=0.75  24.88 4.67   97.19 0.54   43.59 3.40   95.63 0.55   47.91 3.85   95.33 0.36
keep-hard=1     25.36 4.48   97.20 0.61   45.22 3.55   95.77 0.49   48.43 3.26   95.41 0.47
""")

# Figure 7 too: macro averages over the ten classes in %, of the same networks; no deviations.
FIGURE_7_MACRO = {
    "recall": _rows("""
keep-easy=0     43.31  53.08  48.14  68.30  50.81  68.07
keep-easy=0.05  40.04  86.20  47.90  88.78  51.42  88.80
keep-easy=0.1   37.27  90.98  47.62  91.66  50.41  91.39
keep-easy=0.15  35.09  92.82  47.61  92.78  51.57  92.35
keep-easy=0.2   35.29  94.11  47.34  93.53  50.85  93.16
keep-easy=0.25  32.79  94.61  47.17  93.90  50.72  93.67
keep-easy=0.5   27.90  96.35  46.52  94.99  50.18  94.74
keep-easy=0.75  25.93  96.86  43.84  95.30  49.00  95.02
keep-easy=1     24.06  97.12  44.24  95.54  47.88  95.31
keep-hard=0     16.38  96.59  37.50  95.09  40.58  94.99
keep-hard=0.25  19.07  96.83  39.48  95.39  42.20  94.93
keep-hard=0.5   20.53  96.97  41.62  95.47  45.04  95.14
keep-hard=0.75  23.91  97.11  42.50  95.52  46.20  95.22
keep-hard=1     24.14  97.13  44.15  95.66  46.89  95.29
"""),
    "precision": _rows("""
keep-easy=0     42.09  47.97  47.38  65.16  49.63  65.25
keep-easy=0.05  39.79  85.71  48.49  88.58  51.82  88.62
keep-easy=0.1   38.23  90.77  49.18  91.60  51.23  91.31
keep-easy=0.15  35.86  92.72  48.48  92.73  52.41  92.30
keep-easy=0.2   35.90  94.05  48.08  93.49  51.21  93.12
keep-easy=0.25  33.48  94.52  48.47  93.86  51.80  93.62
keep-easy=0.5   29.05  96.35  47.65  95.00  51.30  94.72
keep-easy=0.75  27.12  96.84  44.81  95.28  50.25  95.00
keep-easy=1     24.97  97.12  45.92  95.54  48.96  95.30
keep-hard=0     17.93  96.57  39.14  95.06  42.30  94.96
keep-hard=0.25  20.15  96.80  41.10  95.36  43.73  94.91
keep-hard=0.5   21.69  96.95  43.65  95.46  46.63  95.12
keep-hard=0.75  25.01  97.10  43.67  95.49  47.95  95.23
keep-hard=1     25.52  97.12  44.75  95.65  48.32  95.27
"""),
    "f1": _rows("""
keep-easy=0     41.35  46.63  46.85  64.15  49.31  64.24
keep-easy=0.05  39.11  85.70  47.36  88.57  50.86  88.60
keep-easy=0.1   36.87  90.74  47.44  91.58  49.91  91.29
keep-easy=0.15  34.78  92.71  47.16  92.72  51.16  92.30
keep-easy=0.2   34.82  94.04  46.90  93.48  50.07  93.10
keep-easy=0.25  32.34  94.52  46.84  93.84  50.42  93.61
keep-easy=0.5   27.79  96.34  46.29  94.98  49.76  94.72
keep-easy=0.75  25.74  96.84  43.63  95.28  48.78  95.00
keep-easy=1     23.85  97.11  44.12  95.53  47.55  95.30
keep-hard=0     16.34  96.57  37.00  95.06  40.22  94.96
keep-hard=0.25  18.83  96.81  39.11  95.36  41.78  94.91
keep-hard=0.5   20.21  96.95  41.58  95.46  44.95  95.12
keep-hard=0.75  23.72  97.10  42.23  95.50  46.12  95.22
keep-hard=1     24.09  97.12  43.63  95.65  46.70  95.27
"""),
}

# Figure 8: hard samples of each class, mean and standard deviation of 30 sets from 20,000 samples,
# and the class errors (shares) of 100 networks, trained on 10,000 and tested on 60,000 samples.
# MNIST: straggler, max logit, energy, error.
FIGURE_8_MNIST = _rows("""
0   56.40  9.3   72.57 10.5   77.20 14.4  0.0376 0.0035
1   63.43  5.1   80.40 17.5   81.87 23.0  0.0277 0.0024
2  192.93 22.9  181.00 23.5  178.07 28.8  0.0967 0.0056
3  200.23 18.6  171.63 24.9  162.50 29.9  0.1074 0.0053
4  114.43 16.5  104.00 22.5  105.67 28.4  0.0772 0.0058
5  202.73 28.2  206.73 36.8  203.00 40.7  0.1330 0.0076
6   77.57  8.6   92.37 21.4   90.97 26.8  0.0538 0.0037
7  130.50 16.5  120.70 21.9  115.13 29.6  0.0722 0.0048
8  194.70 29.2  239.23 31.1  256.40 41.4  0.1214 0.0065
9  192.20 20.8  156.50 20.1  154.33 27.5  0.0984 0.0060
""")
# KMNIST and Fashion-MNIST: straggler, error.
FIGURE_8_KMNIST = _rows("""
0   178.30  19.9  0.1158 0.0063
1   406.63  63.4  0.2120 0.0078
2   615.43 137.3  0.2848 0.0133
3   253.50  42.8  0.1430 0.0074
4   400.57  49.9  0.2254 0.0074
5   354.67  50.0  0.1727 0.0081
6   358.20  45.7  0.2019 0.0077
7   251.33  53.7  0.1358 0.0077
8   299.33  64.0  0.1668 0.0082
9   302.47  45.4  0.1638 0.0084
""")
FIGURE_8_FASHION = _rows("""
0   325.57  33.3  0.1678 0.0253
1   106.93  12.5  0.0407 0.0041
2   611.70  93.5  0.2628 0.0626
3   247.97  23.4  0.1442 0.0190
4   401.50  61.6  0.2223 0.0752
5   216.93  49.9  0.0941 0.0249
6  1195.17 246.4  0.4672 0.0524
7   217.37  53.2  0.0975 0.0440
8   127.87  24.2  0.0584 0.0045
9   132.70  15.6  0.0679 0.0190
""")
TYPED_FOR_KMNIST_0 = 78.3  # into the published correlation, by hand, for 178.30

# Pearson's r between counts and class errors, as the text has it (appendix E).
CORRELATIONS = {
    ("mnist", "straggler"): 0.9507,
    ("mnist", "max-logit"): 0.9381,
    ("mnist", "energy"): 0.9075,
    ("kmnist", "straggler"): 0.9577,  # with the slip; 0.9784 without
    ("fashion-mnist", "straggler"): 0.9856,
}
CORRECTED_FOR_KMNIST = 0.9784

# Hard samples that two identifiers share, in %, mean and standard deviation of 15 pairs.
OVERLAPS = {
    "energy~max-logit": (87.42, 1.09),
    "straggler~energy": (45.67, 3.07),
    "straggler~max-logit": (49.48, 3.04),
}

# Figures 2 and 6: radius of each class on the unit sphere at epoch 21, at its minimum, the epoch of
# that, and at epoch 499, of the mean curve of 100 networks; their standard deviation is .02 to .04.
RADII = {
    "mnist": _rows("""
0  .517  .441  208  .452
1  .407  .395   37  .470
2  .733  .640  173  .661
3  .666  .586  190  .604
4  .593  .515  177  .527
5  .813  .665  206  .681
6  .604  .499  139  .530
7  .582  .531  115  .562
8  .734  .588  204  .603
9  .625  .552  250  .560
"""),
    "kmnist": _rows("""
0  .606  .587  135  .603
1  .735  .693  213  .700
2  .782  .769  250  .774
3  .795  .720  147  .738
4  .786  .732  151  .753
5  .840  .740  114  .778
6  .676  .642  148  .658
7  .768  .674  147  .705
8  .826  .725  161  .740
9  .805  .715  161  .737
"""),
    "fashion-mnist": _rows("""
0  .551  .480  211  .496
1  .377  .347  252  .362
2  .527  .477   58  .517
3  .532  .517  164  .531
4  .547  .507  140  .532
5  .552  .512  223  .538
6  .701  .645  304  .652
7  .381  .381   21  .398
8  .622  .498  141  .537
9  .393  .350  251  .361
"""),
}
RADIUS_SPREAD = 0.03
