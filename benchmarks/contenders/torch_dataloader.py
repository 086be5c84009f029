"""PyTorch as its tutorials train: a DataLoader, a loss and an optimizer."""

import protocol

clock = protocol.Clock()
import torch  # noqa: E402
from torch import nn  # noqa: E402
from torch.utils.data import DataLoader, TensorDataset  # noqa: E402

clock.imported()
options = protocol.options("threads", "workers", "fused")
if options.threads:
    torch.set_num_threads(options.threads)

(x_train, y_train), (x_test, y_test) = protocol.load_data()
x_train = torch.from_numpy(x_train).float() / 255
x_test = torch.from_numpy(x_test).float() / 255
y_train, y_test = torch.from_numpy(y_train).long(), torch.from_numpy(y_test).long()
loader = DataLoader(
    TensorDataset(x_train, y_train),
    batch_size=options.batch_size,
    shuffle=True,
    num_workers=options.workers or 0,
    persistent_workers=bool(options.workers),
)

model = nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
loss_fn = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), fused=bool(options.fused))

clock.begin()
for epoch in range(options.epochs):
    loss_sum, hits = torch.zeros(()), torch.zeros((), dtype=torch.long)
    for x, y in loader:
        logits = model(x)
        loss = loss_fn(logits, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        loss_sum += loss.detach() * len(x)
        hits += (logits.detach().argmax(1) == y).sum()
    n = len(x_train)
    print(f"epoch {epoch + 1}: loss {loss_sum.item() / n:.4f}, accuracy {hits.item() / n:.4f}")
    clock.epoch_done()

with torch.inference_mode():
    accuracy = (model(x_test).argmax(1) == y_test).float().mean().item()
clock.finish(accuracy)
