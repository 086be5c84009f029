"""A small network learns from a large one, and from the labels.

    MYELIN_DATASETS=<folder> python examples/distillation.py        # mnist.npz in it
    python examples/distillation.py                                 # scikit-learn's small digits

The student's loss has two parts: the labels' cross-entropy, and how far its softened probabilities
are from the teacher's. After Hinton, Vinyals and Dean, Distilling the Knowledge in a Neural
Network, 2015.

On MNIST, three epochs each, it prints:

    teacher: accuracy 0.9848
    student of the labels: accuracy 0.9622
    student of the teacher: accuracy 0.9649
"""

import os

import myelin as keras
from myelin import layers, ops


def load_images(images=None):
    """Images `(n, side, side, 1)` from 0 to 1 with their labels, to train on and to judge."""
    if "MYELIN_DATASETS" in os.environ:
        (x, y), (x_test, y_test) = keras.datasets.mnist.load_data()
    else:
        (x, y), (x_test, y_test) = keras.datasets.digits.load_data()
    x, x_test = (part[..., None].astype("float32") / part.max() for part in (x, x_test))
    return (x[:images], y[:images]), (x_test, y_test)


def make_network(side, channels, name):
    """Two convolutions and a dense layer, which gives logits."""
    return keras.Sequential([
        keras.Input((side, side, 1)),
        layers.Conv2D(channels, 3, strides=2, padding="same", activation="relu"),
        layers.Conv2D(2 * channels, 3, strides=2, padding="same", activation="relu"),
        layers.Flatten(),
        layers.Dense(10),
    ], name=name)  # fmt: skip


class Distiller(keras.Model):
    """A student, and the teacher it listens to.

    Args:
        teacher: trained; it stays as it is.
        student: what is trained.
        temperature: how much both are softened, 1 for not at all.
        share: how much the labels count beside the teacher, from 0 to 1.
    """

    def __init__(self, teacher, student, temperature=5.0, share=0.1):
        super().__init__()
        teacher.trainable = False
        self.teacher, self.student = teacher, student
        self.temperature, self.share = temperature, share

    def call(self, x):
        return self.student(x)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        labels = super().compute_loss(x, y, y_pred, sample_weight)
        if not training:
            return labels
        soft = ops.softmax(self.teacher(x, training=False) / self.temperature)
        heard = ops.softmax(y_pred / self.temperature)
        apart = ops.mean(keras.losses.kl_divergence(soft, heard)) * self.temperature**2
        return self.share * labels + (1 - self.share) * apart


def main(images=None, epochs=3, verbose=2):
    """Trains teacher, student and a student without a teacher; returns their accuracies."""
    (x, y), test = load_images(images)
    side, loss = x.shape[1], keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    accuracies = {}

    def trained(name, model):
        keras.utils.set_random_seed(0)
        model.compile("adam", loss, metrics=["accuracy"])
        model.fit(x, y, batch_size=64, epochs=epochs, verbose=verbose)
        accuracies[name] = model.evaluate(*test, verbose=0, return_dict=True)["accuracy"]
        print(f"{name}: accuracy {accuracies[name]:.4f}")

    teacher = make_network(side, 64, "teacher")
    trained("teacher", teacher)
    trained("student of the labels", make_network(side, 4, "alone"))
    trained("student of the teacher", Distiller(teacher, make_network(side, 4, "student")))
    return accuracies


if __name__ == "__main__":
    main()
