"""What is said of the time left where no bar can be drawn."""

from steelyard.cli import terminal


def test_each_stage_has_a_clock_of_its_own(monkeypatch, capsys):
    now = [0.0]
    monkeypatch.setattr(terminal.time, "monotonic", lambda: now[0])
    with terminal.progress_shown() as advance:
        advance(0, 100, "search")
        now[0] = 20.0
        advance(40, 100, "search")
        assert capsys.readouterr().err == "search: 40/100, about 30 s left\n"
        now[0] = 50.0
        advance(100, 100, "search")
        advance(200, 1000, "tests")  # 200 of them were there already
        now[0] = 61.0
        advance(310, 1000, "tests")
        # 110 in 11 seconds; the 50 seconds of the search say nothing of them
        assert capsys.readouterr().err == "tests: 310/1000, about 69 s left\n"
        advance(311, 1000, "tests")  # not a line for each step
        assert capsys.readouterr().err == ""
