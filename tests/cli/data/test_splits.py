import numpy as np
import pytest

from myelin.cli.data.splits import split


def test_parts_are_disjoint_complete_and_of_the_asked_size():
    kept, held = split(100, 0.2, np.random.default_rng(0))
    assert sorted([*kept, *held]) == list(range(100))
    assert len(held) == 20


def test_each_class_gives_the_same_share():
    classes = np.repeat([0, 1, 2], [100, 50, 10])
    kept, held = split(160, 0.2, np.random.default_rng(0), classes)
    assert np.bincount(classes[held]).tolist() == [20, 10, 2]
    assert sorted([*kept, *held]) == list(range(160))


def test_every_class_is_learned_and_judged():
    classes = np.repeat(np.arange(30), 2)
    kept, held = split(60, 0.1, np.random.default_rng(0), classes)
    assert set(classes[kept]) == set(classes[held]) == set(range(30))


def test_a_class_of_one_row_stays_to_be_learned():
    classes = np.array([0, 0, 0, 0, 1])
    kept, held = split(5, 0.5, np.random.default_rng(0), classes)
    assert 4 in kept
    assert 4 not in held


def test_rows_are_drawn_and_not_the_last_ones():
    _, held = split(1000, 0.2, np.random.default_rng(0))
    assert 400 < held.mean() < 600


def test_a_share_of_nothing_draws_nothing():
    kept, held = split(5, 0, np.random.default_rng(0))
    assert kept.tolist() == [0, 1, 2, 3, 4]
    assert len(held) == 0


@pytest.mark.parametrize("seed", [0, 1])
def test_the_seed_decides(seed):
    first, second = (split(50, 0.3, np.random.default_rng(seed))[1] for _ in range(2))
    assert first.tolist() == second.tolist()
