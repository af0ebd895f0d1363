"""A weighing and a grid of 200 trainings, killed with SIGKILL, come to the very same bytes.

A few of the kills of `benchmarks/kills.py`, which makes fifty (record: `benchmarks/kills.txt`).
"""

import re
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "kills.py"


@pytest.mark.slow
@pytest.mark.parametrize("work", ["weigh", "grid"])
def test_whatever_is_killed_goes_on_to_the_same_bytes(work):
    done = subprocess.run(
        [sys.executable, str(BENCHMARK), "--kills", "2", "--work", work],
        capture_output=True,
        text=True,
        check=False,
        timeout=1200,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "NOT KILLED" not in done.stdout
    ends = re.findall(r"lost (\d+), again (\d+)$", done.stdout, re.MULTILINE)
    assert ends == [("0", "0")] * 4  # at random moments, and at three chosen ones
