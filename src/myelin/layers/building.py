"""What `build` does beside making variables: the layer knows that it is built, and for what."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

import jax

_Build = TypeVar("_Build", bound=Callable[..., Any])


def marked(build: _Build) -> _Build:
    """A layer's `build` that also notes the shapes and that the layer is built.

    So a layer that another one builds in its own `build`, as Keras's programs do, is not built
    again when it is first called.
    """

    @functools.wraps(build)
    def method(layer: Any, *args: Any, **kwargs: Any) -> Any:
        if layer._building:
            # What a subclass calls of its base.
            return build(layer, *args, **kwargs)
        if layer._build_shape is None:
            given = inspect.signature(build).bind(layer, *args, **kwargs).arguments
            _note(layer, dict(list(given.items())[1:]), len(inspect.signature(build).parameters))
        object.__setattr__(layer, "_building", True)
        try:
            # Weights are numbers at once, also where a layer is first called while jax traces.
            with jax.ensure_compile_time_eval():
                result = build(layer, *args, **kwargs)
        finally:
            object.__setattr__(layer, "_building", False)
        layer.built = True
        return result

    return method  # type: ignore[return-value]


def _note(layer: Any, shapes: dict[str, Any], parameters: int) -> None:
    shapes = {name: shape for name, shape in shapes.items() if shape is not None}
    if not shapes:
        return
    layer._build_shape = next(iter(shapes.values()))
    if parameters > 2:
        layer._build_shapes = shapes
