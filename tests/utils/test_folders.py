"""Texts, sounds and windows over series, without a peer."""

import wave

import numpy as np
import pytest

from myelin import errors
from myelin.utils import (
    Dataset,
    audio_dataset_from_directory,
    text_dataset_from_directory,
    timeseries_dataset_from_array,
)

TEXTS = {"neg/a.txt": "bad", "neg/b.txt": "schlecht é", "pos/a.txt": "good", "pos/c.txt": ""}


def write_wav(path, samples, rate=8000, width=2):
    """Samples from -1 to 1, `(n, channels)`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    scaled = np.round(np.asarray(samples) * (2 ** (8 * width - 1) - 1)).astype("<i4")
    raw = scaled.view(np.uint8).reshape(-1, 4)[:, :width]
    if width == 1:
        raw = raw + np.uint8(128)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(scaled.shape[1])
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(raw.tobytes())


@pytest.fixture(scope="module")
def texts(tmp_path_factory):
    root = tmp_path_factory.mktemp("texts")
    for name, text in TEXTS.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def sounds(tmp_path_factory):
    root = tmp_path_factory.mktemp("sounds")
    rng = np.random.default_rng(0)
    for index in range(6):
        name = f"{'ab'[index % 2]}/{index}.wav"
        write_wav(root / name, rng.uniform(-1, 1, size=(20 + 3 * index, 1)))
    return root


def test_texts(texts):
    dataset = text_dataset_from_directory(texts, shuffle=False, batch_size=3, verbose=False)
    assert isinstance(dataset, Dataset)
    assert dataset.class_names == ["neg", "pos"]
    read, labels = next(iter(dataset))
    assert read.dtype == object
    assert list(read.view(np.ndarray)) == ["bad", "schlecht é", "good"]
    assert read[1].numpy().decode() == "schlecht é"
    np.testing.assert_array_equal(labels, [0, 0, 1])
    lengths = dataset.map(lambda texts, labels: np.array([len(str(t)) for t in texts]))
    np.testing.assert_array_equal(next(iter(lengths)), [3, 10, 4])


def test_what_is_no_text(texts, tmp_path):
    cut = text_dataset_from_directory(
        texts, labels=None, max_length=10, shuffle=False, verbose=False, batch_size=None
    )
    assert [str(text) for text in cut] == ["bad", "schlecht ", "good", ""]
    (tmp_path / "bad.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(errors.FileFormatError, match=r"bad\.txt"):
        list(text_dataset_from_directory(tmp_path, labels=None, verbose=False))
    with pytest.raises(errors.InputError, match="max_length"):
        text_dataset_from_directory(texts, max_length=-1)


@pytest.mark.parametrize("width", [1, 2, 3, 4])
def test_all_widths_of_samples(tmp_path, width):
    wanted = np.stack([np.linspace(-1, 1, 50), np.zeros(50)], 1)
    write_wav(tmp_path / "x.wav", wanted, width=width)
    (read,) = audio_dataset_from_directory(tmp_path, labels=None, batch_size=None, verbose=False)
    assert (read.shape, read.dtype) == ((50, 2), np.float32)
    np.testing.assert_allclose(read, wanted, atol=2 / 2 ** (8 * width - 1))


def test_another_sampling_rate(tmp_path):
    def tone(rate):
        return np.sin(2 * np.pi * 100 * np.arange(rate // 4) / rate)[:, None] / 2

    write_wav(tmp_path / "x.wav", tone(8000))
    (read,) = audio_dataset_from_directory(
        tmp_path, labels=None, batch_size=None, sampling_rate=6000, verbose=False
    )
    np.testing.assert_allclose(read[100:-100], tone(6000)[100:-100], atol=0.01)


def test_what_is_no_sound(sounds, tmp_path):
    (tmp_path / "bad.wav").write_bytes(b"RIFF and nothing")
    with pytest.raises(errors.FileFormatError, match=r"bad\.wav"):
        list(audio_dataset_from_directory(tmp_path, labels=None, verbose=False))
    for wrong in ({"ragged": True}, {"sampling_rate": 0}, {"output_sequence_length": 1.5}):
        with pytest.raises(errors.InputError, match=next(iter(wrong))):
            audio_dataset_from_directory(sounds, **wrong)


def test_windows_are_views_and_mix_with_their_targets():
    series, targets = np.arange(50.0), np.arange(50) * 10
    dataset = timeseries_dataset_from_array(series, targets, 5, batch_size=8, shuffle=True, seed=1)
    windows, goals = (np.concatenate(part) for part in zip(*dataset, strict=True))
    assert windows.shape == (46, 5)
    np.testing.assert_array_equal(windows[:, 0] * 10, goals)
    assert sorted(goals) == list(range(0, 460, 10))
    assert goals.tolist() != sorted(goals)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"sequence_length": 0}, "sequence_length"),
        ({"sequence_length": 51}, "reaches over 51"),
        ({"sequence_stride": 0}, "sequence_stride"),
        ({"sampling_rate": 50}, "sampling_rate"),
        ({"start_index": -1}, "start_index"),
        ({"start_index": 9, "end_index": 9}, "end_index"),
        ({"end_index": 50}, "end_index"),
        ({"format": "torch"}, "format"),
    ],
)
def test_wrong_windows(arguments, says):
    with pytest.raises(errors.InputError, match=says):
        timeseries_dataset_from_array(np.zeros(50), None, **({"sequence_length": 5} | arguments))
