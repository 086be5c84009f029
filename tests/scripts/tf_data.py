# A program with tf.data, tf.image and tf.nn, as in TensorFlow's tutorials.
import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

tf.random.set_seed(1)
AUTOTUNE = tf.data.AUTOTUNE

rng = np.random.default_rng(0)
labels = rng.integers(3, size=300)
noise = rng.normal(100, 20, size=(300, 8, 8, 3))
images = np.clip(noise + 40 * np.eye(3)[labels][:, None, None], 0, 255).astype("uint8")


def preprocess(image, label):
    image = tf.cast(image, tf.float32) / 255.0
    return image, tf.one_hot(label, 3)


def augment(image, label):
    image = tf.image.random_flip_left_right(image)
    return tf.image.random_brightness(image, 0.05), label


dataset = tf.data.Dataset.from_tensor_slices((images, labels)).map(preprocess, num_parallel_calls=AUTOTUNE)
train = dataset.skip(60).map(augment, num_parallel_calls=AUTOTUNE).shuffle(240).batch(32).prefetch(AUTOTUNE)
validation = dataset.take(60).batch(32).cache().prefetch(AUTOTUNE)

normalization = layers.Normalization()
normalization.adapt(dataset.map(lambda x, y: x).batch(50))
model = keras.Sequential(
    [
        keras.Input((8, 8, 3)),
        normalization,
        layers.Conv2D(8, 3, activation="relu"),
        layers.GlobalAveragePooling2D(),
        layers.Dense(3),
    ]
)
model.compile("adam", keras.losses.CategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
model.fit(train, validation_data=validation, epochs=15, verbose=0)


@tf.function
def loss_of(x, y):
    logits = model(x)
    return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=y, logits=logits))


for x, y in validation.take(1):
    print("batch:", x.shape, y.numpy().shape, x.dtype == np.float32)
    print("loss:", bool(loss_of(x, y) < 0.7), tf.argmax(model(x), axis=1).numpy().shape)
print("learned:", model.evaluate(validation, verbose=0)[1] > 0.8)
