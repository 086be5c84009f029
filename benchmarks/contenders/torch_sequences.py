"""The networks of keras_sequences.py in PyTorch by hand, tuned as torch_loop.py is."""

import protocol

clock = protocol.Clock()
import torch  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

clock.imported()
options = protocol.options("steps", "threads", "compile", "sparse")
if options.threads:
    torch.set_num_threads(options.threads)
WORDS, LENGTH, SIZE = protocol.WORDS, protocol.LENGTH, 128


class Recurrent(nn.Module):
    def __init__(self, kind, bidirectional=False):
        super().__init__()
        self.embedding = nn.Embedding(WORDS, SIZE)
        self.steps = kind(SIZE, SIZE, batch_first=True, bidirectional=bidirectional)
        self.out = nn.Linear(SIZE * (1 + bidirectional), 1)
        self.both = bidirectional

    def forward(self, x):
        outputs, _ = self.steps(self.embedding(x))
        last = outputs[:, -1]
        if self.both:
            last = torch.cat([last[:, :SIZE], outputs[:, 0, SIZE:]], 1)
        return self.out(last)


class Characters(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(protocol.ALPHABET, 64)
        self.steps = nn.LSTM(64, 256, num_layers=2, batch_first=True)
        self.out = nn.Linear(256, protocol.ALPHABET)

    def forward(self, x):
        return self.out(self.steps(self.embedding(x))[0])


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(SIZE, 4, batch_first=True)
        self.one, self.two = nn.LayerNorm(SIZE), nn.LayerNorm(SIZE)
        self.wide, self.back = nn.Linear(SIZE, 2 * SIZE), nn.Linear(2 * SIZE, SIZE)

    def forward(self, x):
        x = self.one(x + self.attention(x, x, x, need_weights=False)[0])
        return self.two(x + self.back(functional.relu(self.wide(x))))


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(WORDS, SIZE)
        self.places = nn.Parameter(torch.rand(LENGTH, SIZE) * 0.1)
        self.blocks = nn.Sequential(Block(), Block())
        self.out = nn.Linear(SIZE, 1)

    def forward(self, x):
        return self.out(self.blocks(self.embedding(x) + self.places).mean(1))


class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, self.decoder = nn.Linear(784, 512), nn.Linear(16, 512)
        self.mean, self.log_variance = nn.Linear(512, 16), nn.Linear(512, 16)
        self.out = nn.Linear(512, 784)

    def forward(self, x):
        h = functional.relu(self.encoder(x))
        mean, log_variance = self.mean(h), self.log_variance(h)
        code = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
        apart = -0.5 * (1 + log_variance - mean**2 - log_variance.exp()).sum(1).mean() / 784
        return self.out(functional.relu(self.decoder(code))), apart


NETWORKS = {
    "lstm": lambda: Recurrent(nn.LSTM),
    "gru": lambda: Recurrent(nn.GRU),
    "bidirectional": lambda: Recurrent(nn.LSTM, bidirectional=True),
    "transformer": Transformer,
    "characters": Characters,
    "vae": VAE,
}
steps = options.steps or 50
x, y = (torch.from_numpy(a) for a in protocol.load_for(options.network, steps * options.batch_size))
y = y.long() if options.network == "characters" else y.float()
model = NETWORKS[options.network]()
optimizer = torch.optim.Adam(model.parameters(), fused=True)


def loss_of(x, y):
    outputs = model(x)
    if options.network == "characters":
        return functional.cross_entropy(outputs.flatten(0, 1), y.flatten())
    outputs, apart = outputs if options.network == "vae" else (outputs, 0)
    return functional.binary_cross_entropy_with_logits(outputs, y.view_as(outputs)) + apart


if options.compile:
    loss_of = torch.compile(loss_of, dynamic=False)

clock.begin()
for epoch in range(options.epochs):
    order = torch.randperm(len(x))
    total = torch.zeros(())
    batches = zip(
        x[order].split(options.batch_size), y[order].split(options.batch_size), strict=True
    )
    for a, b in batches:
        loss = loss_of(a, b)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        total += loss.detach() * len(a)
    print(f"epoch {epoch + 1}: loss {total.item() / len(x):.4f}")
    clock.epoch_done()

model.eval()
with torch.inference_mode():
    pairs = zip(x.split(options.batch_size), y.split(options.batch_size), strict=True)
    found = torch.stack([loss_of(a, b) for a, b in pairs]).mean()
clock.finish(found.item(), steps)
