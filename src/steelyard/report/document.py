"""The one self-contained file that a page is: style, scripts and policy around its sections.

Nothing is loaded from anywhere. The content security policy names the two scripts by their hash,
so that a script smuggled in by a class name would not run even if the escaping failed.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup
from plotly.offline import get_plotlyjs

import steelyard
from steelyard._support.errors import SteelyardError, unreadable
from steelyard._support.storage import write_text
from steelyard.records.run_folder import REPORT
from steelyard.report.charts import TEMPLATE

_HERE = Path(__file__).parent


def document(template: str, **sections: Any) -> str:
    """Return the page as HTML: a template that extends base.html, with what its sections hold.

    The drawing library is inside: nothing to fetch, about 5 MB.
    """
    script = (_HERE / "page.js").read_text("utf-8")
    library = get_plotlyjs()
    return _template(template).render(
        policy=_policy(library, script),
        style=Markup((_HERE / "page.css").read_text("utf-8")),
        library=Markup(library),
        script=Markup(script),
        version=steelyard.__version__,
        charts=TEMPLATE,
        **sections,
    )


def written(folder: str | Path, what: str, render: Callable[[], str]) -> Path:
    """Write the page of a folder's records into its ``report.html`` and return the path.

    Parameters
    ----------
    folder : path
        Where the records are.
    what : str
        What a message calls the folder.
    render : callable
        Makes the page of the records, which were read.

    Raises
    ------
    DataError
        If the records hold values that no page can show.
    OutputError
        If the page cannot be written; nothing is left half-written.
    """
    try:
        page = render()
    except SteelyardError:
        raise
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise unreadable(folder, what, error) from error
    path = Path(folder) / REPORT
    write_text(page, path)
    return path


def _template(name: str) -> Template:
    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["json.dumps_kwargs"] = {
        "sort_keys": True, "allow_nan": False, "separators": (",", ":"), "ensure_ascii": False,
    }  # fmt: skip
    return environment.get_template(name)


def _policy(*scripts: str) -> str:
    hashes = " ".join(f"'sha256-{_digest(script)}'" for script in scripts)
    return (
        f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data:; "
        f"base-uri 'none'; form-action 'none'"
    )


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
