"""Variables behave like the arrays they hold, and `bind` makes pure functions of them."""

import operator

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from myelin import Variable, dtypes, variable
from myelin.errors import InputError, ShapeError
from myelin.variable import bind, unfilled

VALUE = np.array([[1.0, -2.0, 3.0], [4.0, 5.0, -6.0]], np.float32)


class TestMaking:
    @pytest.mark.parametrize(
        ("given", "dtype"),
        [
            (1.5, "float32"),
            ([1, 2], "float32"),
            (np.arange(3), "int32"),
            (np.array([True]), "bool"),
            (jnp.ones(2, jnp.bfloat16), "bfloat16"),
        ],
    )
    def test_type_is_the_arrays_or_the_default(self, given, dtype):
        assert Variable(given).dtype == dtype

    @pytest.mark.parametrize("dtype", ["float16", np.float16, np.dtype("float16"), jnp.float16])
    def test_type_may_be_said_in_any_way(self, dtype):
        assert Variable([1.0], dtype=dtype).dtype == "float16"
        assert Variable(lambda shape, dtype: jnp.zeros(shape, dtype), (2,), dtype).shape == (2,)

    def test_a_function_gets_shape_and_type(self):
        asked = []

        def initializer(shape, dtype):
            asked.append((shape, dtype))
            return jnp.full(shape, 2.0, dtype)

        made = Variable(initializer, [2, 3], name="kernel")
        assert asked == [((2, 3), "float32")]
        assert (made.name, made.path, made.trainable) == ("kernel", "kernel", True)
        np.testing.assert_array_equal(made.numpy(), np.full((2, 3), 2.0))

    def test_sizes(self):
        made = Variable(VALUE)
        assert (made.shape, made.ndim, made.size, len(made)) == ((2, 3), 2, 6, 2)

    def test_it_keeps_its_own_copy(self):
        array = jnp.ones(3)
        made, other = Variable(array), Variable(jnp.zeros(3))
        other.assign(array)
        pointers = [a.unsafe_buffer_pointer() for a in (array, made.value, other.value)]
        assert len(set(pointers)) == 3

    def test_repr_says_what_it_is(self):
        text = repr(Variable([1.0], name="bias"))
        assert "path=bias, shape=(1,), dtype=float32" in text


class TestAssigning:
    def test_value_is_cast_to_its_type(self):
        made = Variable([1.0, 2.0])
        assert made.assign(np.array([3, 4], np.int64)).dtype == jnp.float32
        assert made.numpy().tolist() == [3.0, 4.0]

    def test_another_variable(self):
        made = Variable([1.0])
        made.assign(Variable([5.0]))
        made.assign_add([1.0])
        made.assign_sub(Variable([2.0]))
        assert made.numpy().tolist() == [4.0]

    def test_other_shape_names_both_and_the_variable(self):
        made = Variable([1.0, 2.0], name="bias")
        with pytest.raises(ShapeError, match=r'"bias": wants shape \(2,\), got \(3,\)'):
            made.assign([1.0, 2.0, 3.0])
        with pytest.raises(ShapeError):
            made.assign(1.0)
        assert made.numpy().tolist() == [1.0, 2.0]

    def test_numpy_gives_a_copy(self):
        made = Variable([1.0])
        made.numpy()[0] = 7.0
        assert made.numpy().tolist() == [1.0]


BINARY = ["add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "lt", "le", "gt", "ge"]


class TestArithmetic:
    @pytest.mark.parametrize("name", BINARY)
    def test_operators_are_those_of_numpy(self, name):
        apply, made, other = getattr(operator, name), Variable(np.abs(VALUE)), VALUE + 0.5
        wanted = apply(np.abs(VALUE), np.abs(other))
        for right in (np.abs(other), jnp.asarray(np.abs(other)), Variable(np.abs(other))):
            np.testing.assert_allclose(apply(made, right), wanted, rtol=1e-5)
        np.testing.assert_allclose(apply(made, 2.0), apply(np.abs(VALUE), 2.0), rtol=1e-5)
        np.testing.assert_allclose(apply(2.0, made), apply(2.0, np.abs(VALUE)), rtol=1e-5)

    def test_numpy_on_the_left_does_not_take_it_apart(self):
        made = Variable(VALUE)
        np.testing.assert_allclose(np.asarray(VALUE + made), VALUE + VALUE)
        np.testing.assert_allclose(np.asarray(VALUE @ Variable(VALUE.T)), VALUE @ VALUE.T)

    def test_matmul_and_signs(self):
        made = Variable(VALUE)
        np.testing.assert_allclose(made @ VALUE.T, VALUE @ VALUE.T)
        np.testing.assert_allclose(-made, -VALUE)
        np.testing.assert_allclose(+made, VALUE)
        np.testing.assert_allclose(abs(made), np.abs(VALUE))

    def test_equality_is_elementwise_as_in_keras(self):
        np.testing.assert_array_equal(np.asarray(Variable(VALUE) == VALUE), VALUE == VALUE)
        np.testing.assert_array_equal(np.asarray(Variable(VALUE) != 1.0), VALUE != 1.0)

    def test_it_can_still_be_a_key(self):
        made = Variable([1.0])
        assert {made: "mine"}[made] == "mine"

    def test_numpy_and_jax_take_it(self):
        made = Variable(VALUE)
        np.testing.assert_array_equal(np.asarray(made), VALUE)
        assert np.asarray(made, dtype=np.float64).dtype == np.float64
        np.testing.assert_array_equal(jnp.asarray(made) * 1, VALUE)
        np.testing.assert_array_equal(made[0], VALUE[0])

    def test_scalars_become_python_numbers(self):
        made = Variable(2.5)
        assert (float(made), int(made), bool(made), f"{made:.2f}") == (2.5, 2, True, "2.50")


class TestAutocast:
    def test_floats_are_handed_out_short_and_kept_long(self):
        weight, count = Variable([1.0]), Variable(np.array([1]))
        exact = Variable([1.0], autocast=False)
        with variable.autocast("bfloat16"):
            given = [v.value.dtype.name for v in (weight, count, exact)]
            with variable.autocast(None):
                assert weight.value.dtype == jnp.float32
            assert (weight + 0.0).dtype == jnp.bfloat16
        assert given == ["bfloat16", "int32", "float32"]
        assert weight.value.dtype == jnp.float32

    def test_an_error_inside_ends_it(self):
        weight = Variable([1.0])
        with pytest.raises(KeyError), variable.autocast("float16"):
            raise KeyError
        assert weight.value.dtype == jnp.float32


class TestBind:
    def test_gradients_reach_through_it(self):
        made = Variable([1.0, 2.0])

        def loss(values):
            with bind({"w": made}, values):
                return (made * made.value).sum()

        gradient = jax.jit(jax.grad(loss))({"w": jnp.array([3.0, 4.0])})
        np.testing.assert_allclose(gradient["w"], [6.0, 8.0])
        assert made.numpy().tolist() == [1.0, 2.0]

    def test_assignments_come_out_and_do_not_stay(self):
        made, other = Variable(1.0), Variable(5.0)

        @jax.jit
        def step(values):
            with bind({"count": made, "other": other}, values) as after:
                made.assign_add(1.0)
                assert not after
            return after

        assert {k: float(v) for k, v in step({"count": 10.0}).items()} == {"count": 11.0}
        assert (float(made), float(other)) == (1.0, 5.0)

    def test_an_error_inside_leaves_all_as_it_was(self):
        made = Variable(1.0)
        with pytest.raises(ZeroDivisionError), bind({"a": made}, {"a": jnp.array(2.0)}) as after:
            raise ZeroDivisionError
        assert float(made) == 1.0
        assert after == {}

    def test_an_unknown_path_changes_nothing(self):
        made = Variable(1.0)
        with pytest.raises(KeyError), bind({"a": made}, {"a": 2.0, "b": 3.0}):
            pass
        assert float(made) == 1.0

    def test_numpy_on_the_left_works_while_compiled(self):
        made = Variable(VALUE)

        @jax.jit
        def computed(values):
            with bind({"w": made}, values):
                return VALUE + made, np.float32(2) * made, VALUE.T @ made

        for got, wanted in zip(
            computed({"w": VALUE}), (VALUE * 2, VALUE * 2, VALUE.T @ VALUE), strict=True
        ):
            np.testing.assert_allclose(got, wanted)

    def test_scan_and_vmap_take_it(self):
        made = Variable(0.0)

        def body(carry, x):
            with bind({"sum": made}, {"sum": carry}) as after:
                made.assign_add(x)
            return after["sum"], None

        total, _ = jax.lax.scan(body, jnp.float32(0), jnp.arange(5.0))
        assert float(total) == 10.0
        each, _ = jax.vmap(body, (0, 0))(jnp.arange(3.0), jnp.arange(3.0))
        assert each.tolist() == [0.0, 2.0, 4.0]


class TestRoom:
    def test_what_fits_is_made(self):
        with variable.room(6):
            assert Variable(jnp.zeros, (2, 3)).size == 6

    def test_what_does_not_fit_is_refused_before_it_is_made(self):
        def never(shape, dtype):
            raise AssertionError("memory was taken")

        with variable.room(5), pytest.raises(InputError, match=r"\(1000000000, 3\)"):
            Variable(never, (10**9, 3), name="kernel")

    def test_all_variables_share_it(self):
        with variable.room(5):
            Variable(jnp.zeros, (3,))
            with pytest.raises(InputError):
                Variable(jnp.zeros, (3,))

    def test_it_ends_with_its_block(self):
        with pytest.raises(KeyError), variable.room(1):
            raise KeyError
        assert Variable(jnp.zeros, (3,)).size == 3

    def test_an_inner_room_is_its_own(self):
        with variable.room(3):
            with variable.room(100):
                Variable(jnp.zeros, (50,))
            Variable(jnp.zeros, (3,))


def test_float_default_follows_floatx():
    dtypes.set_floatx("bfloat16")
    try:
        assert Variable(1.0).dtype == "bfloat16"
    finally:
        dtypes.set_floatx("float32")


def test_an_assigned_numpy_array_stays_the_callers():
    # At an address that is a multiple of 64 jax would take the memory as it is.
    memory = np.zeros(4096 * 4 + 64, np.uint8)
    start = -memory.ctypes.data % 64
    array = memory[start : start + 4096 * 4].view(np.float32)
    own = Variable(np.ones(4096, np.float32))
    own.assign(array)
    array[:] = 5
    assert not own.numpy().any()


def test_variables_for_a_file_get_their_first_values_only_where_nothing_else_comes():
    made = []

    def first(shape, dtype):
        made.append(shape)
        return jnp.full(shape, 2.0, dtype)

    with unfilled():
        left, read, given = (Variable(first, (2, size)) for size in (1, 2, 3))
        assert [own.shape for own in (left, read, given)] == [(2, 1), (2, 2), (2, 3)]
        assert made == []
        given.assign(np.ones((2, 3)))
        np.testing.assert_array_equal(read.value, np.full((2, 2), 2.0))
        assert made == [(2, 2)]
    assert made == [(2, 2), (2, 1)]
    np.testing.assert_array_equal(left.numpy(), np.full((2, 1), 2.0))
    np.testing.assert_array_equal(given.numpy(), np.ones((2, 3)))
