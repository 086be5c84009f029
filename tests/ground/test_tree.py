"""`myelin.tree` by hand; beside Keras's in test_tree_against_keras.py."""

import collections

import pytest

from myelin import errors, tree

Point = collections.namedtuple("Point", ["x", "y"])


def test_structures_are_walked_and_packed():
    structure = {"b": [1, (2, None)], "a": Point(3, collections.deque([4]))}
    assert tree.flatten(structure) == [3, 4, 1, 2, None]
    assert tree.flatten_with_path({"k": [5]}) == [(("k", 0), 5)]
    packed = tree.pack_sequence_as(structure, "vwxyz")
    assert packed == {"b": ["x", ("y", "z")], "a": Point("v", collections.deque(["w"]))}
    assert list(packed) == ["b", "a"]
    ordered = collections.OrderedDict(b=1, a=2)
    assert tree.flatten(ordered) == [1, 2]
    assert tree.flatten({1: "one", "a": "letter"}) == ["one", "letter"]
    counts = tree.map_structure(str, collections.defaultdict(int, a=1))
    assert counts.default_factory is int


def test_maps_and_traversals():
    assert tree.map_structure(lambda a, b: a + b, [1, (2,)], [3, (4,)]) == [4, (6,)]
    assert tree.map_structure(str, [None, 1], none_is_leaf=False) == [None, "1"]
    assert tree.map_structure_up_to([0, [0]], len, [[1, 1], [(2, 2)]]) == [2, [2]]
    assert tree.map_shape_structure(len, {"a": (1, None), "b": [(2, 3), "x"]}) == {
        "a": 2,
        "b": [2, 1],
    }
    assert tree.lists_to_tuples([1, {"a": [2]}]) == (1, {"a": (2,)})
    drop = lambda part: tree.MAP_TO_NONE if part == 1 else None  # noqa: E731
    assert tree.traverse(drop, [1, [1, 2]]) == [None, [None, 2]]


@pytest.mark.parametrize(
    "call",
    [
        lambda: tree.map_structure(str),
        lambda: tree.map_structure_up_to([1], str),
        lambda: tree.map_structure(max, [1], (1,)),
        lambda: tree.map_structure(max, 1, [1]),
        lambda: tree.pack_sequence_as([1], [1, 2]),
        lambda: tree.assert_same_structure({"a": 1}, {"b": 1}),
        lambda: tree.assert_same_structure([1], [1, 2]),
        lambda: tree.assert_same_paths([1], {"a": 1}),
    ],
)
def test_structures_that_differ_are_an_error(call):
    with pytest.raises(errors.InputError):
        call()


def test_what_agrees_passes():
    tree.assert_same_structure({"a": [1]}, collections.OrderedDict(a=[2]))
    tree.assert_same_paths([1, 2], (1, 2))
    with pytest.raises(TypeError):
        tree.map_structure("text", [1])
