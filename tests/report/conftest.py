import pytest
from cases import HOSTILE, make_weighing


@pytest.fixture(scope="session")
def images():
    return make_weighing()


@pytest.fixture(scope="session")
def table():
    return make_weighing("table", ratio=0.3, n_largest=2000, n_test_per_class=500)


@pytest.fixture(scope="session")
def hostile():
    columns = {
        "<script>alert(4)</script>": ["<img src=x onerror=alert(5)>", "a\nb"],
        "=1+1": [1.5, float("nan")],
        "javascript:alert(6)": ["x" * 500, None],
    }
    return make_weighing(
        "table",
        class_names=HOSTILE,
        priors={"<i>field</i>": range(1, 11)},
        columns=columns,
        name="<script>alert('data')</script>.csv",
        n_seeds=2,
        n_test_per_class=20,
        manifest={"warnings": ["<u>careful</u>"], "command": "weigh '<s>x</s>.csv'"},
    )
