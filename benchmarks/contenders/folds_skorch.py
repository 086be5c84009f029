"""skorch under scikit-learn's cross_val_score, as its documentation shows."""

import itertools

import folds_protocol as protocol
import torch
from sklearn.model_selection import StratifiedKFold, cross_val_score
from skorch import NeuralNetClassifier
from skorch.callbacks import EarlyStopping
from torch import nn

options = protocol.options()
work = protocol.WORKS[options.work]
torch.set_num_threads(1)
x, y = protocol.load(options.work)
y = y.astype("int64")


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        sizes = (x.shape[1], *work.hidden)
        layers = []
        for inputs, outputs in itertools.pairwise(sizes):
            layers += [nn.Linear(inputs, outputs), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.Linear(sizes[-1], work.classes))

    def forward(self, rows):
        return self.layers(rows)


epochs = []


class Counting(NeuralNetClassifier):
    def fit(self, *arguments, **keywords):
        super().fit(*arguments, **keywords)
        epochs.append(len(self.history))
        return self


clock = protocol.Clock()
network = Counting(
    Network, criterion=nn.CrossEntropyLoss, optimizer=torch.optim.Adam, lr=0.001,
    optimizer__fused=True, max_epochs=work.epochs, batch_size=protocol.BATCH_SIZE, verbose=0,
    callbacks=[EarlyStopping(patience=work.patience + 1, load_best=True)],
    iterator_train__shuffle=True,
)  # fmt: skip
splitter = StratifiedKFold(protocol.FOLDS, shuffle=True, random_state=0)
scores = cross_val_score(network, x, y, cv=splitter)
clock.finish(epochs, scores.mean())
