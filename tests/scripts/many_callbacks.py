"""ModelCheckpoint, ReduceLROnPlateau and CSVLogger together; the checkpoint loads again."""

import csv

import numpy as np
from tensorflow import keras
from tensorflow.keras.callbacks import CSVLogger, ModelCheckpoint, ReduceLROnPlateau

keras.utils.set_random_seed(2)
rng = np.random.default_rng(2)
x = rng.normal(size=(160, 5)).astype("float32")
y = rng.integers(0, 3, size=160)

model = keras.models.Sequential([
    keras.layers.Dense(16, activation="relu", input_dim=5),
    keras.layers.Dense(3, activation="softmax"),
])
model.compile(optimizer=keras.optimizers.SGD(0.5, momentum=0.9),
              loss="sparse_categorical_crossentropy", metrics=["accuracy"])
callbacks = [
    ModelCheckpoint("best.keras", monitor="val_loss", save_best_only=True, verbose=0),
    ReduceLROnPlateau(monitor="val_loss", factor=0.2, patience=2, min_lr=0.001),
    CSVLogger("training.csv"),
]
history = model.fit(x, y, validation_split=0.2, epochs=12, batch_size=16,
                    callbacks=callbacks, verbose=0)

with open("training.csv", newline="") as file:
    rows = list(csv.DictReader(file))
print(len(rows), "epoch" in rows[0], "val_loss" in rows[0])
print("rate fell:", float(model.optimizer.learning_rate) < 0.5)
best = keras.models.load_model("best.keras")
again = best.evaluate(x[128:], y[128:], verbose=0)[0]
print("checkpoint:", bool(np.isclose(again, min(history.history["val_loss"]), rtol=1e-4)))
