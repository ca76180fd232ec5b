"""A number that remembers how it was computed, and the derivative of anything with respect to it.

An operation here states two things at once: its result, and its *local gradients*, one factor per
child, the slope of the result with respect to that child with everything else held still. They are
plain numbers, computed on the way forward and kept in the node, so the whole chain rule can be
looked at before any backward pass has run. `backward` then only multiplies and adds.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import count, groupby
from operator import attrgetter
from typing import Protocol, cast

Id = int | str | tuple[str, int, int]
"""What a gradient is filed under: a leaf's name, a parameter's (matrix, row, column), or the
creation number of a computed value."""

Gradients = dict[Id, float]

# Later nodes get higher numbers, so creation order is a topological order for free: a value can
# only be computed from values that exist already.
_creation_numbers = count()


class UndefinedError(ArithmeticError):
    """The operation has no finite real result, or no finite slope, at these numbers."""


class DuplicateNameError(ValueError):
    """Two different leaves of one graph carry the same name, so their gradients would be mixed."""


class Value:
    """A number: given, as a leaf, or computed from others, which it then remembers.

    Immutable by convention: nothing in this package writes to a Value after it was made.

    Attributes:
        data: the number itself.
        id: a leaf's name or a parameter's (matrix, row, column), else the creation number.
        children: the values that this one was computed from; empty for a leaf.
        local_gradients: d(self)/d(child) for each child, in the same order.
        operation: which rule made it: "add", "mul", "pow", …, or "leaf".
        constants: the plain numbers that the rule used besides its children.
    """

    __slots__ = ("data", "id")

    children: tuple[Value, ...] = ()
    local_gradients: tuple[float, ...] = ()
    operation: str = "leaf"
    constants: tuple[float, ...] = ()
    family: Family | None = None

    def __init__(self, data: float, id: Id) -> None:
        self.data = data
        self.id = id

    @classmethod
    def leaf(cls, data: float, id: Id | None = None) -> Value:
        """A value that was given, not computed: `Value.leaf(3.0, "a")`."""
        return Value(float(data), next(_creation_numbers) if id is None else id)

    def __repr__(self) -> str:
        return f"Value(data={self.data:.6g}, operation={self.operation!r}, id={self.id!r})"

    # Each operation below: the result, the children, the local gradients, and the rule's name.
    # A plain number beside a Value becomes a constant of the node, not a node of its own.

    def __add__(self, other: Value | float) -> Value:
        """d(a + b) = da + db"""
        if isinstance(other, Value):
            return Computed(self.data + other.data, (self, other), (1.0, 1.0), "add")
        return Computed(self.data + other, (self,), (1.0,), "add", (other,))

    def __mul__(self, other: Value | float) -> Value:
        """d(a · b) = b · da + a · db"""
        if isinstance(other, Value):
            return Computed(self.data * other.data, (self, other), (other.data, self.data), "mul")
        return Computed(self.data * other, (self,), (float(other),), "mul", (other,))

    def __sub__(self, other: Value | float) -> Value:
        """d(a - b) = da - db"""
        if isinstance(other, Value):
            return Computed(self.data - other.data, (self, other), (1.0, -1.0), "sub")
        return Computed(self.data - other, (self,), (1.0,), "sub", (other,))

    def __rsub__(self, other: float) -> Value:
        """d(k - a) = -da"""
        return Computed(other - self.data, (self,), (-1.0,), "rsub", (other,))

    def __neg__(self) -> Value:
        """d(-a) = -da"""
        return Computed(-self.data, (self,), (-1.0,), "neg")

    def __truediv__(self, other: Value | float) -> Value:
        """d(a / b) = da / b - a / b² · db"""
        if isinstance(other, Value):
            quotient = _divide(self.data, other.data)
            slopes = (_divide(1.0, other.data), -_divide(quotient, other.data))
            return Computed(quotient, (self, other), slopes, "div")
        return Computed(_divide(self.data, other), (self,), (_divide(1.0, other),), "div", (other,))

    def __rtruediv__(self, other: float) -> Value:
        """d(k / a) = -k / a² · da"""
        quotient = _divide(other, self.data)
        return Computed(quotient, (self,), (-_divide(quotient, self.data),), "rdiv", (other,))

    def __pow__(self, other: Value | float) -> Value:
        """d(aᵏ) = k · aᵏ⁻¹ · da, and d(aᵇ) = b · aᵇ⁻¹ · da + aᵇ · ln a · db"""
        if isinstance(other, Value):
            _check_base(self.data, other.data)
            power = _power(self.data, other.data)
            slopes = (
                _slope_by_base(self.data, other.data),
                _slope_by_exponent(self.data, other.data, power),
            )
            return Computed(power, (self, other), slopes, "pow")
        power = _power(self.data, other)
        return Computed(power, (self,), (_slope_by_base(self.data, other),), "pow", (other,))

    def __rpow__(self, other: float) -> Value:
        """d(kᵃ) = kᵃ · ln k · da"""
        _check_base(other, self.data)
        power = _power(other, self.data)
        slope = _slope_by_exponent(other, self.data, power)
        return Computed(power, (self,), (slope,), "rpow", (other,))

    def exp(self) -> Value:
        """d(eᵃ) = eᵃ · da"""
        try:
            result = math.exp(self.data)
        except OverflowError:
            raise UndefinedError(
                f"exp({self.data:g}) overflows; the largest argument is about 709"
            ) from None
        return Computed(result, (self,), (result,), "exp")

    def log(self) -> Value:
        """d(ln a) = da / a"""
        if self.data <= 0:
            raise UndefinedError(
                f"log({self.data:g}) is undefined; the logarithm needs a positive number"
            )
        return Computed(math.log(self.data), (self,), (_divide(1.0, self.data),), "log")

    def relu(self) -> Value:
        """d(max(0, a)) = da where a > 0, else 0"""
        if self.data > 0:
            return Computed(self.data, (self,), (1.0,), "relu")
        return Computed(0.0, (self,), (0.0,), "relu")

    def tanh(self) -> Value:
        """d(tanh a) = (1 - tanh² a) · da"""
        result = math.tanh(self.data)
        return Computed(result, (self,), (1.0 - result * result,), "tanh")

    __radd__ = __add__
    __rmul__ = __mul__


class Computed(Value):
    """A value that remembers: what it was computed from, by which rule, and its slopes there."""

    __slots__ = ("children", "constants", "local_gradients", "operation")

    def __init__(
        self,
        data: float,
        children: tuple[Value, ...],
        local_gradients: tuple[float, ...],
        operation: str,
        constants: tuple[float, ...] = (),
    ) -> None:
        self.data = data
        self.id = next(_creation_numbers)
        self.children = children
        self.local_gradients = local_gradients
        self.operation = operation
        self.constants = constants


def _divide(dividend: float, divisor: float) -> float:
    """dividend / divisor, or an UndefinedError that says what is wrong."""
    if divisor == 0:
        raise UndefinedError(
            f"division by zero: {dividend:g} / 0 is undefined; the divisor must not be 0"
        )
    quotient = dividend / divisor
    if math.isinf(quotient):
        raise UndefinedError(f"{dividend:g} / {divisor:g} overflows; the divisor is too close to 0")
    return quotient


def _check_base(base: float, exponent: float) -> None:
    if base <= 0:
        raise UndefinedError(
            f"{_in_power(base, exponent)}: a variable exponent needs a positive base"
        )


def _power(base: float, exponent: float) -> float:
    """base ** exponent over the reals, or an UndefinedError that says what is wrong."""
    try:
        power: float | complex = base**exponent
    except ZeroDivisionError:
        raise UndefinedError(
            f"{_in_power(base, exponent)} is undefined; a negative power needs a base other than 0"
        ) from None
    except OverflowError:
        raise UndefinedError(f"{_in_power(base, exponent)} overflows") from None
    if isinstance(power, complex):
        raise UndefinedError(
            f"{_in_power(base, exponent)} is not a real number; "
            "a fractional power needs a base that is not negative"
        )
    return power


def _slope_by_base(base: float, exponent: float) -> float:
    """k · aᵏ⁻¹"""
    if exponent == 0:
        return 0.0
    try:
        slope = exponent * _power(base, exponent - 1)
    except UndefinedError:
        slope = math.inf
    return _finite_slope(slope, base, exponent)


def _slope_by_exponent(base: float, exponent: float, power: float) -> float:
    """aᵇ · ln a"""
    return _finite_slope(power * math.log(base), base, exponent)


def _finite_slope(slope: float, base: float, exponent: float) -> float:
    if math.isinf(slope):
        raise UndefinedError(f"{_in_power(base, exponent)} has no finite slope here")
    return slope


def _in_power(base: float, exponent: float) -> str:
    return f"({base:g}) ** {exponent:g}" if base < 0 else f"{base:g} ** {exponent:g}"


class Member(Value):
    """One of several values that were computed in one go, such as a row of a matrix product.

    A value like any other, with children and local gradients; only that it works them out from its
    family when somebody asks, because `backward` does not: it deals with the family as a whole.
    """

    __slots__ = ("family", "index")

    family: Family

    def __init__(self, data: float, family: Family, index: int) -> None:
        self.data = data
        self.id = next(_creation_numbers)
        self.family = family
        self.index = index

    @property
    def children(self) -> tuple[Value, ...]:  # type: ignore[override]
        return self.family.children(self.index)

    @property
    def local_gradients(self) -> tuple[float, ...]:  # type: ignore[override]
        return self.family.local_gradients(self.index)

    @property
    def operation(self) -> str:  # type: ignore[override]
        return self.family.operation


class Family(Protocol):
    """Values computed in one go by the same rule. `gpt.scalar.families` has them all."""

    operation: str
    size: int

    def children(self, index: int) -> tuple[Value, ...]:
        """What member `index` was computed from."""

    def local_gradients(self, index: int) -> tuple[float, ...]:
        """d(member)/d(child) for each of those children."""

    def sources(self) -> Iterable[Value]:
        """All values, parameters aside, that any member was computed from."""

    def hand_down(
        self, gradients: Sequence[float], into: GradientSums, uses: ParameterUses
    ) -> None:
        """Add gradient × local gradient to each source's sum, for all members at once."""


GradientSums = defaultdict[Value, float]
"""d(root)/d(value) as far as it has been summed up."""

ParameterUses = defaultdict["Parameters", list[tuple[Sequence[float], Sequence[float]]]]
"""For each matrix W the pair (gradient of y, x) of every product y = W·x it takes part in."""


class Parameters(Protocol):
    """A matrix of leaves whose gradients are summed up at the very end."""

    def hand_down(
        self, uses: Sequence[tuple[Sequence[float], Sequence[float]]], into: GradientSums
    ) -> Gradients:
        """The gradients by id, except of those leaves that `into` knows: their share goes there."""


def computed_values(root: Value) -> list[Value]:
    """Every computed value that `root` rests on, and itself, in the order of their creation.

    Families count as one: what any member was computed from is among them, even where `root` rests
    on other members only.

    Walks whole generations at a time with set operations: no recursion, so a chain of 100,000
    values is no deeper than one of three.
    """
    reached: set[Value] = set()
    generation = {root}
    families: set[Family] = set()
    while generation:
        reached |= generation
        sources: list[Iterable[Value]] = []
        for value in generation:
            if type(value) is Computed:
                sources.append(value.children)
            elif type(value) is Member and value.family not in families:
                families.add(value.family)
                sources.append(value.family.sources())
        generation = set().union(*sources) - reached
    return sorted((v for v in reached if type(v) is not Value), key=attrgetter("id"))


def backward(root: Value) -> Gradients:
    """d(root)/d(value) for every value that `root` rests on, by its id. Changes nothing.

    Reverse-mode differentiation: each value, once its own gradient is complete, hands each child
    gradient × local gradient. It is complete when all its parents had their turn, and going
    through the values from the newest to the oldest sees to that. A value with several parents
    (`a * a`) sums what they hand it.

    Raises:
        DuplicateNameError: two different leaves have one id.
    """
    gradients: GradientSums = defaultdict(float, {root: 1.0})
    uses: ParameterUses = defaultdict(list)
    newest_first = reversed(computed_values(root))
    # A family was created in one go, so it stands together here, and all parents of any member are
    # newer than any other member.
    for family, values in groupby(newest_first, key=attrgetter("family")):
        if family is None:
            for value in values:
                gradient = gradients[value]
                for child, local_gradient in zip(
                    value.children, value.local_gradients, strict=True
                ):
                    gradients[child] += gradient * local_gradient
        else:
            of_members = [0.0] * family.size
            for member in cast(Iterable[Member], values):
                of_members[member.index] = gradients[member]
            family.hand_down(of_members, gradients, uses)
    of_parameters = [matrix.hand_down(its_uses, gradients) for matrix, its_uses in uses.items()]
    return _by_id(gradients, of_parameters)


def _by_id(gradients: GradientSums, of_parameters: Sequence[Gradients]) -> Gradients:
    """All gradients in one map, or a DuplicateNameError if two would be filed under one id."""
    by_id = {value.id: gradient for value, gradient in gradients.items()}
    n_values = len(gradients)
    for more in of_parameters:
        by_id.update(more)
        n_values += len(more)
    if len(by_id) < n_values:
        ids = [id for more in of_parameters for id in more] + [value.id for value in gradients]
        twice = Counter(ids).most_common(1)[0][0]
        raise DuplicateNameError(f"two different leaves are named {twice!r}; each needs its own")
    return by_id
