"""From a torch module to a `Program`, by torch.export."""

from __future__ import annotations

import contextlib
import operator
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import fx, nn
from torch.utils import _pytree

from myelin.errors import InputError
from myelin.interop.torch.inward.program import Call, Program, Ref, Weight
from myelin.layers.shapes import Shape


def program_of(module: Any, example: Any) -> Program:
    """The program of a module, whose first axis of each input may have any size.

    Args:
        module: an `nn.Module`; it is left as it was.
        example: a tensor or a sequence of them.

    Raises:
        InputError: no module, no tensors, or one that torch.export cannot follow.
    """
    if not isinstance(module, nn.Module):
        raise InputError(f"from_torch wants an nn.Module, got {module!r}")
    arrays = _as_tensors(example)
    heads = {name for name, part in module.named_modules() if _is_attention(part)}
    with _as_in_eval(module), warnings.catch_warnings():
        # It tells of the flat list in which an LSTM keeps its weights again.
        warnings.simplefilter("ignore")
        try:
            found = exported(module, arrays)
        except Exception as error:
            raise InputError(
                f"from_torch: torch.export cannot follow {type(module).__name__}: "
                f"{str(error).strip().partition(chr(10))[0]}"
            ) from error
    program = _read(found)
    program.name, program.always = type(module).__name__, frozenset(heads)
    return program


def exported(module: nn.Module, arrays: Sequence[Any]) -> Any:
    """What torch.export finds, for any size of the first axis."""
    free = tuple({0: torch.export.Dim.AUTO} if a.ndim else None for a in arrays)
    return torch.export.export(module, tuple(arrays), dynamic_shapes=(*free,))


def _as_tensors(example: Any) -> list[Any]:
    given = list(example) if isinstance(example, list | tuple) else [example]
    arrays = [torch.as_tensor(one) for one in given]
    # A single example would be taken for the only size there is.
    return [torch.cat([a, a]) if a.ndim and a.shape[0] == 1 else a for a in arrays]


def _is_attention(module: nn.Module) -> bool:
    return isinstance(module, nn.MultiheadAttention)


@contextlib.contextmanager
def _as_in_eval(module: nn.Module) -> Iterator[None]:
    """A block in which no module trains, but for attention, which else forgets its dropout."""
    before = {part: part.training for part in module.modules()}
    fast = torch.backends.mha.get_fastpath_enabled()
    module.eval()
    for part in before:
        if _is_attention(part):
            part.training = True
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
        for part, training in before.items():
            part.training = training


def _read(found: Any) -> Program:
    signature = found.graph_signature
    named = {
        **signature.inputs_to_parameters, **signature.inputs_to_buffers,
        **signature.inputs_to_lifted_tensor_constants,
    }  # fmt: skip
    if signature.buffers_to_mutate:
        raise InputError(
            "from_torch: the module changes its buffers when it computes: "
            f"{', '.join(sorted(signature.buffers_to_mutate.values()))}"
        )
    inputs, weights, calls = [], {}, []
    outputs: Any = ()
    for node in found.graph.nodes:
        if node.op == "placeholder" and node.name in named:
            weights[node.name] = _weight(found, named[node.name])
        elif node.op == "placeholder":
            value = node.meta["val"]
            inputs.append((node.name, _sizes(value), str(value.dtype).removeprefix("torch.")))
        elif node.op == "call_function":
            calls.append(_call(node))
        elif node.op == "output":
            refs = [_plain(leaf) for leaf in node.args[0]]
            outputs = _pytree.tree_unflatten(refs, found.call_spec.out_spec)
    return Program(inputs, weights, calls, outputs)


def _weight(found: Any, name: str) -> Weight:
    kept = found.state_dict.get(name)
    value = found.constants[name] if kept is None else kept
    return Weight(name, value.detach().cpu().numpy().copy(), bool(value.requires_grad))


def _call(node: fx.Node) -> Call:
    target: Any = node.target
    if isinstance(target, torch._ops.OpOverload):
        names = [argument.name for argument in target._schema.arguments]
        given = dict(zip(names, node.args, strict=False)) | dict(node.kwargs)
        name = f"{target._schema.name.replace('::', '.')}.{target._overloadname}"
    elif target in (operator.getitem, operator.mul, operator.add, operator.sub, operator.floordiv):
        given, name = dict(zip("ab", node.args, strict=True)), target.__name__
    else:
        given, name = {}, getattr(target, "__name__", str(target))
    path, module = [*node.meta.get("nn_module_stack", {}).values(), ("", "")][-2:][0]
    kind = module if isinstance(module, str) else f"{module.__module__}.{module.__qualname__}"
    value = node.meta.get("val")
    shape = _sizes(value) if isinstance(value, torch.Tensor) else None
    return Call(name, {k: _plain(v) for k, v in given.items()}, node.name, path, kind, shape)


def _sizes(value: Any) -> Shape:
    return tuple(size if isinstance(size, int) else None for size in value.shape)


def _plain(value: Any) -> Any:
    """An argument without what is torch's own."""
    if isinstance(value, fx.Node):
        return Ref(value.name)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, torch.dtype):
        return str(value).removeprefix("torch.")
    return value if isinstance(value, bool | int | float | str | None) else None
