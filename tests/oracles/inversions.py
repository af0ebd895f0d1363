"""The slow, obvious way from a trace of errors to stragglers: plain loops, one sample."""


def straggler(wrong, turn):
    """1 if a sample is wrong in the epoch in which its class turns over."""
    return 1.0 if wrong[turn] else 0.0


def wrong_since_inversion(wrong, turn):
    """The share of the epochs from that one on in which the sample is wrong."""
    later = [is_wrong for epoch, is_wrong in enumerate(wrong) if epoch >= turn]
    return sum(bool(is_wrong) for is_wrong in later) / len(later)


def scores_by_run(wrong, turns, labels):
    """By score, values of (runs, n); wrong is (runs, epochs, n), turns (runs, K)."""
    return {
        score.__name__: [
            [
                score([epoch[row] for epoch in wrong[run]], turns[run][labels[row]])
                for row in range(len(labels))
            ]
            for run in range(len(wrong))
        ]
        for score in (straggler, wrong_since_inversion)
    }
