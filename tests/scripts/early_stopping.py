"""EarlyStopping on the validation loss, with the best weights brought back."""

import numpy as np
from tensorflow import keras
from tensorflow.keras import layers
from tensorflow.keras.callbacks import EarlyStopping

keras.utils.set_random_seed(812)
rng = np.random.default_rng(0)
x = rng.normal(size=(200, 8)).astype("float32")
y = (x[:, 0] + 0.5 * rng.normal(size=200) > 0).astype("int32")

model = keras.Sequential([
    keras.Input(shape=(8,)),
    layers.Dense(64, activation="relu"),
    layers.Dense(64, activation="relu"),
    layers.Dense(2, activation="softmax"),
])
model.compile(optimizer=keras.optimizers.Adam(learning_rate=0.01),
              loss="sparse_categorical_crossentropy", metrics=["accuracy"])
callback = EarlyStopping(monitor="val_loss", patience=3, restore_best_weights=True)
history = model.fit(x, y, epochs=60, batch_size=20, validation_split=0.25,
                    callbacks=[callback], verbose=0)

losses = history.history["val_loss"]
print("epochs:", len(losses) < 60, len(losses) == int(np.argmin(losses)) + 4)
again = model.evaluate(x[150:], y[150:], verbose=0)[0]
print("best weights:", bool(np.isclose(again, min(losses), rtol=1e-4)))
