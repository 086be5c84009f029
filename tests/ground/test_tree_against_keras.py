"""`keras.tree`: the same structures as Keras's."""

import collections

import pytest

from myelin import tree

keras = pytest.importorskip("keras")

Point = collections.namedtuple("Point", ["x", "y"])
Other = collections.namedtuple("Other", ["x", "y"])

STRUCTURES = [
    1,
    None,
    [],
    (1,),
    [1, [2, (3, None)], {}],
    {"b": 1, "a": [2, 3]},
    {2: "two", 10: "ten", 1: None},
    collections.OrderedDict([("b", 1), ("a", (2, 3))]),
    collections.defaultdict(list, {"b": [1], "a": 2}),
    Point(1, [2, {"z": 3, "y": 4}]),
    collections.deque([1, (2, 3)]),
]


@pytest.mark.parametrize("structure", STRUCTURES, ids=str)
def test_walks_are_kerass(structure):
    theirs = keras.tree
    assert tree.is_nested(structure) == theirs.is_nested(structure)
    assert tree.flatten(structure) == theirs.flatten(structure)
    assert tree.flatten_with_path(structure) == theirs.flatten_with_path(structure)
    for ours, wanted in (
        (tree.map_structure(str, structure), theirs.map_structure(str, structure)),
        (tree.map_structure(str, structure, none_is_leaf=False),
         theirs.map_structure(str, structure, none_is_leaf=False)),
        (tree.lists_to_tuples(structure), theirs.lists_to_tuples(structure)),
    ):  # fmt: skip
        assert ours == wanted
        assert type(ours) is type(wanted)
    count = len(tree.flatten(structure))
    assert tree.pack_sequence_as(structure, range(count)) == theirs.pack_sequence_as(
        structure, list(range(count))
    )


@pytest.mark.parametrize("top_down", [True, False])
@pytest.mark.parametrize("structure", STRUCTURES, ids=str)
def test_traversals_are_kerass(structure, top_down):
    seen = {}
    for library in (tree, keras.tree):
        visited = seen.setdefault(library, [])

        def visit(part, visited=visited, library=library):
            visited.append(part)
            if part == 3:
                return library.MAP_TO_NONE
            return "two" if part == 2 or part == [2, 3] else None

        visited.append(library.traverse(visit, structure, top_down))
    assert seen[tree] == seen[keras.tree]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([1, 2], [3, 4]),
        ([1, 2], (3, 4)),
        ([1, 2], [3]),
        ([1, [2]], [1, 2]),
        ({"a": 1}, {"b": 1}),
        ({"a": 1}, collections.OrderedDict(a=2)),
        (Point(1, 2), Other(1, 2)),
        (Point(1, 2), (1, 2)),
        (1, [1]),
    ],
)
def test_comparisons_are_kerass(one, other):
    for name in ("assert_same_structure", "assert_same_paths"):
        said = []
        for library in (tree, keras.tree):
            try:
                getattr(library, name)(one, other)
                said.append(True)
            except ValueError:
                said.append(False)
        assert said[0] == said[1], name


@pytest.mark.parametrize("library", [tree, keras.tree], ids=["ours", "theirs"])
def test_maps_of_several_and_up_to(library):
    assert library.map_structure(lambda a, b: a + b, [1, (2,)], [3, (4,)]) == [4, (6,)]
    assert library.map_structure_up_to([0, [0, 0]], str, [[1, 1], [2, 2]]) == [
        "[1, 1]",
        ["2", "2"],
    ]
    shapes = {"a": (1, None), "b": [(2, 3), (4,)]}
    assert library.map_shape_structure(len, shapes) == {"a": 2, "b": [2, 1]}
    with pytest.raises(ValueError):  # noqa: PT011
        library.map_structure(lambda a, b: a, [1], (1,))
    with pytest.raises(ValueError):  # noqa: PT011
        library.pack_sequence_as([1, 2], [3])


def test_all_of_kerass_names_are_there():
    assert {n for n in dir(keras.tree) if not n.startswith("_")} <= set(dir(tree))
