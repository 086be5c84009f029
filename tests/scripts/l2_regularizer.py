"""kernel_regularizer=l2(0.01): the penalty is in the loss, and the weights are smaller for it."""

import numpy as np
from tensorflow.keras.layers import Dense, Dropout
from tensorflow.keras.models import Sequential
from tensorflow.keras.regularizers import l2
from tensorflow.keras.utils import set_random_seed

rng = np.random.default_rng(1)
x = rng.normal(size=(120, 6)).astype("float32")
y = (x @ rng.normal(size=(6, 1)) > 0).astype("float32")


def norm(regularizer):
    set_random_seed(0)
    model = Sequential()
    model.add(Dense(32, input_shape=(6,), activation="relu", kernel_regularizer=regularizer))
    model.add(Dropout(0.1))
    model.add(Dense(1, activation="sigmoid", kernel_regularizer=regularizer))
    model.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
    model.fit(x, y, epochs=20, batch_size=16, verbose=0)
    penalty = sum(float(each) for each in model.losses)
    return sum(float((w ** 2).sum()) for w in model.get_weights() if w.ndim == 2), penalty


plain, nothing = norm(None)
small, penalty = norm(l2(0.01))
print("smaller:", small < plain)
print("penalty:", nothing == 0, bool(np.isclose(penalty, 0.01 * small, rtol=1e-4)))
