"""scikit-learn's MLPClassifier: the same layers, Adam, batch and number of epochs.

`partial_fit` is one epoch with Adam's state kept, so five calls are `max_iter=5` of `fit`
with the clock read in between. The input is float32, which it computes in as it is.
"""

import numpy as np
import protocol

clock = protocol.Clock()
from sklearn.neural_network import MLPClassifier  # noqa: E402

clock.imported()
options = protocol.options()

(x_train, y_train), (x_test, y_test) = protocol.load_data()
x_train = x_train.reshape(-1, 784) / np.float32(255)
x_test = x_test.reshape(-1, 784) / np.float32(255)

model = MLPClassifier(
    hidden_layer_sizes=(128,), batch_size=options.batch_size, learning_rate_init=0.001, alpha=0
)
clock.begin()
for epoch in range(options.epochs):
    model.partial_fit(x_train, y_train, classes=np.arange(10))
    print(f"epoch {epoch + 1}: loss {model.loss_:.4f}")
    clock.epoch_done()

clock.finish(model.score(x_test, y_test))
