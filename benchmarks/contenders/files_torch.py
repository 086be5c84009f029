"""PyTorch: torch.save and load, safetensors, and predictions without gradients."""

import files_protocol as protocol
import torch
from safetensors.torch import load_file, save_file
from torch import nn

options = protocol.options()


def files():
    width = options.width
    model = nn.Sequential(*(nn.Linear(width, width, bias=False) for _ in range(2)))
    for layer, matrix in zip(model, protocol.matrices(width), strict=True):
        layer.weight.data = torch.from_numpy(matrix)
    own, safe = options.folder / "model.pt", options.folder / "torch.safetensors"
    return {
        **protocol.saved_and_loaded(
            "torch.save", own, lambda: torch.save(model.state_dict(), own),
            lambda: model.load_state_dict(torch.load(own)),
        ),
        **protocol.saved_and_loaded(
            "safetensors", safe, lambda: save_file(model.state_dict(), safe),
            lambda: model.load_state_dict(load_file(safe)),
        ),
    }  # fmt: skip


def predict():
    model = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10), nn.Softmax(-1)).eval()

    def predicted(x):
        with torch.inference_mode():
            return model(torch.from_numpy(x)).numpy()

    return protocol.predicted(predicted)


protocol.finish({"files": files, "predict": predict}[options.task]())
