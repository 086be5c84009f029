"""Members that are spread over several devices are what they are on one."""

import json
import os
import subprocess
import sys

import numpy as np

PROGRAM = """
import json, sys
import jax, numpy as np
import myelin as keras

rng = np.random.default_rng(0)
x = rng.normal(size=(67, 6)).astype("float32")
y = (x[:, 0] + x[:, 1] > 0).astype("int32")
model = keras.Sequential([
    keras.layers.Normalization(), keras.layers.Dense(8, activation="relu"),
    keras.layers.Dropout(0.3),
    keras.layers.Dense(2, activation="softmax"),
])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
stop = keras.callbacks.EarlyStopping(patience=1, restore_best_weights=True)
found = keras.cross_validate(model, x, y, cv=5, epochs=4, batch_size=16, callbacks=[stop],
                             class_weight="balanced", verbose=0)
members = keras.ensemble(model, 3)
members.fit(x, y, epochs=1, verbose=0)
print(json.dumps({
    "devices": jax.local_device_count(),
    "scores": {name: each.tolist() for name, each in found.scores.items()},
    "epochs": [len(fold.history["loss"]) for fold in found.folds],
    "predictions": np.asarray(found.predictions).tolist(),
    "ensemble": np.asarray(members.predict(x)).tolist(),
}))
"""


def found_on(devices):
    flags = f"{os.environ['XLA_FLAGS']} --xla_force_host_platform_device_count={devices}"
    # Several devices run XLA's own arithmetic, so one does here too.
    variables = {"XLA_FLAGS": flags, "MYELIN_NATIVE": "0", "JAX_PLATFORMS": "cpu"}
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False,
        env={**os.environ, **variables},
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    found = json.loads(ended.stdout.splitlines()[-1])
    assert found.pop("devices") == devices
    return found


def test_folds_and_ensembles_on_several_devices():
    # Three devices do not share five folds evenly, and have a member of the ensemble each.
    found, on_one = found_on(3), found_on(1)
    assert found["epochs"] == on_one["epochs"]
    for name, each in on_one["scores"].items():
        np.testing.assert_allclose(found["scores"][name], each, rtol=1e-4, atol=1e-6)
    for name in ("predictions", "ensemble"):
        np.testing.assert_allclose(found[name], on_one[name], rtol=1e-3, atol=1e-5)
