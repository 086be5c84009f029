"""How often intervals hold the truth, in short; `benchmarks/interval_coverage.py` at full size."""

import sys
from pathlib import Path

import pytest
from scipy import stats

from myelin.evaluation import wilson_interval

FOLDER = str(Path(__file__).resolve().parents[2] / "benchmarks")
# How many samples of each kind: more where they are cheap.
TIMES = {
    "classes": 300,
    "means": 500,
    "numbers": 300,
    "areas": 200,
    "sure": 200,
    "perfect": 200,
    "folds": 1000,
}


@pytest.fixture(autouse=True)
def _benchmarks(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)
    yield
    sys.modules.pop("interval_coverage", None)


@pytest.mark.parametrize("confidence", [0.9, 0.95])
@pytest.mark.parametrize(("n", "p"), [(50, 0.8), (100, 0.7), (360, 0.96)])
def test_wilson_holds_the_truth_as_often_as_it_says(n, p, confidence):
    """Exactly, summed over all that can come out."""
    chances = stats.binom.pmf(range(n + 1), n, p)
    ends = [wilson_interval(k, n, confidence) for k in range(n + 1)]
    held = chances[[low <= p <= high for low, high in ends]].sum()
    assert abs(held - confidence) < 0.015


@pytest.mark.parametrize("name", TIMES)
def test_intervals_hold_the_truth_as_often_as_they_say(name):
    import interval_coverage as benchmark

    make = getattr(benchmark, name)
    simulation = make() if name == "folds" else make(resamples=300)
    found = benchmark.covered(simulation, TIMES[name])
    # So few samples leave a share uncertain, and of some thirty shares one or two stray by more
    # than twice its deviation.
    doubt = 2.5 * (0.95 * 0.05 / TIMES[name]) ** 0.5
    for score, (held, _) in found.items():
        most = 1 if score in simulation.wide else benchmark.MOST + doubt
        assert benchmark.LEAST - doubt <= held <= most, f"{score}: {held:.1%}"


def test_all_simulations_are_tested():
    import interval_coverage as benchmark

    assert [make.__name__ for make in benchmark.SIMULATIONS] == list(TIMES)
