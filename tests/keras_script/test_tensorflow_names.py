"""TensorFlow's names without TensorFlow: they are there, and draw as they should."""

import importlib
import io
import wave

import numpy as np
import pytest

from myelin import errors, random
from myelin.keras_script.names import TENSORFLOW
from tests.keras_script.tensorflow_cases import CASES


class Names:
    """`tf`, looked up in the table without installing stand-ins."""

    def __init__(self, path=""):
        self._path = path

    def __getattr__(self, name):
        target = TENSORFLOW.get(self._path, {}).get(name)
        if target is not None:
            module, _, attribute = target.partition(":")
            return getattr(importlib.import_module(f"myelin.{module}"), attribute)
        return Names(f"{self._path}.{name}".lstrip("."))


ours = tf = Names()


@pytest.mark.parametrize("path", TENSORFLOW)
def test_every_name_is_there(path):
    for name, target in TENSORFLOW[path].items():
        module, _, attribute = target.partition(":")
        assert hasattr(importlib.import_module(f"myelin.{module}"), attribute), name


@pytest.mark.parametrize("name", ["argmax", "one_hot", "control", "cross-entropies", "gather"])
def test_calls_give_something(name):
    assert CASES[name](ours) is not None


class TestDraws:
    def test_the_programs_seed(self):
        found = []
        for _ in range(2):
            tf.random.set_seed(5)
            found.append([
                float(number)
                for drawn in (
                    tf.random.normal([4], mean=3.0), tf.random.uniform((3,), 1, 2),
                    tf.random.normal([2], seed=7), tf.random.normal([2], seed=7),
                )
                for number in drawn
            ])  # fmt: skip
        assert found[0] == found[1]
        assert len(set(found[0])) == 11

    def test_what_they_are_like(self):
        normal = np.asarray(tf.random.normal([20000], mean=2.0, stddev=3.0))
        assert (normal.mean(), normal.std()) == pytest.approx((2, 3), rel=0.05)
        cut = np.asarray(tf.random.truncated_normal([20000], stddev=3.0))
        assert np.abs(cut).max() <= 6
        whole = np.asarray(tf.random.uniform([500], maxval=4, dtype="int64"))
        assert set(whole) == {0, 1, 2, 3}
        rows = np.asarray(tf.random.shuffle(np.arange(50)))
        assert sorted(rows) == list(range(50)) != list(rows)
        drawn = np.asarray(tf.random.categorical(np.log([[0.2, 0.8], [1.0, 1e-9]]), 4000))
        assert drawn.shape == (2, 4000)
        assert drawn.mean(1) == pytest.approx([0.8, 0], abs=0.03)
        with pytest.raises(errors.InputError, match="maxval"):
            tf.random.uniform([2], dtype="int32")

    def test_generators_of_their_own(self):
        one, other = (tf.random.Generator.from_seed(3) for _ in range(2))
        first = one.normal([3])
        np.testing.assert_array_equal(first, other.normal([3]))
        assert not np.array_equal(first, one.normal([3]))
        assert one.uniform([4], maxval=9).shape == (4,)

    def test_images(self):
        image = np.arange(24.0, dtype="f").reshape(2, 4, 3) / 24
        both = {np.asarray(tf.image.random_flip_left_right(image)).tobytes() for _ in range(20)}
        assert both == {image.tobytes(), image[:, ::-1].tobytes()}
        batch = np.stack([image] * 40)
        flipped = np.asarray(tf.image.random_flip_up_down(batch))
        assert 5 < (flipped[:, 0, 0, 0] == 0).sum() < 35
        for change in (
            lambda: tf.image.random_brightness(image, 0.2),
            lambda: tf.image.random_contrast(image, 0.5, 1.5),
            lambda: tf.image.random_saturation(image, 0.5, 1.5),
            lambda: tf.image.random_hue(image, 0.2),
        ):
            assert not np.array_equal(change(), change())
        part = tf.image.random_crop(image, [1, 2, 3])
        assert part.shape == (1, 2, 3)
        kept = np.asarray(tf.nn.dropout(np.ones(1000, "f"), rate=0.4))
        assert set(np.unique(kept)) == {0, np.float32(1 / 0.6)}


class TestFiles:
    def test_images(self, tmp_path):
        image_module = pytest.importorskip("PIL.Image")
        pixels = np.arange(60, dtype="uint8").reshape(4, 5, 3)
        image_module.fromarray(pixels).save(tmp_path / "x.png")
        raw = tf.io.read_file(str(tmp_path / "x.png"))
        np.testing.assert_array_equal(tf.io.decode_png(raw, channels=3), pixels)
        np.testing.assert_array_equal(tf.image.decode_image(raw), pixels)
        assert tf.io.decode_image(raw, channels=1, dtype="float32").shape == (4, 5, 1)
        paths = tf.data.Dataset.list_files(str(tmp_path / "*.png"))
        (read,) = paths.map(lambda path: tf.io.decode_jpeg(tf.io.read_file(path)))
        np.testing.assert_array_equal(read, pixels)
        with pytest.raises(errors.InputError, match="channels"):
            tf.io.decode_image(raw, channels=2)

    def test_sounds(self, tmp_path):
        held = io.BytesIO()
        with wave.open(held, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(8000)
            file.writeframes(np.array([0, 16384, -32768], "<i2").tobytes())
        audio, rate = tf.audio.decode_wav(held.getvalue(), desired_samples=5)
        np.testing.assert_array_equal(audio[:, 0], [0, 0.5, -1, 0, 0])
        assert int(rate) == 8000

    def test_folders_and_lines(self, tmp_path):
        path = str(tmp_path / "a" / "b.txt")
        tf.io.write_file(path, "one\r\ntwo\n")
        assert tf.io.read_file(path).numpy() == b"one\r\ntwo\n"
        assert tf.io.gfile.exists(path)
        assert tf.io.gfile.glob(str(tmp_path / "a" / "*")) == [path]
        assert [str(line) for line in tf.data.TextLineDataset(path)] == ["one", "two"]
        assert list(tf.data.TextLineDataset([path]).as_numpy_iterator()) == [b"one", b"two"]
        with pytest.raises(errors.InputError, match="nothing"):
            tf.data.Dataset.list_files(str(tmp_path / "*.png"))


def test_assertions_and_printing(capsys):
    tf.print("loss:", tf.constant([1.5, 2.0]))
    assert capsys.readouterr().err == "loss: [1.5 2. ]\n"
    tf.debugging.assert_equal(1, 1)
    with pytest.raises(errors.InputError, match="assert_less failed: too many"):
        tf.debugging.assert_less([1, 5], 3, message="too many")
    with pytest.raises(errors.InputError, match="failed"):
        tf.Assert(False, [np.arange(2)])
    with tf.device("/CPU:0"), tf.name_scope("part"), tf.control_dependencies([]):
        assert tf.no_op() is None


def test_augmentation_in_a_map_draws_anew_for_each_image():
    random.set_random_seed(1)

    def augment(image, label):
        image = tf.cast(image, tf.float32) / 255.0
        image = tf.image.random_flip_left_right(image)
        return tf.image.random_brightness(image, 0.3), label

    images = np.random.default_rng(0).integers(256, size=(20, 4, 4, 3)).astype("uint8")
    data = tf.data.Dataset.from_tensor_slices((images, np.arange(20)))
    data = data.shuffle(20).map(augment, num_parallel_calls=tf.data.AUTOTUNE).batch(8)
    shifts = []
    for x, y in data.prefetch(tf.data.AUTOTUNE):
        assert x.dtype == np.float32
        shifts += [float(a.mean() - images[n].mean() / 255) for a, n in zip(x, y, strict=True)]
    assert len({round(s, 6) for s in shifts}) == 20
