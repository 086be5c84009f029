"""Text classification as TensorFlow's tutorials write it: text into the model, and out of it."""

import re
import string

import numpy as np
import tensorflow as tf
from tensorflow.keras import layers, losses

tf.random.set_seed(1)
good = ["A <br />great, great film!", "great fun", "I loved this great film"]
bad = ["An awful film...", "awful, <br />just awful", "I hated this awful film"]
texts = np.array((good + bad) * 20)
labels = np.array(([1] * 3 + [0] * 3) * 20)


def custom_standardization(input_data):
    lowercase = tf.strings.lower(input_data)
    stripped_html = tf.strings.regex_replace(lowercase, '<br />', ' ')
    return tf.strings.regex_replace(stripped_html, '[%s]' % re.escape(string.punctuation), '')


vectorize_layer = layers.TextVectorization(
    standardize=custom_standardization,
    max_tokens=50,
    output_mode='int',
    output_sequence_length=6)
vectorize_layer.adapt(texts)
print(list(map(str, vectorize_layer.get_vocabulary()[:5])))
print(np.array(vectorize_layer(tf.constant(["this great, unknown film"]))))

model = tf.keras.Sequential([
    layers.Embedding(50, 8),
    layers.Dropout(0.2),
    layers.GlobalAveragePooling1D(),
    layers.Dropout(0.2),
    layers.Dense(1)])
model.compile(loss=losses.BinaryCrossentropy(from_logits=True), optimizer='adam',
              metrics=[tf.keras.metrics.BinaryAccuracy(threshold=0.0)])
history = model.fit(np.array(vectorize_layer(texts)), labels, epochs=30, verbose=0)
print("learned:", history.history["loss"][-1] < history.history["loss"][0])

export_model = tf.keras.Sequential([
    tf.keras.Input(shape=(1,), dtype=tf.string),
    vectorize_layer,
    model,
    layers.Activation('sigmoid')])
export_model.compile(loss=losses.BinaryCrossentropy(), optimizer="adam", metrics=['accuracy'])
examples = tf.constant([["great"], ["awful"]])
probabilities = np.array(export_model.predict(examples, verbose=0))
print("told apart:", probabilities.shape, bool(probabilities[0, 0] > probabilities[1, 0]))
