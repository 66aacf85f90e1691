"""The wire: what crosses comes back equal, all else is refused, and hostile bytes do no harm."""

from __future__ import annotations

import ast
import datetime
import json
import pickle
import struct
import time
import tracemalloc
from collections import OrderedDict, namedtuple
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from course.sandbox import wire
from course.sandbox.wire import HandleRef, Limits, WireError, decode, encode

REPEATABLE = settings(
    deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)

HASH_MODULUS = 2**61 - 1
NUMERIC_CODES = "?bhilqBHILQefdgFDG"
NUMERIC_DTYPES = [np.dtype(code) for code in NUMERIC_CODES]


def joined(buffers: list[Any]) -> bytes:
    return b"".join(bytes(buffer) for buffer in buffers)


def round_trip(value: object, to_handle: wire.ToHandle | None = None) -> Any:
    skeleton, buffers = encode(value, to_handle)
    return decode(skeleton, joined(buffers))


def identical(a: Any, b: Any) -> bool:
    """Equality that tells apart 1, True and 1.0, 0.0 and -0.0.

    NaN equals NaN: any one as a Python float, the same bits in arrays and NumPy scalars.
    """
    if type(a) is not type(b):
        return False
    if isinstance(a, float) and not isinstance(a, np.generic):
        return repr(a) == repr(b)
    if isinstance(a, np.ndarray | np.generic):
        if a.dtype != b.dtype or a.shape != b.shape:
            return False
        if a.dtype.char in "gG":  # a long double has padding, whose bytes mean nothing
            parts = [(a.real, b.real), (a.imag, b.imag)]
            return all(np.array_equal(x, y, equal_nan=True) for x, y in parts) and all(
                np.array_equal(np.signbit(x), np.signbit(y)) for x, y in parts
            )
        return a.tobytes() == b.tobytes()
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(identical, a, b))
    if isinstance(a, dict):
        return identical(list(a), list(b)) and identical(list(a.values()), list(b.values()))
    return a == b


def plain_only(value: Any) -> bool:
    """Whether a decoded value consists of plain values and references to handles."""
    if isinstance(value, np.ndarray):
        return type(value) is np.ndarray and value.dtype in NUMERIC_DTYPES
    if type(value) in (list, tuple):
        return all(map(plain_only, value))
    if type(value) is dict:
        return all(map(plain_only, (*value.keys(), *value.values())))
    scalars = {dtype.type for dtype in NUMERIC_DTYPES}
    return type(value) in {type(None), bool, int, float, str, bytes, HandleRef, *scalars}


def survives(skeleton: bytes, buffers: bytes) -> None:
    """Decodes and lets nothing pass but a plain value or a WireError."""
    try:
        value = decode(skeleton, buffers)
    except WireError as error:
        assert len(str(error)) < 1000
    else:
        assert plain_only(value)


def written(node: Any) -> bytes:
    return json.dumps(node).encode()


def nested(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels - 1):
        value = [value]
    return value


def numeric_dtypes() -> st.SearchStrategy[np.dtype]:
    """Every numeric dtype, in either byte order."""
    orders = st.sampled_from("<>")
    return st.builds(np.dtype.newbyteorder, st.sampled_from(NUMERIC_DTYPES), orders)


@st.composite
def arrays(draw: st.DrawFn, max_side: int = 4) -> np.ndarray:
    """Arrays of any bits: 0-d, empty, strided, reversed, Fortran, big-endian, read-only."""
    dtype = draw(numeric_dtypes())
    shape = draw(npst.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=max_side))
    size = int(np.prod(shape)) * dtype.itemsize
    array = np.frombuffer(draw(st.binary(min_size=size, max_size=size)), np.uint8)
    if dtype.kind == "b":
        array = array % 2
    array = array.view(dtype).reshape(shape)
    if dtype.char in "gG":  # not every pattern of bits is a number
        with np.errstate(all="ignore"):
            array = np.nan_to_num(array.astype(complex if dtype.char == "G" else float))
            array = array.astype(dtype)
    if draw(st.booleans()):
        array = np.asfortranarray(array) if array.ndim else array
    steps = st.sampled_from([slice(None), slice(None, None, -1), slice(None, None, 2)])
    return array[(..., *(draw(steps) for _ in shape))]


native_scalars = (
    arrays(max_side=1)
    .filter(lambda array: array.size == 1)
    .map(lambda array: array.astype(array.dtype.newbyteorder("=")).reshape(-1)[0])
)
texts = st.text(st.characters(), max_size=8) | st.text("\ud83d\ude00\x00é", max_size=4)
atoms = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(2**200), 2**200),
    st.integers(60, 20_000).map(lambda bits: 3**bits),
    st.floats(),
    texts,
    st.binary(max_size=8),
    native_scalars,
)
keys = st.recursive(atoms, lambda key: st.lists(key, max_size=3).map(tuple), max_leaves=4)


def containers(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    lists = st.lists(values, max_size=4)
    return lists | lists.map(tuple) | st.dictionaries(keys, values, max_size=4)


plain = st.recursive(atoms | arrays().map(np.ascontiguousarray), containers, max_leaves=12)


@given(st.recursive(atoms, containers, max_leaves=12))
@settings(REPEATABLE, max_examples=300)
def test_a_plain_value_comes_back_identical(value: Any) -> None:
    assert identical(round_trip(value), value)


@given(arrays())
@settings(REPEATABLE, max_examples=300)
def test_an_array_comes_back_with_its_bits_shape_and_native_dtype(array: np.ndarray) -> None:
    expected = array.astype(array.dtype.newbyteorder("="), order="C")
    result = round_trip([array])[0]
    assert identical(result, expected)
    assert result.dtype.isnative
    assert result.flags.writeable
    assert result.flags.aligned


@pytest.mark.parametrize("code", NUMERIC_CODES)
def test_a_numpy_scalar_keeps_its_type(code: str) -> None:
    value = np.dtype(code).type(1)
    assert identical(round_trip(value), value)
    assert identical(round_trip({value: [value]}), {value: [value]})


@pytest.mark.parametrize(
    "value",
    [
        -0.0,
        float("nan"),
        float("-inf"),
        5e-324,
        2**63 - 1,
        2**63,
        -(2**63),
        -(2**63) - 1,
        2**69,
        2 ** (2**20) - 1,
        "",
        "\x00",
        "naïve 漢字 😀",
        "\ud83d\ude00",  # two lone surrogates, not 😀
        "\udfff",
        b"",
        bytes(range(256)) * 100,
        [],
        (),
        {},
        [[]],
        ([],),
        {(): {}},
        {1: "int", "1": "str", (1,): "tuple", b"1": "bytes", None: "none"},
        {True: "bool", 0.5: "float", (-1, (-2, "x")): "nested"},
        {(-1, -1): 0, (-1, -2): 1, (-2, -1): 2, (-2, -2): 3},  # all of one hash
        np.zeros((0,), np.int8),
        np.zeros((3, 0, 2), complex),
        np.array(7, np.uint16),
        np.zeros((1,) * 32),
        HandleRef(3, "keras.Model"),
    ],
    ids=lambda value: (
        repr(value)[:30] if not isinstance(value, int) else f"{value.bit_length()}bit"
    ),
)
def test_edges_come_back_identical(value: Any) -> None:
    assert identical(round_trip(value), value)


def test_a_nan_key_comes_back() -> None:
    [(key, value)] = round_trip({float("nan"): 1}).items()
    assert key != key
    assert value == 1


def test_bits_of_a_nan_in_an_array_are_kept() -> None:
    payload = np.array([0x7FF8DEADBEEF0001, 0xFFF0000000000001], np.uint64)
    assert (round_trip(payload.view(float)).view(np.uint64) == payload).all()


@pytest.mark.parametrize(
    "forged",
    [
        ["array", "d", [2**40]],
        ["handle", 1, "keras.Model"],
        ["bytes", 10],
        ("list", 1),
        ["dict", "k", "v"],
        ["int", "0xff"],
        {"list": ["tuple"]},
        '["array","d",[3]]',
        '"]]',
        ["list", ["list", ["list"]]],
    ],
)
def test_a_students_list_cannot_forge_a_tag(forged: Any) -> None:
    assert identical(round_trip(forged), forged)
    assert identical(round_trip([forged, {"k": forged}]), [forged, {"k": forged}])


# What is not plain


class LyingInt(int):
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = int.__hash__


class LyingStr(str):
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = str.__hash__


class LyingFloat(float):
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = float.__hash__


class LyingBytes(bytes):
    def __len__(self) -> int:
        return 10**12


class LyingList(list):
    def __iter__(self) -> Any:
        return iter(["forged"])

    def __len__(self) -> int:
        return -1

    def __eq__(self, other: object) -> bool:
        return True


class LyingDict(dict):
    def items(self) -> Any:
        raise SystemExit

    def __iter__(self) -> Any:
        raise SystemExit


class LyingArray(np.ndarray):
    shape = (10**9, 10**9)  # type: ignore[override]
    dtype = np.dtype(object)

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise SystemExit

    def __array_finalize__(self, obj: Any) -> None:
        pass


class PretendsToBeAList:
    __class__ = list  # type: ignore[assignment]


class LyingFloat64(np.float64):
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = np.float64.__hash__


def tensor_type(module: str, array: Callable[..., Any] | None) -> type:
    """A class that looks as if `module` had defined it; `array` is its `__array__`."""
    members: dict[str, Any] = {"__module__": module}
    if array is not None:
        members["__array__"] = array
    return type("Tensor", (), members)


def has_no_value_yet(*_: Any, **__: Any) -> Any:
    raise NotImplementedError("symbolic")


def test_containers_and_arrays_cross_as_their_base_class() -> None:
    point = namedtuple("point", "x y")
    values = [
        (point(1, 2), (1, 2)),
        (OrderedDict(a=1), {"a": 1}),
        (LyingList([1, 2]), [1, 2]),
        (LyingDict(a=1), {"a": 1}),
        (np.array([[1, 2]]).view(np.matrix), np.array([[1, 2]])),
        (np.ma.masked_array([1.0, 2.0], [True, False]), np.array([1.0, 2.0])),
        (np.arange(3.0).view(LyingArray), np.arange(3.0)),
    ]
    for value, expected in values:
        assert identical(round_trip([value]), [expected])


NOT_PLAIN = [
    object(),
    int,
    len,
    lambda: 0,
    range(3),
    iter([]),
    {1, 2},
    frozenset(),
    bytearray(b"x"),
    1j,
    datetime.date(2024, 1, 1),
    LyingInt(1),
    LyingStr("a"),
    LyingFloat(1.0),
    LyingBytes(b"x"),
    LyingFloat64(1.0),
    PretendsToBeAList(),
    np.str_("a"),
    np.datetime64("2024-01-01"),
    np.array([object()]),
    np.array(["a"]),
    np.array(["2024"], "datetime64[Y]"),
    np.zeros(2, [("a", int)]),
    np.array(b"bytes"),
    tensor_type("student", lambda *_, **__: np.ones(2))(),
    tensor_type("tensorflow.x", has_no_value_yet)(),
    tensor_type("tensorflow.x", lambda *_, **__: np.array(["text"], object))(),
    tensor_type("keras.src.models", None)(),
]


@pytest.mark.parametrize("value", NOT_PLAIN, ids=lambda value: type(value).__name__)
def test_anything_else_becomes_a_handle_or_is_refused_by_name(value: Any) -> None:
    kept: list[Any] = []

    def to_handle(thing: object) -> HandleRef:
        kept.append(thing)
        return HandleRef(len(kept) - 1, type(thing).__name__)

    first, second = HandleRef(0, type(value).__name__), HandleRef(1, type(value).__name__)
    assert round_trip([value, (1, value)], to_handle) == [first, (1, second)]
    assert kept[0] is value
    with pytest.raises(WireError, match=f"type .*{type(value).__name__}"):
        encode({"deep": [value]})


@pytest.mark.parametrize("library", ["tensorflow.python.x", "torch", "jaxlib._jax", "keras.src.x"])
def test_a_tensor_of_numbers_crosses_as_an_array(library: str) -> None:
    tensor = tensor_type(library, lambda *_, **__: np.ones((2, 1), np.float32))()
    assert identical(round_trip([tensor]), [np.ones((2, 1), np.float32)])


def test_a_key_that_is_not_plain_becomes_a_handle() -> None:
    handle = HandleRef(5, "Layer")
    assert round_trip({object(): 1}, lambda _: handle) == {handle: 1}


def test_a_long_or_broken_type_name_is_shortened() -> None:
    reference = round_trip(object(), lambda _: HandleRef(1, "\ud800" + "x" * 10_000))
    assert reference.id == 1
    assert len(reference.type_name) == 200


def test_nothing_is_ever_unpickled(tmp_path: Path) -> None:
    mark = tmp_path / "mark"

    class Bomb:
        def __reduce__(self) -> Any:
            return Path.touch, (mark,)

    payload = pickle.dumps(Bomb())
    round_trip([Bomb(), payload, np.array([Bomb()])], lambda _: HandleRef(0, "Bomb"))
    survives(payload, b"")
    survives(written(["array", "O", [1]]), payload)
    survives(written(["bytes", len(payload)]), payload)
    assert not mark.exists()
    pickle.loads(payload)
    assert mark.exists(), "the bomb of this test is a dud"


def test_the_module_imports_nothing_that_could_run_a_message() -> None:
    source = Path(wire.__file__).read_text(encoding="utf-8")
    imported = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            imported |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module or "")
    assert not imported & {"pickle", "marshal", "shelve", "copyreg", "importlib", "builtins"}
    for word in ("allow_pickle", "eval(", "exec(", "np.load", "__import__", "pickle"):
        assert word not in source


# What is too large


def cyclic() -> list[Any]:
    value: list[Any] = []
    value.append({"again": value})
    return value


def doubling() -> list[Any]:
    value: list[Any] = []
    for _ in range(60):
        value = [value, value]
    return value


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.broadcast_to(0.0, (2**20, 1280)), "an array of 10.0 GB; at most 256.0 MB can"),
        ([np.broadcast_to(0, (2**20, 17))] * 2, "an array of 136.0 MB; at most 256.0 MB can"),
        ([b"x" * 2**24] * 17, "a bytes object of 16.0 MB; at most"),
        (nested(65), "a list nested more than 64 levels deep"),
        (cyclic(), "nested more than 64 levels deep, perhaps in itself"),
        ([None] * 1_000_001, "a list of more than 1,000,000 items"),
        (["x" * 2**20] * 9, "more than 8.0 MB of text"),
        (["é" * 2**20] * 7, "more than 8.0 MB of text"),
        (1 << 2**20, "an integer of more than 1048576 bits"),
        (np.zeros((2**40, 0)), "an empty array of shape"),
        (np.zeros((1,) * 33), "at most 32 lengths"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_too_much_is_refused_in_words(value: Any, message: str) -> None:
    with pytest.raises(WireError, match=message):
        encode(value, lambda _: HandleRef(0, "object"))


def test_an_array_that_is_too_large_is_refused_before_it_is_copied() -> None:
    tracemalloc.start()
    try:
        with pytest.raises(WireError, match="an array of"):
            encode(np.broadcast_to(np.float32(1), (2**16, 2**16)))
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def test_a_large_array_is_not_copied() -> None:
    array = np.zeros(10_000)
    _, [buffer] = encode(array)
    assert np.shares_memory(np.frombuffer(buffer, np.uint8), array)


def test_small_buffers_are_joined() -> None:
    _, buffers = encode([np.float64(i) for i in range(1000)])
    assert len(buffers) == 1


def test_64_levels_cross() -> None:
    assert round_trip(nested(64)) == nested(64)


# Hostile bytes


@given(st.binary(max_size=60), st.binary(max_size=20))
@settings(REPEATABLE, max_examples=200)
def test_arbitrary_bytes_do_no_harm(skeleton: bytes, buffers: bytes) -> None:
    survives(skeleton, buffers)


TAGS = ["list", "tuple", "dict", "array", "scalar", "handle", "int", "str", "bytes", "set", "O"]
almost = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 9)
    | st.integers()
    | st.floats()
    | st.sampled_from([*TAGS, *NUMERIC_CODES, "0x1", "-0x", "0xg", "int32"])
    | st.text(max_size=3),
    lambda node: (
        st.lists(node, max_size=4)
        | st.builds(
            lambda tag, rest: [tag, *rest], st.sampled_from(TAGS), st.lists(node, max_size=4)
        )
        | st.dictionaries(st.text(max_size=3), node, max_size=2)
    ),
    max_leaves=12,
)


@given(almost, st.binary(max_size=40))
@settings(REPEATABLE, max_examples=500)
def test_almost_valid_skeletons_do_no_harm(node: Any, buffers: bytes) -> None:
    survives(written(node), buffers)


@given(plain, st.data())
@settings(REPEATABLE, max_examples=200)
def test_one_changed_byte_does_no_harm(value: Any, data: st.DataObject) -> None:
    header, skeleton, *rest = (bytes(piece) for piece in wire.pack_frame(value))
    frame = bytearray(header + skeleton + b"".join(rest))
    frame[data.draw(st.integers(0, len(frame) - 1))] = data.draw(st.integers(0, 255))
    header = bytes(frame[: wire.HEADER_SIZE])
    try:
        lengths = wire.unpack_header(header)
    except WireError:
        return
    assert lengths[0] <= wire.LIMITS.skeleton
    assert lengths[1] <= wire.LIMITS.buffers
    body = bytes(frame[wire.HEADER_SIZE :])
    survives(body[: lengths[0]], body[lengths[0] :])


@given(plain, st.data())
@settings(REPEATABLE, max_examples=150)
def test_a_truncated_or_lengthened_value_is_refused(value: Any, data: st.DataObject) -> None:
    skeleton, pieces = encode([value])
    buffers = joined(pieces)
    with pytest.raises(WireError):
        decode(skeleton[: data.draw(st.integers(0, len(skeleton) - 1))], buffers)
    with pytest.raises(WireError):
        decode(skeleton, buffers + b"\0")
    if buffers:
        with pytest.raises(WireError):
            decode(skeleton, buffers[: data.draw(st.integers(0, len(buffers) - 1))])


@pytest.mark.parametrize(
    ("skeleton", "buffers"),
    [
        (b"", b""),
        (b"\xff\xfe", b""),
        (b"[]", b""),
        (b"{}", b""),
        (b'{"list": []}', b""),
        (b"1 2", b""),
        (b"[" * 10**6, b""),
        (b'["list",' * 900 + b"0" + b"]" * 900, b""),
        (b'["bytes",' + b"[" * 900 + b"]" * 901, b"x"),
        (b'["array","d",' + b"[" * 900 + b"]" * 901, b"x"),
        (b"[" * 900 + b"]" * 900, b""),
        (b"9" * 10**6, b""),
        (b"9" * 21, b""),
        (written(["list", 0, *([["list"]] * 1_000_000)])[: 8 * 2**20 + 1], b""),
        (b"[" + b'"list",' + b"0," * 1_000_001 + b"0]", b""),
        (b'"' + b"x" * (8 * 2**20) + b'"', b""),
        (written(["set", 1]), b""),
        (written([["list"], 1]), b""),
        (written(["int", 5]), b""),
        (written(["int", "5"]), b""),
        (written(["int", "0x"]), b""),
        (written(["int", "0x1_0"]), b""),
        (written(["int", "0x1", "0x1"]), b""),
        (written(["int", "0x1\n"]), b""),
        (written(["int", "0x" + "f" * (2**18 + 1)]), b""),
        (written(["bytes"]), b""),
        (written(["bytes", True]), b"x"),
        (written(["bytes", 1.0]), b"x"),
        (written(["bytes", -1]), b"x"),
        (written(["bytes", 2]), b"x"),
        (written(["list", ["bytes", 1], ["bytes", 1]]), b"x"),
        (written(["str", 1]), b"\xff"),
        (written(["array", "O", [1]]), b"\0" * 8),
        (written(["array", "float64", [1]]), b"\0" * 8),
        (written(["array", "<f8", [1]]), b"\0" * 8),
        (written(["array", ["d"], [1]]), b"\0" * 8),
        (written(["array", "d", 1]), b"\0" * 8),
        (written(["array", "d", [True]]), b"\0" * 8),
        (written(["array", "d", [1.0]]), b"\0" * 8),
        (written(["array", "d", [-1]]), b"\0" * 8),
        (written(["array", "d", [-1, -1]]), b"\0" * 8),
        (written(["array", "d", ["1"]]), b"\0" * 8),
        (written(["array", "d", [1], 0]), b"\0" * 8),
        (written(["array", "d", [2]]), b"\0" * 8),
        (written(["array", "d", [2**61, 8]]), b""),
        (written(["array", "b", [2**62, 4]]), b""),
        (written(["array", "b", [2**63, 2**63]]), b""),
        (written(["array", "b", [2**40, 0]]), b""),
        (written(["array", "b", [2**63, 0, 2**63]]), b""),
        (written(["array", "b", [1] * 33]), b"\0"),
        (written(["array", "b", [1] * 100_000]), b"\0"),
        (written(["scalar", "O"]), b"\0" * 8),
        (written(["scalar", "d"]), b"\0" * 7),
        (written(["scalar", "d", []]), b"\0" * 8),
        (written(["dict", 1]), b""),
        (written(["dict", 1, 2, 1, 3]), b""),
        (written(["dict", 1, 2, True, 3]), b""),
        (written(["dict", ["list"], 1]), b""),
        (written(["dict", ["dict"], 1]), b""),
        (written(["dict", ["array", "b", []], 1]), b"\0"),
        (written(["dict", ["tuple", ["list"]], 1]), b""),
        (written(["handle"]), b""),
        (written(["handle", -1, "x"]), b""),
        (written(["handle", True, "x"]), b""),
        (written(["handle", 1.0, "x"]), b""),
        (written(["handle", 1, 2]), b""),
        (written(["handle", 1, "x", "y"]), b""),
        (written(None), b"unused"),
        (pickle.dumps([1, 2]), b""),
    ],
    ids=lambda part: repr(part[:40]),
)
def test_malformed_messages_are_refused(skeleton: bytes, buffers: bytes) -> None:
    with pytest.raises(WireError) as caught:
        decode(skeleton, buffers)
    assert len(str(caught.value)) < 1000


def test_a_bool_whose_byte_is_no_bool_is_made_one() -> None:
    array = decode(written(["array", "?", [3]]), b"\x00\x02\xff")
    assert array.view(np.uint8).tolist() == [0, 1, 1]
    assert decode(written(["scalar", "?"]), b"\x02").tobytes() == b"\x01"


def test_a_decoded_array_owns_its_memory() -> None:
    buffers = bytearray(8)
    array = decode(written(["array", "d", [1]]), buffers)
    buffers[:] = b"\xff" * 8
    assert array[0] == 0.0
    array[0] = 1.0


def colliding_integers(n: int) -> list[Any]:
    return [["int", hex(i * HASH_MODULUS)] for i in range(1, n + 1)]


def colliding_tuples(n: int) -> list[Any]:
    """hash(-1) == hash(-2), so tuples of them collide."""
    bits = [format(i, "016b") for i in range(n)]
    return [["tuple", *(-1 if bit == "0" else -2 for bit in row)] for row in bits]


@pytest.mark.parametrize("colliding", [colliding_integers, colliding_tuples])
def test_keys_made_to_collide_are_refused_quickly(colliding: Callable[[int], list[Any]]) -> None:
    skeleton = written(["dict", *(part for key in colliding(50_000) for part in (key, 0))])
    started = time.perf_counter()
    with pytest.raises(WireError, match="share one hash"):
        decode(skeleton, b"")
    assert time.perf_counter() - started < 5  # building the dict would take minutes


def test_keys_that_numpy_cannot_compare_are_refused() -> None:
    huge = ["int", hex(2 + HASH_MODULUS * 10**400)]
    with pytest.raises(WireError, match="compared"):
        decode(written(["dict", ["scalar", "d"], 0, huge, 0]), np.float64(2).tobytes())


def test_a_comparison_of_keys_does_not_warn() -> None:
    keys = ["dict", ["scalar", "e"], 0, 2.0**610, 0]  # of one hash, and float16 overflows
    assert len(decode(written(keys), np.float16(1).tobytes())) == 2


# Frames


def test_a_frame_is_a_header_a_skeleton_and_buffers() -> None:
    value = {"x": np.arange(5000), "name": b"x"}
    header, skeleton, *buffers = wire.pack_frame(value)
    assert len(header) == wire.HEADER_SIZE
    assert wire.unpack_header(bytes(header)) == (len(skeleton), len(joined(buffers)))
    assert identical(decode(skeleton, joined(buffers)), value)


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"CWR1",
        struct.pack("!4sIQ", b"HTTP", 1, 1),
        struct.pack("!4sIQ", b"CWR1", 8 * 2**20 + 1, 0),
        struct.pack("!4sIQ", b"CWR1", 1, 256 * 2**20 + 1),
        struct.pack("!4sIQ", b"CWR1", 2**32 - 1, 2**64 - 1),
        struct.pack("!4sIQ", b"CWR1", 1, 1) + b"\0",
    ],
)
def test_a_bad_header_is_refused(header: bytes) -> None:
    with pytest.raises(WireError):
        wire.unpack_header(header)


def test_a_list_that_shares_its_parts_does_not_explode() -> None:
    with pytest.raises(WireError, match="more than 1,000 items"):
        encode(doubling(), limits=Limits(items=1000))


def test_limits_can_be_narrowed() -> None:
    narrow = Limits(skeleton=100, buffers=100, depth=2, items=10)
    encode([[1]], limits=narrow)
    for value in (["x" * 101], [0.1234567890123] * 9, np.zeros(13), [[[1]]], [0] * 11):
        skeleton, buffers = encode(value)
        with pytest.raises(WireError):
            encode(value, limits=narrow)
        with pytest.raises(WireError):
            decode(skeleton, joined(buffers), narrow)
