"""Opens a page in headless chromium, where there is one."""

from __future__ import annotations

import shutil
import subprocess

import pytest

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
_OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--virtual-time-budget=8000", "--enable-logging=stderr", "--dump-dom",
)  # fmt: skip


def browsed(text: str, folder) -> tuple[str, list[str]]:
    """Return the document as it stands when all scripts have run, and the console's lines."""
    program = next(filter(None, map(shutil.which, _PROGRAMS)), None)
    if program is None:
        pytest.skip(f"none of {', '.join(_PROGRAMS)} is installed here")
    page = folder / "page.html"
    page.write_text(text, "utf-8")
    run = subprocess.run(
        [program, *_OPTIONS, f"--user-data-dir={folder / 'profile'}", page.as_uri()],
        capture_output=True,
        check=True,
        timeout=120,
    )
    log = run.stderr.decode("utf-8", "replace").splitlines()
    return run.stdout.decode("utf-8"), [line for line in log if ":CONSOLE:" in line]
