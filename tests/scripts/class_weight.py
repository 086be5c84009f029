"""Binary classification of unbalanced classes with class_weight and named metrics."""

import numpy as np
import keras
from keras import layers

keras.utils.set_random_seed(5)
rng = np.random.default_rng(5)
y = (rng.random(400) < 0.1).astype("int32").reshape(-1, 1)
x = (rng.normal(size=(400, 4)) + 0.7 * y).astype("float32")
neg, pos = np.bincount(y[:, 0])


def recall(class_weight):
    keras.utils.set_random_seed(5)
    model = keras.Sequential([
        layers.Input((4,)),
        layers.Dense(16, activation="relu"),
        layers.Dense(1, activation="sigmoid"),
    ])
    model.compile(
        optimizer=keras.optimizers.Adam(1e-2),
        loss=keras.losses.BinaryCrossentropy(),
        metrics=[
            keras.metrics.BinaryAccuracy(name="accuracy"),
            keras.metrics.Precision(name="precision"),
            keras.metrics.Recall(name="recall"),
            keras.metrics.AUC(name="auc"),
        ],
    )
    model.fit(x, y, batch_size=64, epochs=15, verbose=0, class_weight=class_weight)
    results = model.evaluate(x, y, return_dict=True, verbose=0)
    print(sorted(results))
    return results["recall"]


total = neg + pos
weighted = recall({0: total / (2.0 * neg), 1: total / (2.0 * pos)})
print("more are found:", weighted > recall(None))
