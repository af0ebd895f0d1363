"""Records whose every text tries to run a script: a page that fails has the title "hit"."""

from dataclasses import replace

import numpy as np
from cases import make_weighing

from steelyard.records import Interval

# an attribute's scope holds the document, so that title is that of the page
PAYLOADS = (
    "<script>document.title='hit'</script>",
    "</script><script>document.title='hit'</script>",
    "<img src onerror=document.title='hit'>",
    "<svg onload=title='hit'>",
    "\"><svg onload=title='hit'>",
    "'><svg onload=title='hit'>",
    "\" autofocus tabindex=0 onfocus=\"document.title='hit'",
    "<a href=\"javascript:document.title='hit'\">x</a>",
    "javascript:document.title='hit'",
    "<!--<script>document.title='hit'",
    "--><script>document.title='hit'</script>",
    "]]><script>document.title='hit'</script>",
    "</style><script>document.title='hit'</script>",
    "</title><script>document.title='hit'</script>",
    "</svg></bdi><style>@import 'x';b{background:url(x)}</style>",
    "\u2028document.title='hit'\u2029//",
    "\\\";document.title='hit';//",
    "&lt;svg onload=title='hit'&gt;",
    "&#60;svg onload=title='hit'&#62;",
    "<iframe srcdoc=\"<script>parent.document.title='hit'</script>\">",
    "<meta http-equiv=refresh content='0;javascript:1'>",
    "<base href=//x><link rel=stylesheet href=//x>",
    "%{customdata} {{ 7*7 }} {% raw %} ${document.title='hit'}",
    "$\\href{javascript:document.title='hit'}{x}$",
    "@ink",
)


def attacked(modality):
    """Return a weighing that holds payloads in every place that takes text."""
    base = make_weighing(
        modality,
        class_names=PAYLOADS,
        priors={payload: np.arange(len(PAYLOADS)) + 1.0 for payload in PAYLOADS[::8]},
        columns={
            payload: [*PAYLOADS[at:], *PAYLOADS[:at], None]
            for at, payload in enumerate(PAYLOADS[:16])
        },
        name="".join(PAYLOADS),
        degrees=(0.0, 1.0),
        n_seeds=2,
        n_test_per_class=5,
        without_test=PAYLOADS[:2],
        manifest={
            "warnings": PAYLOADS,
            "command": "".join(PAYLOADS),
            "started": PAYLOADS[3],
            "versions": dict(zip(PAYLOADS, PAYLOADS[::-1], strict=True)),
            "split": {"given": PAYLOADS, "drawn": {"test": 0.2}},
            "probe": {"model": PAYLOADS[3]},
            "modality": PAYLOADS[3],
        },
    )
    # and where `make_weighing` puts words of its own: arms, priors, scores, ids, sentences
    arms = {arm.name: f"{PAYLOADS[at]}{arm.name}" for at, arm in enumerate(base.study.arms)}
    priors = {one.prior: f"{PAYLOADS[3]}{one.prior}" for one in base.verdict.priors}
    scored = next(iter(base.hardness.values())).ids.tolist()
    ids = {one: f"{PAYLOADS[at % len(PAYLOADS)]}{one}" for at, one in enumerate(scored)}
    return replace(
        base,
        study=_study(base.study, arms),
        hardness={
            payload: replace(one, name=payload, ids=[*ids.values()])
            for payload, one in zip(PAYLOADS, base.hardness.values(), strict=False)
        },
        plan=_plan(base.plan, [*ids.values()]),
        predictions=tuple(replace(one, arm=arms[one.arm]) for one in base.predictions),
        validation=_evaluation(base.validation, arms, priors),
        test=_evaluation(base.test, arms, priors),
        verdict=replace(
            base.verdict,
            headline="".join(PAYLOADS),
            data_fingerprint=PAYLOADS[3],
            priors=tuple(
                replace(
                    one,
                    prior=priors[one.prior],
                    sentence=f"{PAYLOADS[at]}{one.sentence}",
                    rebalanced=Interval(0.2, 0.1, 0.3),  # shown to help, so that each is named
                )
                for at, one in enumerate(base.verdict.priors)
            ),
        ),
        gallery=replace(base.gallery, ids=[ids[one] for one in base.gallery.ids.tolist()]),
    )


def _study(study, arms):
    """Rename the arms, and give each a recipe of its own, so that each is named beside it."""
    renamed = tuple(
        replace(arm, name=arms[arm.name], recipe=replace(arm.recipe, epochs=at + 1))
        for at, arm in enumerate(study.arms)
    )
    return replace(study, name=PAYLOADS[0], arms=renamed)


def _plan(plan, ids):
    """Use every sample twice, so that the scheme is named."""
    return replace(
        plan,
        ids=ids,
        counts=np.full(len(ids), 2),
        achieved=2 * plan.before,
        scheme="".join(PAYLOADS),
        data_fingerprint=PAYLOADS[3],
    )


def _evaluation(evaluation, arms, priors):
    words = {"arm": arms, "base_arm": arms, "prior": priors}
    tables = {}
    for name in ("overall", "by_seed", "by_class", "differences"):
        table = getattr(evaluation, name)
        renamed = {column: table[column].map(words[column]) for column in words if column in table}
        tables[name] = table.assign(**renamed)
    shares = {priors[name]: prior for name, prior in evaluation.priors.items()}
    return replace(evaluation, priors=shares, **tables)
