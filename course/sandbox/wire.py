"""The wire: plain values as bytes, between the grader and the worker that runs a student's code.

A frame is a header (magic, length of the skeleton, length of the buffers), a skeleton (the value as
JSON text) and buffers (raw bytes, one after the other in the order in which the skeleton asks for
them). None, bools, floats, small integers and ordinary strings stand for themselves; everything
else is a JSON array headed by its tag:

    ["int", hex]  ["str", length]  ["bytes", length]  ["list", item, …]  ["tuple", item, …]
    ["dict", key, value, …]  ["array", dtype, shape]  ["scalar", dtype]  ["handle", id, type name]

The worker may send anything at all. So `decode` runs nothing that a message names, uses each byte
once, and checks sizes, depth and hash collisions before it spends memory or time on them. Whatever
is wrong, on either side, is a `WireError`, in words that can be shown to a student.
"""

from __future__ import annotations

import json
import math
import re
import reprlib
import struct
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

_HEADER = struct.Struct("!4sIQ")
_MAGIC = b"CWR1"
HEADER_SIZE = _HEADER.size

# One code per numeric C type (bool, integers, floats, complex), always in native byte order.
_DTYPES = {code: np.dtype(code) for code in "?bhilqBHILQefdgFDG"}
_CODES = {dtype.type: code for code, dtype in _DTYPES.items()}
_TENSOR_LIBRARIES = frozenset({"tensorflow", "torch", "jax", "jaxlib", "keras"})
_MAX_AXES = 32
_MAX_INTEGER_BITS = 2**20
_MAX_TYPE_NAME = 200
_SMALL = 4096  # bytes; buffers up to this size are joined, so that scalars cost no write each
_HEX = re.compile(rf"-?0x[0-9a-f]{{1,{_MAX_INTEGER_BITS // 4}}}")
# Numbers, and tuples of them, are easily made to share one hash, and a dict of n such keys takes
# n**2 comparisons to build. Honest dicts have a few per hash (-1 and -2 share theirs).
_MAX_KEYS_PER_HASH = 16


class WireError(Exception):
    """A value that cannot cross the wire, or bytes that are no value."""


@dataclass(frozen=True)
class Limits:
    """The most that one frame holds: bytes of each part, levels of nesting, items of containers."""

    skeleton: int = 8 * 2**20
    buffers: int = 256 * 2**20
    depth: int = 64
    items: int = 1_000_000


@dataclass(frozen=True)
class HandleRef:
    """Stands for an object that stays in the worker."""

    id: int
    type_name: str


LIMITS = Limits()
Buffer = bytes | bytearray | memoryview
ToHandle = Callable[[object], HandleRef]


def pack_frame(value: object, to_handle: ToHandle | None = None) -> list[Buffer]:
    """Returns the pieces of a frame in the order to write them: header, skeleton, buffers."""
    skeleton, buffers = encode(value, to_handle)
    return [_HEADER.pack(_MAGIC, len(skeleton), sum(map(len, buffers))), skeleton, *buffers]


def unpack_header(header: bytes, limits: Limits = LIMITS) -> tuple[int, int]:
    """Returns the lengths of skeleton and buffers; WireError when they are not to be read."""
    if len(header) != HEADER_SIZE:
        raise WireError(f"a malformed message: {len(header)} of {HEADER_SIZE} bytes of its header")
    magic, skeleton_length, buffers_length = _HEADER.unpack(header)
    if magic != _MAGIC:
        raise WireError("a malformed message: it does not begin as one")
    if skeleton_length > limits.skeleton or buffers_length > limits.buffers:
        raise WireError(f"a message of {_size(skeleton_length + buffers_length)}, which is too big")
    return skeleton_length, buffers_length


def encode(
    value: object, to_handle: ToHandle | None = None, limits: Limits = LIMITS
) -> tuple[bytes, list[Buffer]]:
    """Returns the skeleton of a value and its buffers, which share the memory of its arrays.

    Subclasses of list, tuple, dict and ndarray cross as their base class, tensors that hold numbers
    as arrays. All else that is not plain (subclasses of int, float, str and bytes, bfloat16, sets)
    becomes what `to_handle` returns for it; without `to_handle` it is a WireError, as is a value
    beyond the limits.
    """
    encoder = _Encoder(to_handle, limits)
    node = encoder.node(value, 0)
    skeleton = json.dumps(node, ensure_ascii=False, separators=(",", ":")).encode()
    if len(skeleton) > limits.skeleton:
        raise _too_long(limits)
    return skeleton, encoder.buffers


def decode(skeleton: Buffer, buffers: Buffer, limits: Limits = LIMITS) -> Any:
    """Returns the value of hostile bytes: plain, its arrays owned, writable and native.

    Raises:
        WireError: the bytes are not exactly one value within the limits.
    """
    if len(skeleton) > limits.skeleton or len(buffers) > limits.buffers:
        raise WireError(f"a message of {_size(len(skeleton) + len(buffers))}, which is too big")
    try:
        node = json.loads(str(skeleton, "utf-8"), parse_int=_small_integer)
    except (ValueError, RecursionError) as error:
        raise WireError("a malformed message: its skeleton cannot be read as JSON") from error
    decoder = _Decoder(memoryview(buffers), limits)
    value = decoder.value(node, 0)
    if decoder.rest:
        raise WireError(f"a malformed message: {len(decoder.rest)} bytes stand for nothing")
    return value


class _Encoder:
    """Encodes one value. Counts before it copies: a list of lists of one list explodes."""

    def __init__(self, to_handle: ToHandle | None, limits: Limits) -> None:
        self.buffers: list[Buffer] = []
        self._to_handle = to_handle
        self._limits = limits
        self._items = self._text = self._bytes = 0

    def node(self, value: Any, depth: int) -> Any:
        """Returns what stands for a value in the skeleton. Trusts its type, not its methods."""
        kind = type(value)
        if value is None or kind is bool or kind is float:
            return value
        if kind is int:
            return self._integer(value)
        if kind is str:
            return self._string(value)
        if kind is bytes:
            return ["bytes", self._put(value, "a bytes object")]
        if issubclass(kind, list):
            return self._container("list", list.__len__(value), list.__iter__(value), depth)
        if issubclass(kind, tuple):
            return self._container("tuple", tuple.__len__(value), tuple.__iter__(value), depth)
        if issubclass(kind, dict):
            parts = chain.from_iterable(dict.items(value))
            return self._container("dict", 2 * dict.__len__(value), parts, depth)
        array = None if kind is HandleRef else _numeric_array(value)
        return self._handle(value) if array is None else self._array(array, kind)

    def _integer(self, value: int) -> Any:
        if abs(value) < 2**63:
            return value
        if value.bit_length() > _MAX_INTEGER_BITS:
            raise WireError(f"an integer of more than {_MAX_INTEGER_BITS} bits")
        return ["int", self._string(hex(value))]

    def _string(self, value: str) -> Any:
        self._spend_text(len(value))
        try:
            value.encode()
        except UnicodeEncodeError:  # JSON would join two lone surrogates into one character
            return ["str", self._put(value.encode("utf-8", "surrogatepass"), "a string")]
        return value

    def _container(self, tag: str, length: int, parts: Iterable[Any], depth: int) -> Any:
        self._items += length
        if self._items > self._limits.items:
            limit = f"{self._limits.items:,} items in all"
            raise WireError(f"a {tag} of more than {limit}; a long list of numbers can be an array")
        if depth == self._limits.depth:
            raise WireError(f"a {tag} nested more than {depth} levels deep, perhaps in itself")
        return [tag, *(self.node(part, depth + 1) for part in parts)]

    def _array(self, array: np.ndarray, kind: type) -> Any:
        code = _CODES[array.dtype.type]
        self._spend_bytes(_array_size(array.shape, array.itemsize, self._limits), "an array")
        flat = np.asarray(array, _DTYPES[code], order="C").reshape(-1)
        self._append(flat.view(np.uint8).data)
        scalar = issubclass(kind, np.generic)
        return ["scalar", code] if scalar else ["array", code, list(array.shape)]

    def _handle(self, value: object) -> Any:
        if type(value) is HandleRef:
            reference = value
        elif self._to_handle is not None:
            reference = self._to_handle(value)
        else:
            raise WireError(f"a value of type {type(value).__qualname__}, which is not plain data")
        name = reference.type_name.encode("utf-8", "replace").decode()
        self._spend_text(len(name))
        return ["handle", reference.id, name]

    def _put(self, data: bytes, what: str) -> int:
        self._spend_bytes(len(data), what)
        self._append(data)
        return len(data)

    def _append(self, data: bytes | memoryview) -> None:
        if len(data) > _SMALL:
            self.buffers.append(data)
        elif self.buffers and isinstance(self.buffers[-1], bytearray):
            self.buffers[-1] += data
        else:
            self.buffers.append(bytearray(data))

    def _spend_text(self, length: int) -> None:
        self._text += length
        if self._text > self._limits.skeleton:
            raise _too_long(self._limits)

    def _spend_bytes(self, size: int, what: str) -> None:
        self._bytes += size
        if self._bytes > self._limits.buffers:
            limit = _size(self._limits.buffers)
            raise WireError(f"{what} of {_size(size)}; at most {limit} can be returned in all")


class _Decoder:
    """Decodes one skeleton; each tag that refers to bytes takes the next ones of the buffers."""

    def __init__(self, buffers: memoryview, limits: Limits) -> None:
        self.rest = buffers
        self._limits = limits
        self._items = 0

    def value(self, node: Any, depth: int) -> Any:
        match node:
            case None | bool() | int() | float() | str():
                return node
            case ["list", *nodes]:
                return self._values(nodes, depth)
            case ["tuple", *nodes]:
                return tuple(self._values(nodes, depth))
            case ["dict", *nodes] if len(nodes) % 2 == 0:
                return _dict(self._values(nodes, depth))
            case ["array", str(code), list(shape)] if code in _DTYPES:
                return self._array(code, shape)
            case ["scalar", str(code)] if code in _DTYPES:
                return self._array(code, [])[()]
            case ["bytes", length]:
                return bytes(self._take(length))
            case ["str", length]:
                return self._string(length)
            case ["int", str(digits)] if _HEX.fullmatch(digits):
                return int(digits, 16)
            case ["handle", int(number), str(name)] if number >= 0 and type(number) is int:
                return HandleRef(number, name[:_MAX_TYPE_NAME])
        raise WireError(f"a malformed message: no value is written {reprlib.repr(node)}")

    def _values(self, nodes: list[Any], depth: int) -> list[Any]:
        self._items += len(nodes)
        if self._items > self._limits.items or depth == self._limits.depth:
            raise WireError("a malformed message: too many items, or nested too deep")
        return [self.value(node, depth + 1) for node in nodes]

    def _array(self, code: str, shape: list[Any]) -> np.ndarray:
        dtype = _DTYPES[code]
        data = self._take(_array_size(shape, dtype.itemsize, self._limits))
        # A bool whose byte is neither 0 nor 1 breaks NumPy's masks, so bools are made from bytes.
        stored = np.dtype(np.uint8) if dtype.kind == "b" else dtype
        return np.ndarray(shape, stored, data).astype(dtype)

    def _string(self, length: Any) -> str:
        try:
            return str(self._take(length), "utf-8", "surrogatepass")
        except UnicodeDecodeError as error:
            raise WireError("a malformed message: a string that is not UTF-8") from error

    def _take(self, length: Any) -> memoryview:
        if type(length) is not int or not 0 <= length <= len(self.rest):
            asked = reprlib.repr(length)
            raise WireError(f"a malformed message: {asked} bytes of {len(self.rest)}")
        taken, self.rest = self.rest[:length], self.rest[length:]
        return taken


def _dict(parts: list[Any]) -> dict[Any, Any]:
    keys, values = parts[::2], parts[1::2]
    try:
        crowd = max(Counter(map(hash, keys)).values(), default=0)
        if crowd > _MAX_KEYS_PER_HASH:
            raise WireError(f"a dict in which {crowd} keys share one hash")
        with np.errstate(all="ignore"):
            result = dict(zip(keys, values, strict=True))
    except (TypeError, OverflowError) as error:  # NumPy cannot compare a float to a huge int
        raise WireError("a dict with keys that cannot be hashed or compared") from error
    if len(result) < len(keys):
        raise WireError("a dict with one key twice")
    return result


def _numeric_array(value: object) -> np.ndarray | None:
    """Returns the numbers of an array, a NumPy scalar or a tensor; None when it has none."""
    kind = type(value)
    scalar = issubclass(kind, np.generic)
    try:
        if not scalar and not issubclass(kind, np.ndarray):
            library = kind.__module__.partition(".")[0]
            if library not in _TENSOR_LIBRARIES or not hasattr(kind, "__array__"):
                return None
        array = np.asarray(value)
    except Exception:  # a symbolic tensor has a value only later
        return None
    exact = array.dtype.type in _CODES and (not scalar or array.dtype.type is kind)
    return array if exact else None


def _array_size(shape: Iterable[Any], item_size: int, limits: Limits) -> int:
    """Returns the bytes of an array. Its shape is refused where looping over it would not end."""
    axes = list(shape)
    if len(axes) > _MAX_AXES or any(type(axis) is not int or axis < 0 for axis in axes):
        raise WireError(f"an array whose shape is not at most {_MAX_AXES} lengths")
    if 0 in axes and math.prod(axis or 1 for axis in axes) > limits.items:
        raise WireError(f"an empty array of shape {tuple(axes)}, which is too long")
    return math.prod(axes) * item_size


def _too_long(limits: Limits) -> WireError:
    limit = _size(limits.skeleton)
    return WireError(
        f"a value of more than {limit} of text; a long list of numbers can be an array"
    )


def _small_integer(digits: str) -> int:
    if len(digits) > 20:  # a sign and the 19 digits of 2**63; longer ones travel as hex
        raise ValueError("an integer that is too long")
    return int(digits)


def _size(size: int) -> str:
    return f"{size / 2**30:.1f} GB" if size >= 2**30 else f"{size / 2**20:.1f} MB"
