"""PyTorch by hand, tuned: tensors, no DataLoader, the fused Adam, nothing fetched in an epoch.

The epoch's rows are put in order once and then cut into views, which is faster than an
indexed read per step. Loss and accuracy are summed over the examples, as `fit` reports them.
"""

import protocol

clock = protocol.Clock()
import torch  # noqa: E402
from torch import nn  # noqa: E402

clock.imported()
options = protocol.options("threads", "compile")
torch.set_num_threads(options.threads or 1)

(x_train, y_train), (x_test, y_test) = protocol.load_data()
x_train = torch.from_numpy(x_train).reshape(-1, 784).float() / 255
x_test = torch.from_numpy(x_test).reshape(-1, 784).float() / 255
y_train, y_test = torch.from_numpy(y_train).long(), torch.from_numpy(y_test).long()

model = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
optimizer = torch.optim.Adam(model.parameters(), fused=True)


def loss_and_hits(x, y):
    logits = model(x)
    return nn.functional.cross_entropy(logits, y), (logits.detach().argmax(1) == y).sum()


if options.compile:
    loss_and_hits = torch.compile(loss_and_hits, dynamic=False)

clock.begin()
for epoch in range(options.epochs):
    order = torch.randperm(len(x_train))
    batches = zip(
        x_train[order].split(options.batch_size),
        y_train[order].split(options.batch_size),
        strict=True,
    )
    loss_sum, hits = torch.zeros(()), torch.zeros((), dtype=torch.long)
    for x, y in batches:
        loss, right = loss_and_hits(x, y)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        loss_sum += loss.detach() * len(x)
        hits += right
    n = len(x_train)
    print(f"epoch {epoch + 1}: loss {loss_sum.item() / n:.4f}, accuracy {hits.item() / n:.4f}")
    clock.epoch_done()

with torch.inference_mode():
    accuracy = (model(x_test).argmax(1) == y_test).float().mean().item()
clock.finish(accuracy)
