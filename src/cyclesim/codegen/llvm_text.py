"""LLVM's assembly language, written line by line: a module of functions on vectors of runs."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager


class Module:
    """Functions, tables and declarations of one piece of LLVM assembly.

    `lanes` runs are computed at once; with `permutes` a table of 16 numbers is read within
    registers (AVX-512), else from memory.
    """

    def __init__(self, lanes: int, permutes: bool) -> None:
        self.lanes = lanes
        self.permutes = permutes
        self.real = f"<{lanes} x double>"
        self.whole = f"<{lanes} x i64>"
        self.flag = f"<{lanes} x i1>"
        self.declared: dict[str, str] = {}
        self.tables: dict[tuple[str, tuple[float, ...]], str] = {}
        self.functions: dict[str, str] = {}

    def declare(self, name: str, given: str, result: str) -> None:
        """Declare a function that is defined elsewhere."""
        self.declared[name] = f"declare {result} @{name}({given})"

    def table(self, kind: str, numbers: Sequence[float]) -> str:
        """Return the name of a constant array of `double` or `i64`."""
        key = (kind, tuple(numbers))
        if key not in self.tables:
            self.tables[key] = f"@table_{len(self.tables)}"
        return self.tables[key]

    def text(self) -> str:
        """Return the module as text."""
        tables = []
        for (kind, numbers), name in self.tables.items():
            shown = ", ".join(
                f"double {bits(each)}" if kind == "double" else f"i64 {int(each)}"
                for each in numbers
            )
            head = f"{name} = internal constant [{len(numbers)} x {kind}]"
            tables.append(f"{head} [{shown}], align 64")
        declared = [line for name, line in self.declared.items() if name not in self.functions]
        return "\n".join((*tables, *declared, *self.functions.values(), ""))


def bits(number: float) -> str:
    """Return a number by its bits, as LLVM reads it."""
    return f"0x{struct.unpack('<Q', struct.pack('<d', number))[0]:016X}"


def number(value: float) -> str:
    """Return a number in all lanes."""
    return f"splat (double {bits(value)})"


def integer(value: int) -> str:
    """Return a whole number in all lanes."""
    return f"splat (i64 {value})"


class Writer:
    """One function of a module. Equal values without effect are computed once.

    Operands are texts: names of values, or constants. Vectors hold one number a lane.
    """

    def __init__(self, module: Module, name: str, parameters: str, result: str = "void") -> None:
        self.module = module
        self.name = name
        self.head = f"{result} @{name}({parameters})"
        self.real, self.whole, self.flag = module.real, module.whole, module.flag
        self.lines: list[str] = []
        self.slots: list[str] = []
        self.known: list[dict[str, str]] = [{}]
        self.block = "entry"
        self.count = 0

    # Lines, values, blocks

    def line(self, text: str) -> None:
        """Write a line that gives no value."""
        self.lines.append(f"  {text}")

    def fresh(self, text: str) -> str:
        """Return the name of a new value."""
        name = f"%v{self.count}"
        self.count += 1
        self.lines.append(f"  {name} = {text}")
        return name

    def value(self, text: str) -> str:
        """Return the name of a value that depends on its operands only."""
        for scope in self.known:
            if text in scope:
                return scope[text]
        self.known[-1][text] = self.fresh(text)
        return self.known[-1][text]

    def begin(self, label: str) -> None:
        """Begin a block of the function."""
        self.lines.append(f"{label}:")
        self.block = label

    def label(self, stem: str) -> str:
        """Return a new name for a block."""
        self.count += 1
        return f"{stem}{self.count}"

    def finish(self, result: str = "void", attributes: str = "alignstack(64)") -> None:
        """Return from the function and put it into the module.

        The stack is aligned, so that nothing put aside on it lies across two lines of the cache.
        """
        self.line(f"ret {result}")
        body = "\n".join((*self.slots, *self.lines))
        text = f"define {self.head} {attributes} {{\nentry:\n{body}\n}}"
        self.module.functions[self.name] = text

    @contextmanager
    def loop(self, turns: int | str, first: str = "0") -> Iterator[str]:
        """Write a loop of one turn at least; what is given is the number of the turn, from 0."""
        before, inside, after = self.block, self.label("loop"), self.label("after")
        self.line(f"br label %{inside}")
        self.begin(inside)
        place = len(self.lines)
        turn = f"%i{self.count}"
        self.lines.append("")
        self.known.append({})
        yield turn
        self.known.pop()
        following = self.fresh(f"add i64 {turn}, 1")
        self.lines[place] = (
            f"  {turn} = phi i64 [ {first}, %{before} ], [ {following}, %{self.block} ]"
        )
        again = self.fresh(f"icmp slt i64 {following}, {turns}")
        self.line(f"br i1 {again}, label %{inside}, label %{after}")
        self.begin(after)

    @contextmanager
    def when(self, condition: str) -> Iterator[None]:
        """Write what is done only where a condition (one bit) holds."""
        inside, after = self.label("then"), self.label("after")
        self.line(f"br i1 {condition}, label %{inside}, label %{after}")
        self.begin(inside)
        self.known.append({})
        yield
        self.known.pop()
        self.line(f"br label %{after}")
        self.begin(after)

    def slot(self, kind: str) -> str:
        """Return the address of a new local variable."""
        name = f"%slot{len(self.slots)}"
        self.slots.append(f"  {name} = alloca {kind}, align 64")
        return name

    # Numbers

    def op(self, operation: str, a: str, b: str) -> str:
        """Return an arithmetic operation on two vectors of numbers."""
        return self.value(f"{operation} {self.real} {a}, {b}")

    def add(self, a: str, b: str) -> str:
        """Return a + b."""
        return self.op("fadd", a, b)

    def sub(self, a: str, b: str) -> str:
        """Return a - b."""
        return self.op("fsub", a, b)

    def mul(self, a: str, b: str) -> str:
        """Return a * b."""
        return self.op("fmul", a, b)

    def div(self, a: str, b: str) -> str:
        """Return a / b."""
        return self.op("fdiv", a, b)

    def neg(self, a: str) -> str:
        """Return -a."""
        return self.value(f"fneg {self.real} {a}")

    def fma(self, a: str, b: str, c: str) -> str:
        """Return a * b + c, rounded once."""
        return self.intrinsic("fma", a, b, c)

    def intrinsic(self, name: str, *given: str) -> str:
        """Return an operation that LLVM has built in for vectors of numbers."""
        full = f"llvm.{name}.v{self.module.lanes}f64"
        return self.call(full, *given)

    def call(self, name: str, *given: str) -> str:
        """Return a function without effects of vectors of numbers."""
        if name not in self.module.functions:
            self.module.declare(name, ", ".join([self.real] * len(given)), self.real)
        arguments = ", ".join(f"{self.real} {each}" for each in given)
        return self.value(f"call {self.real} @{name}({arguments})")

    def integers(self, operation: str, a: str, b: str) -> str:
        """Return an operation on two vectors of whole numbers."""
        return self.value(f"{operation} {self.whole} {a}, {b}")

    def flags(self, operation: str, a: str, b: str) -> str:
        """Return and, or, xor of two vectors of flags."""
        return self.value(f"{operation} {self.flag} {a}, {b}")

    def inverted(self, a: str) -> str:
        """Return the opposite of flags."""
        return self.flags("xor", a, "splat (i1 true)")

    def compare(self, predicate: str, a: str, b: str) -> str:
        """Return for each lane whether a comparison (olt, une, ...) holds."""
        return self.value(f"fcmp {predicate} {self.real} {a}, {b}")

    def named(
        self, name: str, result: str, given: Sequence[tuple[str, str]], *fixed: tuple[str, int]
    ) -> str:
        """Return an instruction of AVX-512 on 8 lanes by its name, for each 8 lanes of operands.

        Operands are (kind, operand); `fixed` are (kind, number), the same for all.
        """
        kinds = [*(f"<8 x {kind}>" for kind, _ in given), *(kind for kind, _ in fixed)]
        self.module.declare(name, ", ".join(kinds), f"<8 x {result}>")
        same = [f"{kind} {each}" for kind, each in fixed]
        lanes = self.module.lanes
        parts = []
        for first in range(0, lanes, 8):
            own = [f"<8 x {kind}> {self.eight(kind, each, first)}" for kind, each in given]
            parts.append(self.value(f"call <8 x {result}> @{name}({', '.join(own + same)})"))
        if len(parts) == 1:
            return parts[0]
        every = ", ".join(f"i32 {lane}" for lane in range(lanes))
        return self.value(
            f"shufflevector <8 x {result}> {parts[0]}, <8 x {result}> {parts[1]}, "
            f"<{lanes} x i32> <{every}>"
        )

    def eight(self, kind: str, operand: str, first: int) -> str:
        """Return 8 lanes of an operand."""
        if self.module.lanes == 8 or not operand.startswith("%"):
            return operand
        chosen = ", ".join(f"i32 {lane}" for lane in range(first, first + 8))
        whole = f"<{self.module.lanes} x {kind}>"
        return self.value(f"shufflevector {whole} {operand}, {whole} poison, <8 x i32> <{chosen}>")

    def in_classes(self, a: str, classes: int) -> str:
        """Return where numbers are of some classes (AVX-512): all but normal ones above 0 are 255.

        Bits: quiet NaN 1, 0 2, -0 4, infinity 8, -infinity 16, subnormal 32, below 0 64, NaN 128.
        """
        name = "llvm.x86.avx512.fpclass.pd.512"
        return self.named(name, "i1", [("double", a)], ("i32", classes))

    def pick(self, condition: str, a: str, b: str) -> str:
        """Return for each lane a where the condition holds, else b."""
        return self.value(f"select {self.flag} {condition}, {self.real} {a}, {self.real} {b}")

    def unless_special(self, a: str, b: str) -> str:
        """Return b where a is a finite number other than 0, else a; b is NaN for infinite a."""
        if self.module.permutes:
            # By classes of a, four bits each, NaN first: 1 is a, 0 is b.
            table, name = integer(0x00110111), "llvm.x86.avx512.mask.fixupimm.pd.512"
            given = [("double", b), ("double", a), ("i64", table)]
            return self.named(name, "double", given, ("i32", 0), ("i8", -1), ("i32", 4))
        ordinary = self.flags("and", self.compare("one", a, number(0.0)), self.compare("ord", b, b))
        return self.pick(ordinary, b, a)

    def smaller(self, a: str, b: str) -> str:
        """Return for each lane a where a < b, else b."""
        return self._chosen("min", "olt", a, b)

    def larger(self, a: str, b: str) -> str:
        """Return for each lane a where a > b, else b."""
        return self._chosen("max", "ogt", a, b)

    def _chosen(self, name: str, predicate: str, a: str, b: str) -> str:
        if not self.module.permutes:
            return self.pick(self.compare(predicate, a, b), a, b)
        # By name: of a division by MAX(x, 1) LLVM makes two ways and a choice between them.
        full = f"llvm.x86.avx512.{name}.pd.512"
        return self.named(full, "double", [("double", a), ("double", b)], ("i32", 4))

    def whole_bits(self, a: str) -> tuple[str, str]:
        """Return numbers from 0 to 2^51 without their fractions, and bits that end in those."""
        most = number(2.0**52)
        if not self.module.permutes:
            whole = self.intrinsic("floor", a)
            return whole, self.as_bits(self.add(whole, most))
        name, given = "llvm.x86.avx512.add.pd.512", [("double", a), ("double", most)]
        moved = self.named(name, "double", given, ("i32", 9))  # rounded down
        return self.sub(moved, most), self.as_bits(moved)

    def pick_integers(self, condition: str, a: str, b: str) -> str:
        """Return for each lane the whole number a where the condition holds, else b."""
        return self.value(f"select {self.flag} {condition}, {self.whole} {a}, {self.whole} {b}")

    def as_bits(self, a: str) -> str:
        """Return the bits of numbers as whole numbers."""
        return self.value(f"bitcast {self.real} {a} to {self.whole}")

    def as_real(self, a: str) -> str:
        """Return numbers of which these are the bits."""
        return self.value(f"bitcast {self.whole} {a} to {self.real}")

    def to_integer(self, a: str) -> str:
        """Return numbers, which must be finite and not too large, with their fractions cut off."""
        return self.value(f"fptosi {self.real} {a} to {self.whole}")

    def to_real(self, a: str) -> str:
        """Return whole numbers as numbers."""
        return self.value(f"sitofp {self.whole} {a} to {self.real}")

    def spread(self, scalar: str, kind: str = "double") -> str:
        """Return one number in all lanes."""
        lanes = self.module.lanes
        one = self.value(f"insertelement <{lanes} x {kind}> poison, {kind} {scalar}, i64 0")
        return self.value(
            f"shufflevector <{lanes} x {kind}> {one}, <{lanes} x {kind}> poison, "
            f"<{lanes} x i32> zeroinitializer"
        )

    def any(self, condition: str) -> str:
        """Return one bit: whether a flag is set in any lane."""
        mask = self.value(f"bitcast {self.flag} {condition} to i{self.module.lanes}")
        return self.value(f"icmp ne i{self.module.lanes} {mask}, 0")

    # Memory

    def address(self, base: str, spot: str | int) -> str:
        """Return the address of the vector at a spot, counted in vectors."""
        return self.value(f"getelementptr {self.real}, ptr {base}, i64 {spot}")

    def load(self, base: str, spot: str | int) -> str:
        """Return the vector at a spot that is not written to within this function."""
        return self.value(f"load {self.real}, ptr {self.address(base, spot)}, align 8")

    def reload(self, base: str, spot: str | int) -> str:
        """Return the vector that is at a spot now."""
        return self.fresh(f"load {self.real}, ptr {self.address(base, spot)}, align 8")

    def store(self, what: str, base: str, spot: str | int) -> None:
        """Put a vector at a spot."""
        self.line(f"store {self.real} {what}, ptr {self.address(base, spot)}, align 8")

    def gather(self, base: str, spots: str, mask: str = "splat (i1 true)") -> str:
        """Return a number for each lane, from spots counted in numbers; NaN where masked out."""
        lanes = self.module.lanes
        where = self.fresh(f"getelementptr double, ptr {base}, {self.whole} {spots}")
        name = f"llvm.masked.gather.v{lanes}f64.v{lanes}p0"
        self.module.declare(name, f"<{lanes} x ptr>, {self.flag}, {self.real}", self.real)
        other = number(float("nan"))
        return self.fresh(
            f"call {self.real} @{name}(<{lanes} x ptr> align 8 {where}, {self.flag} {mask}, "
            f"{self.real} {other})"
        )

    def sixteen(self, numbers: Sequence[float], spots: str) -> str:
        """Return for each lane one of up to 16 numbers; only the low four bits of spots count."""
        table = (*numbers, *[numbers[-1]] * (16 - len(numbers)))
        if not self.module.permutes:
            low = self.integers("and", spots, integer(15))
            return self.gather(self.module.table("double", table), low)
        first, second = (
            f"<{', '.join(f'double {bits(each)}' for each in half)}>"
            for half in (table[:8], table[8:])
        )
        name = "llvm.x86.avx512.vpermi2var.pd.512"
        return self.named(name, "double", [("double", first), ("i64", spots), ("double", second)])
