"""TensorFlow's functions under their own names and with their own arguments and defaults.

table      which function stands behind which name
calling    `name=` and other arguments that only TensorFlow has
numbers    tf.math, and the same at the root
arrays     making, arranging, choosing and scattering
networks   tf.nn
draws      tf.random
matrices   tf.linalg
images     tf.image
signals    tf.signal
files      tf.io and tf.audio
control    tf.function, loops, assertions, printing
"""
