"""Whole Keras programs, run as they are by `python -m myelin`, say what they say on Keras."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parent / "scripts"
# The last lines of what each program prints, as patterns.
WANTED = {
    "class_weight": ["['accuracy', 'auc', 'loss', 'precision', 'recall']", "more are found: True"],
    "custom_callback": ["testing True", "predicted batch 0", "predicted batch 1"],
    "custom_layer": ["[(4, 16), (16,), (), (16, 1), (1,)] 98", "falls: True", "same: True"],
    "custom_loop": ["steps: 20 20", "falls: True True", "derivatives: 27.0 18.0"],
    "custom_loss": ["rmse ['loss', 'mse', 'rmse'] True", "with_ops ['loss', 'mse', 'rmse'] True"],
    "diffusion": ["['noise_loss', 'val_noise_loss'] 24", "falls: True"],
    "early_stopping": ["epochs: True True", "best weights: True"],
    "l2_regularizer": ["smaller: True", "penalty: True True"],
    "many_callbacks": ["12 True True", "rate fell: True", "checkpoint: True"],
    "regression": ["['loss', 'val_loss'] 60", "learned: True", "(7,)"],
    "text_classification": [
        "['', '[UNK]', 'great', 'film', 'awful']",
        "[[5 2 1 3 0 0]]",
        "learned: True",
        "told apart: (2, 1) True",
    ],
    "tf_data": ["batch: (32, 8, 8, 3) (32, 3) True", "loss: True (32,)", "learned: True"],
    "schedules": ["[0.1, 0.1, 0.05, 0.025]", "falls: True"],
}
ON_DATA = {
    "keras_mnist": [
        r"Test loss: 0\.[0-9]+",
        r"Test accuracy: 0\.9[0-9]+",
        r"\['accuracy', 'loss', 'val_accuracy', 'val_loss'\]",
    ],
    "tf_beginner": [r"313/313 .* accuracy: 0\.9[78].* loss: 0\..*", r"\[1\. 1\. 1\. 1\. 1\.\]"],
    "mnist_mlp": [r"313/313 .* accuracy: 0\.9[78].* loss: 0\..*", "accuracy above chance: True"],
}


def printed(name, folder):
    done = subprocess.run(
        [sys.executable, "-m", "myelin", str(SCRIPTS / f"{name}.py")],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("name", WANTED)
def test_a_program_says_what_it_says_on_keras(name, tmp_path):
    lines = printed(name, tmp_path)
    assert lines[-len(WANTED[name]) :] == WANTED[name]


@pytest.mark.dataset
@pytest.mark.skipif(
    not (Path(os.environ.get("MYELIN_DATASETS", "nowhere")) / "mnist.npz").is_file(),
    reason="needs mnist.npz in MYELIN_DATASETS",
)
@pytest.mark.parametrize("name", ON_DATA)
def test_a_program_on_mnist(name, tmp_path):
    lines = printed(name, tmp_path)[-len(ON_DATA[name]) :]
    assert all(map(re.fullmatch, ON_DATA[name], lines)), lines
