"""The pages of docs/scores, made of what the files of `steelyard.hardness` say.

``python tests/score_pages.py`` writes them; `tests/test_score_pages.py` finds those that have
drifted from the code. What stands between the marks of README.md is made too; its prose is not.
"""

import inspect
import math
import re
import sys
import textwrap
from pathlib import Path

from steelyard.hardness import SCORES, impurity
from steelyard.hardness.neighbours import nearest
from steelyard.records.dynamics import FINAL, GRADIENT, LEFT_OUT, SECOND_SPLIT, TRAINING, Dynamics
from steelyard.records.inversions import Inversions
from steelyard.records.neighbours import Neighbours

FOLDER = Path(__file__).parents[1] / "docs" / "scores"
MARKS = ("<!-- made by tests/score_pages.py -->", "<!-- end -->")
EVIDENCE = {
    "While a network trains": TRAINING,
    "By the trained model": FINAL,
    "By the gradient": GRADIENT,
    "After training on other samples": SECOND_SPLIT,
    "By models that did not see the sample": LEFT_OUT,
    "Without training": {},
    "When a class turns over": {},
}
WITHOUT_CHANNELS = {Neighbours: "Without training", Inversions: "When a class turns over"}
WHOLE = {"break_long_words": False, "break_on_hyphens": False}
PARTS = (
    r"\*\*(What it does|What (?:it tells|they tell) you|When (?:it misleads|they mislead)|"
    r"The bound|Formula|Reference)\.\*\*"
)


def module_of(score):
    return sys.modules[score.compute.__module__]


def page_of(score):
    """The file name of a score's page, without its suffix."""
    return module_of(score).__name__.rpartition(".")[2]


def evidence_of(score):
    if score.reads is not Dynamics:
        return WITHOUT_CHANNELS[score.reads]
    return next(name for name, group in EVIDENCE.items() if set(score.needs) <= set(group))


def span(score):
    low, high = (f"{bound:.4g}" if math.isfinite(bound) else "" for bound in score.bounds)
    return {(False, False): "any", (True, False): f"{low} and above"}.get(
        (bool(low), bool(high)), f"{low} to {high}"
    )


def needs(score):
    if score.reads is not Dynamics:
        return f"`{score.reads.__name__}`"
    return ", ".join(f"`{name}`" for name in score.needs)


def filled(text):
    """Paragraphs that begin at the margin again, now that their heading stands above them."""
    first, *others = text.split("\n\n")
    return "\n\n".join([textwrap.fill(" ".join(first.split()), 100, **WHOLE), *others])


def page(module, scores):
    """One page: the docstring with its parts as headings, and what each score declares."""
    title, _, rest = inspect.getdoc(module).partition("\n")
    before, *parts = re.split(PARTS, rest)
    name, colon, about = title.partition(": ")
    lines = [f"# {name}", ""]
    if colon:
        lines += [about[0].upper() + about[1:], ""]
    if before.strip():
        lines += [before.strip(), ""]
    for heading, text in zip(parts[::2], parts[1::2], strict=True):
        lines += [f"## {heading}", "", filled(text.strip()), ""]
    for score in scores:
        said = {
            "formula": score.formula,
            "unit": score.unit,
            "range": span(score),
            "rises with": score.rises_with,
            "needs": f"{needs(score)}, {evidence_of(score).lower()}",
            "taken": score.taken,
            "reference": score.reference,
        }
        lines += [f"## `{score.name}`", "", score.title, ""]
        lines += [f"* {name}: {value}" for name, value in said.items()]
        lines += [""]
    lines += ["[All scores](README.md)"]
    return "\n".join(lines) + "\n"


def pages():
    """Every page by its file name."""
    modules = {page_of(score): module_of(score) for score in SCORES}
    made = {
        f"{name}.md": page(module, [score for score in SCORES if page_of(score) == name])
        for name, module in modules.items()
    }
    for function in (impurity, nearest):
        module = sys.modules[function.__module__]
        made[f"{module.__name__.rpartition('.')[2]}.md"] = page(module, [])
    return made


def table():
    """The tables of README.md: a section an evidence, a line a score."""
    lines = []
    for name in EVIDENCE:
        passes = sorted({one.taken for one in SCORES if evidence_of(one) == name})
        lines += [f"### {name}", "", f"Taken {' or '.join(passes)}.", ""]
        lines += ["| score | what it is | needs | unit | range | rises with |"]
        lines += ["|---|---|---|---|---|---|"]
        lines += [
            f"| [`{one.name}`]({page_of(one)}.md#{one.name}) | {one.formula} | {needs(one)} | "
            f"{one.unit} | {span(one)} | {one.rises_with} |"
            for one in SCORES
            if evidence_of(one) == name
        ]
        lines += [""]
    return "\n".join(lines)


def index(text):
    """README.md with its tables as they should be."""
    start, end = MARKS
    before, _, rest = text.partition(start)
    _, _, after = rest.partition(end)
    return f"{before}{start}\n\n{table()}\n{end}{after}"


if __name__ == "__main__":
    for file, text in pages().items():
        (FOLDER / file).write_text(text)
    readme = FOLDER / "README.md"
    readme.write_text(index(readme.read_text()))
