"""What a data set gives, beyond what it shares with tf.data."""

import itertools
import traceback

import jax.numpy as jnp
import numpy as np
import pytest

from myelin import errors, random
from myelin.utils.dataset import AUTOTUNE, Dataset, Element, Options, choose_from_datasets

X = np.arange(40, dtype=np.uint8).reshape(20, 2)
Y = np.arange(20)


def order(dataset):
    return (
        [int(e) for e in dataset.unbatch()]
        if dataset.element_spec.shape
        else list(map(int, dataset))
    )


def test_elements_are_arrays_with_numpy():
    images, label = next(iter(Dataset.from_tensor_slices((X, Y)).skip(3)))
    assert isinstance(images, np.ndarray)
    assert isinstance(images[0], Element)
    assert images[1].numpy() == 7
    assert type(label.numpy()) is np.int64
    assert list("abcdef")[label] == "d"
    assert f"{label:03d}" == "003"
    assert [each.numpy() for each in images] == [6, 7]
    (text,) = Dataset.from_tensor_slices(["é"])
    assert text.numpy().decode() == "é"
    assert str(text) == "é"


class TestShuffle:
    def test_whole(self):
        dataset = Dataset.range(50).shuffle(50, seed=3)
        first, second = order(dataset), order(dataset)
        assert sorted(first) == sorted(second) == list(range(50))
        assert first != second
        again = Dataset.range(50).shuffle(50, seed=3)
        assert [order(again), order(again)] == [first, second]

    def test_once_for_all_passes(self):
        dataset = Dataset.range(50).shuffle(50, reshuffle_each_iteration=False)
        assert order(dataset) == order(dataset) != list(range(50))

    def test_the_programs_seed(self):
        found = []
        for _ in range(2):
            random.set_random_seed(5)
            found.append(order(Dataset.range(30).shuffle(30)))
        assert found[0] == found[1]

    @pytest.mark.parametrize("rows", [True, False], ids=["rows", "elements"])
    def test_a_small_buffer_moves_nothing_forward_by_more_than_its_size(self, rows):
        numbers = Dataset.range(3000)
        numbers = numbers if rows else numbers.filter(lambda n: True)
        mixed = order(numbers.shuffle(10, seed=1))
        assert sorted(mixed) == list(range(3000))
        early = np.arange(3000) - mixed
        assert early.min() >= -9
        assert early.max() > 20

    def test_batches(self):
        batches = Dataset.range(12).batch(3).shuffle(4, seed=0)
        assert sorted(int(b[0]) for b in batches) == [0, 3, 6, 9]

    def test_without_end(self):
        numbers = itertools.islice(iter(Dataset.range(4).repeat().shuffle(100, seed=0)), 200)
        assert set(map(int, numbers)) == {0, 1, 2, 3}

    def test_cached(self):
        dataset = Dataset.range(20).shuffle(20).cache()
        assert order(dataset) == order(dataset)


class TestMap:
    def test_runs_once_for_all_rows_where_it_can(self):
        calls = []

        def scale(x, y):
            calls.append(1)
            return jnp.asarray(x, "float32") / 255, y

        dataset = Dataset.from_tensor_slices((X, Y)).shuffle(20).map(scale).batch(8)
        x, y = (np.concatenate(part) for part in zip(*dataset, strict=True))
        np.testing.assert_allclose(x, X[y] / 255, rtol=1e-6)
        assert y.dtype == Y.dtype
        assert len(calls) == 2

    def test_numpy_draws_are_drawn_for_each_element(self):
        rng = np.random.default_rng(0)
        for noisy in (lambda n: n + rng.normal(), lambda n: n + np.random.normal()):
            values = list(Dataset.range(5).map(noisy).as_numpy_iterator())
            assert len({round(float(v - k), 6) for k, v in enumerate(values)}) == 5

    def test_layers_draw_for_each_element_and_each_pass(self):
        from myelin.layers import Dropout

        drop = Dropout(0.5)
        dataset = Dataset.from_tensor_slices(np.ones((6, 100), "f")).map(
            lambda x: drop(x, training=True)
        )
        passes = [np.stack(list(dataset)) for _ in range(2)]
        assert len({row.tobytes() for each in passes for row in each}) == 12

    def test_python_on_numpy(self):
        dataset = Dataset.range(6).map(lambda n: "even" if n % 2 == 0 else "odd")
        assert [str(word) for word in dataset][:3] == ["even", "odd", "even"]

    def test_weights_that_change_are_seen(self):
        from myelin import Variable

        factor = Variable(2.0)
        dataset = Dataset.from_tensor_slices(np.ones(3, "f")).map(lambda x: x * factor.value)
        assert list(map(float, dataset)) == [2, 2, 2]
        factor.assign(3.0)
        assert list(map(float, dataset)) == [3, 3, 3]

    def test_large_whole_numbers_stay_exact(self):
        (value,) = Dataset.from_tensors(np.array(2**40 + 1)).map(lambda n: n + 1)
        assert int(value) == 2**40 + 2

    @pytest.mark.parametrize("parallel", [None, AUTOTUNE])
    def test_an_error_shows_the_functions_own_line(self, parallel):
        def fails(n):
            if int(n) == 3:
                raise ZeroDivisionError("three")
            return n

        dataset = Dataset.range(50).map(fails, num_parallel_calls=parallel)
        with pytest.raises(ZeroDivisionError, match="three") as caught:
            list(dataset)
        assert traceback.extract_tb(caught.value.__traceback__)[-1].name == "fails"

    def test_threads_keep_the_order(self):
        dataset = Dataset.range(100).map(lambda n: np.int64(str(int(n))), num_parallel_calls=4)
        assert order(dataset) == list(range(100))


def test_sampling_and_choosing():
    ones, twos = (Dataset.from_tensors(n).repeat() for n in (1, 2))
    drawn = Dataset.sample_from_datasets([ones, twos], [0.25, 0.75], seed=0).take(400)
    assert 60 < sum(int(n) == 1 for n in drawn) < 140
    chosen = choose_from_datasets([ones, twos], Dataset.from_tensor_slices([0, 1, 1]))
    assert list(map(int, chosen)) == [1, 2, 2]


def test_asked_for_what_it_is():
    dataset = Dataset.from_tensor_slices((X, Y)).batch(8)
    assert len(dataset) == 3
    assert "3 elements" in repr(dataset)
    assert dataset.with_options(Options()).prefetch(AUTOTUNE) is dataset
    assert int(Dataset.range(5).reduce(0, lambda total, n: total + n)) == 10
    assert int(Dataset.range(1).get_single_element()) == 0
    assert len(list(Dataset.from_generator(lambda: iter([1, 2]), output_types=np.float32))) == 2
    for unknown in (dataset.repeat(), dataset.filter(lambda x, y: True)):
        with pytest.raises(TypeError):
            len(unknown)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Dataset.from_tensor_slices((X, Y[:3])), r"one length, got \[3, 20\]"),
        (lambda: Dataset.from_tensor_slices(3), "single value"),
        (lambda: Dataset.from_tensor_slices([[1], [1, 2]]), "differ in length"),
        (lambda: Dataset.range(3).batch(0), "batch_size"),
        (lambda: Dataset.range(3).shuffle(0), "buffer_size"),
        (lambda: Dataset.from_generator([1]), "function"),
        (lambda: list(Dataset.range(3).map(lambda n: np.zeros(int(n))).batch(3)), "padded_batch"),
        (
            lambda: list(Dataset.from_tensors([1, 2]).padded_batch(1, padded_shapes=[1])),
            "more than 1",
        ),
        (lambda: Dataset.range(3).get_single_element(), "one element"),
        (lambda: Dataset.range(0).map(lambda n: n).element_spec, "empty"),
    ],
)
def test_mistakes(make, says):
    with pytest.raises(errors.InputError, match=says):
        make()
