"""The confusion matrix as a metric of a Keras program: streamed, weighted, shared out."""

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from myelin import keras_script

RNG = np.random.default_rng(3)
CLASSES = RNG.integers(0, 3, 64)
VOTES = np.eye(3)[CLASSES] + RNG.random((64, 3))
WEIGHTS = RNG.random(64)


@pytest.fixture
def keras():
    """Myelin under the name that a script imports."""
    keras_script.install()
    import keras

    yield keras
    keras_script.uninstall()


@pytest.mark.parametrize("normalize", [None, "true", "pred", "all"])
def test_a_script_streams_and_weighs_it(keras, normalize):
    metric = keras.metrics.ConfusionMatrix(3, normalize=normalize, dtype="float32")
    for part in (slice(0, 10), slice(10, 11), slice(11, 64)):
        metric.update_state(CLASSES[part], VOTES[part], sample_weight=WEIGHTS[part])
    expected = confusion_matrix(
        CLASSES, VOTES.argmax(1), sample_weight=WEIGHTS, normalize=normalize
    )
    np.testing.assert_allclose(metric.result(), expected, rtol=1e-5)
    metric.reset_state()
    assert not np.asarray(metric.result()).any()
