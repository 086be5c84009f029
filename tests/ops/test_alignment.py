"""Connectionist temporal classification against every way to hear a sequence, and PyTorch."""

import itertools

import jax
import numpy as np
import pytest
from jax.test_util import check_grads

from myelin import ops

RNG = np.random.default_rng(0)
LOGITS = RNG.normal(size=(4, 5, 3)).astype("float32") * 1.5
STEPS = np.array([5, 5, 4, 3])
BLANK = 1


def _heard(path):
    """The labels of one way: repetitions joined, then blanks left out."""
    return tuple(label for label, _ in itertools.groupby(path) if label != BLANK)


def _probabilities(logits, steps):
    """The probability of each sequence, summed over all ways to hear it."""
    p = np.asarray(jax.nn.softmax(logits[:steps]), "float64")
    found = {}
    for path in itertools.product(range(logits.shape[-1]), repeat=steps):
        ways = np.prod(p[np.arange(steps), path])
        found[_heard(path)] = found.get(_heard(path), 0) + ways
    return found


@pytest.fixture(scope="module")
def sequences():
    return [_probabilities(*row) for row in zip(LOGITS, STEPS, strict=True)]


def test_the_loss_is_the_sum_over_all_ways(sequences):
    labels = np.array([[0, 2, 0], [2, 2, 9], [0, 9, 9], [2, 0, 9]])
    lengths = np.array([3, 2, 1, 2])
    ours = ops.ctc_loss(labels, LOGITS, lengths, STEPS, mask_index=BLANK)
    for row, loss in enumerate(ours):
        wanted = -np.log(sequences[row][tuple(labels[row, : lengths[row]].tolist())])
        assert float(loss) == pytest.approx(wanted, rel=1e-4)


def test_a_wide_search_finds_the_likeliest_sequences(sequences):
    paths, scores = ops.ctc_decode(
        LOGITS, STEPS, "beam_search", beam_width=64, top_paths=4, mask_index=BLANK
    )
    assert paths.shape == (4, 4, 5)
    for row, known in enumerate(sequences):
        best = sorted(known.items(), key=lambda item: -item[1])[:4]
        found = [tuple(int(v) for v in path[row] if v >= 0) for path in paths]
        assert found == [sequence for sequence, _ in best]
        np.testing.assert_allclose(np.exp(scores[row]), [p for _, p in best], rtol=1e-4)


def test_a_search_gives_nothing_where_there_is_nothing_more():
    """In one step only two labels and silence can be heard."""
    paths, scores = ops.ctc_decode(
        LOGITS[:1, :1], [1], "beam_search", beam_width=8, top_paths=5, mask_index=BLANK
    )
    assert np.exp(scores).sum() == pytest.approx(1, rel=1e-5)
    assert np.isfinite(scores).tolist() == [[True, True, True, False, False]]
    assert sorted(int(v) for v in paths[:3, 0, 0]) == [-1, 0, 2]


def test_the_derivative_is_numerical():
    labels, lengths = np.array([[0, 2], [2, 2]]), np.array([2, 2])

    @jax.jit
    def loss(logits):
        return ops.ctc_loss(labels, logits, lengths, STEPS[:2], mask_index=BLANK).sum()

    check_grads(loss, (LOGITS[:2],), 1, ("rev",), atol=1e-2, rtol=1e-2, eps=1e-2)


def test_it_is_pytorchs():
    torch = pytest.importorskip("torch")
    labels, lengths = np.array([[0, 2, 0], [2, 2, 0], [0, 0, 0], [2, 0, 0]]), np.array([3, 2, 1, 2])
    wanted = torch.nn.functional.ctc_loss(
        torch.log_softmax(torch.tensor(LOGITS), -1).permute(1, 0, 2),
        torch.tensor(labels), torch.tensor(STEPS), torch.tensor(lengths),
        blank=BLANK, reduction="none",
    )  # fmt: skip
    ours = ops.ctc_loss(labels, LOGITS, lengths, STEPS, mask_index=BLANK)
    np.testing.assert_allclose(ours, wanted, rtol=1e-4)
