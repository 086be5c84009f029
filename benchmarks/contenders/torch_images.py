"""The networks for images in PyTorch by hand, tuned as torch_loop.py is.

`--channels-last 1` lays images and kernels out as oneDNN likes them best, `--compile 1` compiles
augmentation, network and loss together; whichever is fastest counts.
"""

import protocol

clock = protocol.Clock()
import torch  # noqa: E402
from torch_networks import NETWORKS, augmented  # noqa: E402

clock.imported()
options = protocol.options("steps", "augment", "threads", "channels-last", "compile")
if options.threads:
    torch.set_num_threads(options.threads)
layout = torch.channels_last if options.channels_last else torch.contiguous_format

steps = options.steps or 50
(x_train, y_train), (x_test, y_test) = protocol.load_images(steps * options.batch_size)


def tensors(x, y):
    x = torch.from_numpy(x).permute(0, 3, 1, 2).contiguous(memory_format=layout)
    return x, torch.from_numpy(y).long()


x_train, y_train = tensors(x_train, y_train)
x_test, y_test = tensors(x_test, y_test)
model = NETWORKS[options.network]().to(memory_format=layout)
optimizer = torch.optim.Adam(model.parameters(), fused=True)


def loss_and_hits(x, y):
    logits = model(augmented(x) if options.augment else x)
    return torch.nn.functional.cross_entropy(logits, y), (logits.detach().argmax(1) == y).sum()


if options.compile:
    loss_and_hits = torch.compile(loss_and_hits, dynamic=False)

clock.begin()
for epoch in range(options.epochs):
    order = torch.randperm(len(x_train))
    batches = zip(
        x_train[order].contiguous(memory_format=layout).split(options.batch_size),
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

model.eval()
with torch.inference_mode():
    found = torch.cat([model(x).argmax(1) for x in x_test.split(options.batch_size)])
clock.finish((found == y_test).float().mean().item(), steps)
