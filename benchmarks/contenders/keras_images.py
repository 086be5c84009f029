"""Three networks for images as tutorials build them, run by Keras and by Myelin alike.

    KERAS_BACKEND=jax python keras_images.py --network resnet --augment 1     Keras
    python -m myelin keras_images.py --network resnet --augment 1             Myelin

Only the clock is added. `--steps` says how many batches an epoch has. Two options let Keras be
tuned: `--steps-per-execution`, and `--jit 0` or `1`.
"""

import protocol

clock = protocol.Clock()
import keras  # noqa: E402
from keras import layers  # noqa: E402

clock.imported()


class Clock(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        clock.begin()

    def on_epoch_end(self, epoch, logs=None):
        clock.epoch_done()


def cnn():
    return keras.Sequential([
        keras.Input((28, 28, 1)),
        layers.Conv2D(32, 3, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Conv2D(64, 3, activation="relu"),
        layers.MaxPooling2D(2),
        layers.Flatten(),
        layers.Dropout(0.5),
        layers.Dense(10, activation="softmax"),
    ])  # fmt: skip


def normalized(x, activation=True):
    # The statistics of these few steps would not settle with the momentum of 0.99.
    x = layers.BatchNormalization(momentum=0.9)(x)
    return layers.ReLU()(x) if activation else x


def residual(x, filters, strides):
    """Two convolutions beside a shortcut, which is projected where the shape changes."""
    y = layers.Conv2D(filters, 3, strides, padding="same", use_bias=False)(x)
    y = layers.Conv2D(filters, 3, padding="same", use_bias=False)(normalized(y))
    if strides > 1:
        x = layers.Conv2D(filters, 1, strides, use_bias=False)(x)
        x = normalized(x, activation=False)
    return layers.ReLU()(layers.Add()([normalized(y, activation=False), x]))


def resnet(augment):
    """ResNet-8: the form for CIFAR in He et al. (2016), section 4.2, with n = 1."""
    inputs = x = keras.Input((32, 32, 3))
    if augment:
        x = layers.RandomFlip("horizontal")(x)
        x = layers.RandomRotation(0.05)(x)
        x = layers.RandomZoom(0.1)(x)
    x = normalized(layers.Conv2D(16, 3, padding="same", use_bias=False)(x))
    for filters, strides in ((16, 1), (32, 2), (64, 2)):
        x = residual(x, filters, strides)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(x))


def separable():
    """Depthwise and pointwise convolutions after a first plain one, as in MobileNet (2017)."""
    inputs = keras.Input((32, 32, 3))
    x = normalized(layers.Conv2D(32, 3, padding="same", use_bias=False)(inputs))
    for filters, strides in ((64, 1), (128, 2), (128, 1), (256, 2)):
        x = layers.SeparableConv2D(filters, 3, strides, padding="same", use_bias=False)(x)
        x = normalized(x)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(x))


options = protocol.options("steps", "augment", "steps-per-execution", "jit")
tuning = {}
if options.steps_per_execution:
    tuning["steps_per_execution"] = options.steps_per_execution
if options.jit is not None:
    tuning["jit_compile"] = bool(options.jit)

steps = options.steps or 50
(x_train, y_train), (x_test, y_test) = protocol.load_images(steps * options.batch_size)
model = {"cnn": cnn, "resnet": lambda: resnet(options.augment), "separable": separable}[
    options.network
]()
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], **tuning)
model.fit(
    x_train, y_train, batch_size=options.batch_size, epochs=options.epochs, callbacks=[Clock()]
)
loss, accuracy = model.evaluate(x_test, y_test, batch_size=options.batch_size)
clock.finish(accuracy, steps)
