"""PyTorch by hand in a loop over the folds: tensors, no DataLoader, the fused Adam, one thread."""

import copy
import itertools

import folds_protocol as protocol
import numpy as np
import torch
from torch import nn

options = protocol.options()
work = protocol.WORKS[options.work]
torch.set_num_threads(1)
x, y = protocol.load(options.work)
x, y = torch.from_numpy(x), torch.from_numpy(y).long()


def make():
    sizes = (x.shape[1], *work.hidden)
    layers = []
    for inputs, outputs in itertools.pairwise(sizes):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(sizes[-1], work.classes))


clock = protocol.Clock()
epochs, scores = [], []
for train, held_out, test in protocol.folds(y.numpy()):
    model = make()
    optimizer = torch.optim.Adam(model.parameters(), fused=True)
    best, kept, waited = float("inf"), None, 0
    x_train, y_train = x[train], y[train]
    done = 0
    while done < work.epochs:
        done += 1
        order = torch.randperm(len(train))
        batches = zip(
            x_train[order].split(protocol.BATCH_SIZE),
            y_train[order].split(protocol.BATCH_SIZE),
            strict=True,
        )
        loss_sum, hits = torch.zeros(()), torch.zeros((), dtype=torch.long)
        for xb, yb in batches:
            logits = model(xb)
            loss = nn.functional.cross_entropy(logits, yb)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            loss_sum += loss.detach() * len(xb)
            hits += (logits.detach().argmax(1) == yb).sum()
        with torch.inference_mode():
            value = nn.functional.cross_entropy(model(x[held_out]), y[held_out]).item()
        waited += 1
        if value < best:
            best, kept, waited = value, copy.deepcopy(model.state_dict()), 0
        elif waited >= work.patience:
            break
    epochs.append(done)
    model.load_state_dict(kept)
    with torch.inference_mode():
        scores.append((model(x[test]).argmax(1) == y[test]).float().mean().item())
clock.finish(epochs, np.mean(scores))
