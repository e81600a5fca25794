"""What goes into a network and what comes out of it: names, shapes and types, as every exported format keeps them."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Port:
    """One input or output of a network.

    Args:
        name: As the network calls it; an output without a name is called `output`.
        shape: The batch axis first; None: any size.
        dtype: Such as "float32".
    Example:
        >>> Port("number", (None, 51), "float32").shape[1:]
        (51,)
    """

    name: str
    shape: tuple[int | None, ...]
    dtype: str


Ports = Port | dict[str, Port]
"""One, or several by name: the structure that the network itself takes and gives."""


@dataclass(frozen=True)
class Signature:
    """All inputs and outputs of one network.

    Example:
        >>> signature = Signature(Port("number", (None, 2), "float32"), {"score": Port("score", (None,), "float32")})
        >>> Signature.from_dict(signature.to_dict()) == signature
        True
    """

    inputs: Ports
    outputs: Ports

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        return {"inputs": _to_plain(self.inputs), "outputs": _to_plain(self.outputs)}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> "Signature":
        """What `to_dict` gave.

        Raises:
            KeyError, TypeError: If it is none.
        """
        return cls(_from_plain(content["inputs"]), _from_plain(content["outputs"]))


def flat(ports: Ports) -> Iterator[Port]:
    """The ports one after the other, in the order in which exported networks take and give them.

    Example:
        >>> [port.name for port in flat({"b": Port("b", (None,), "int32"), "a": Port("a", (None,), "int32")})]
        ['b', 'a']
    """
    yield from ports.values() if isinstance(ports, dict) else (ports,)


def signature_of(model) -> Signature:
    """The signature of a Keras model with one input, or a dict of them, and the same of outputs.

    Outputs are float32, whatever precision the network computes in.

    Raises:
        ValueError: If inputs or outputs stand in another structure.
    Example:
        >>> import keras
        >>> model = keras.Sequential([keras.Input((2,), name="number"), keras.layers.Dense(3)])
        >>> signature_of(model).outputs
        Port(name='output', shape=(None, 3), dtype='float32')
    """
    import keras

    if isinstance(model, keras.Sequential):
        return Signature(_ports(model.inputs[0], None), _ports(model.outputs[0], "output"))
    return Signature(_ports(model.input, None), _ports(model.output, "output"))


def _ports(tensors, name: str | None) -> Ports:
    if isinstance(tensors, dict):
        return {key: _port(tensor, key, named=name is None) for key, tensor in tensors.items()}
    if isinstance(tensors, list | tuple):
        raise ValueError(f"a network with {len(tensors)} inputs or outputs must name them in a dict")
    return _port(tensors, name or tensors.name, named=name is None)


def _port(tensor, name: str, *, named: bool) -> Port:
    dtype = str(tensor.dtype) if named else "float32"
    return Port(name, tuple(tensor.shape), dtype)


def _to_plain(ports: Ports) -> Any:
    plain = [asdict(port) | {"shape": list(port.shape)} for port in flat(ports)]
    return plain if isinstance(ports, dict) else plain[0]


def _from_plain(content: Any) -> Ports:
    if isinstance(content, list):
        return {entry["name"]: _from_plain(entry) for entry in content}
    return Port(content["name"], tuple(content["shape"]), content["dtype"])
