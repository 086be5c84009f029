import itertools

import pytest

from myelin.utils import PyDataset, Sequence


class Squares(PyDataset):
    def __init__(self, count, **kwargs):
        super().__init__(**kwargs)
        self.count = count

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        return index**2


def test_gives_batches_by_number():
    assert Sequence is PyDataset
    dataset = Squares(4, workers=2, use_multiprocessing=True, max_queue_size=5)
    assert (dataset.workers, dataset.use_multiprocessing, dataset.max_queue_size) == (2, True, 5)
    assert list(dataset) == list(dataset) == [0, 1, 4, 9]
    assert dataset.num_batches == 4
    dataset.on_epoch_begin()
    dataset.on_epoch_end()


def test_num_batches_in_place_of_a_length():
    class Endless(PyDataset):
        num_batches = None

        def __getitem__(self, index):
            return index

    assert list(itertools.islice(Endless(), 3)) == [0, 1, 2]

    class Two(Endless):
        num_batches = 2

    assert list(Two()) == [0, 1]


def test_forgetting_super_does_no_harm():
    class Forgetful(Squares):
        def __init__(self):
            self.count = 2

    assert Forgetful().workers == 1
    assert list(Forgetful()) == [0, 1]


def test_what_has_to_be_defined():
    with pytest.raises(NotImplementedError, match="__len__"):
        list(PyDataset())
    with pytest.raises(NotImplementedError, match="__getitem__"):
        PyDataset()[0]


def test_is_kerass(keras):
    for name in ("workers", "use_multiprocessing", "max_queue_size"):
        assert getattr(PyDataset(), name) == getattr(keras.utils.PyDataset(), name)
