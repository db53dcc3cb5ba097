"""Tokens to the untyped tree: CEL's operator precedence, without maps, messages and macros."""

from __future__ import annotations

from typing import NoReturn

from .lexer import KEYWORDS, RESERVED, Token, tokenize
from .problems import ExpressionError, problem_at
from .syntax import Binary, Call, Conditional, Identifier, Index, ListLiteral, Literal, Logic, Node, Select, Unary
from .types import INT64_MAX

MAX_DEPTH = 64
MAX_NODES = 2_000
MAX_ITEMS = 1_000

_PRECEDENCE = {
    "||": 1,
    "&&": 2,
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">=", "in"), 3),
    **dict.fromkeys(("+", "-"), 4),
    **dict.fromkeys(("*", "/", "%"), 5),
}
_WORD_HINTS = {"and": "write &&", "or": "write ||", "not": "write !", "is": "write == or has(name)"}
_CONSTANTS = {"true": True, "false": False}


def parse(text: str) -> Node:
    """The syntax tree of `text`.

    Raises ExpressionError with line, column and a suggestion; bounds: 10,000 characters, depth 64, 2,000 nodes,
    lists of 1,000 items.
    """
    parser = _Parser(text)
    tree = parser.expression()
    parser.finish()
    _bound(text, tree)
    return tree


def _bound(text: str, tree: Node) -> None:
    level, depth, count = [tree], 0, 0
    while level:
        depth, count = depth + 1, count + len(level)
        deepest = level[0]
        level = [child for node in level for child in node.children()]
        if depth > MAX_DEPTH:
            problem = problem_at(text, deepest.offset, f"nested deeper than {MAX_DEPTH} levels", "split the rule")
            raise ExpressionError([problem])
    if count > MAX_NODES:
        raise ExpressionError([problem_at(text, 0, f"more than {MAX_NODES} nodes", "split the rule")])


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokenize(text)
        self.at = 0
        self.depth = 0

    def expression(self) -> Node:
        self.deeper()
        condition = self.binary(1)
        if self.peek("?"):
            offset = self.take().offset
            yes = self.binary(1)
            self.expect(":", "a conditional is written  condition ? yes : no")
            condition = Conditional(offset, condition, yes, self.expression())
        self.depth -= 1
        return condition

    def binary(self, lowest: int) -> Node:
        left = self.unary()
        while (precedence := self.precedence()) >= lowest:
            token = self.take()
            operator = str(token.value)
            right = self.binary(precedence + 1)
            if precedence > 2:
                left = Binary(token.offset, operator, left, right)
            else:
                left = self.chain(token, operator, left, right)
        return left

    def chain(self, token: Token, operator: str, left: Node, right: Node) -> Node:
        arguments = [left, right]
        while self.peek(operator):
            self.take()
            arguments.append(self.binary(_PRECEDENCE[operator] + 1))
        return Logic(token.offset, operator, tuple(arguments))

    def unary(self) -> Node:
        if not (self.peek("!") or self.peek("-")):
            return self.member()
        token = self.take()
        if token.value == "-" and self.token.kind in ("int", "double"):
            return self.members(self.number(self.take(), -1))
        self.deeper()
        operand = self.unary()
        self.depth -= 1
        return Unary(token.offset, str(token.value), operand)

    def member(self) -> Node:
        return self.members(self.primary())

    def members(self, node: Node) -> Node:
        while True:
            if self.peek("."):
                self.take()
                node = self.selection(node)
            elif self.peek("["):
                offset = self.take().offset
                index = self.expression()
                self.expect("]", "close the index")
                node = Index(offset, node, index)
            else:
                return node

    def selection(self, operand: Node) -> Node:
        token = self.take()
        if token.kind != "word" or token.value in KEYWORDS:
            self.fail(token, "a name must follow the dot")
        if self.peek("("):
            return Call(token.offset, str(token.value), (operand, *self.arguments(")")), receiver=True)
        return Select(token.offset, operand, str(token.value))

    def primary(self) -> Node:
        token = self.take()
        if token.kind in ("int", "double"):
            return self.number(token, 1)
        if token.kind == "string":
            return Literal(token.offset, str(token.value))
        if token.kind == "word":
            return self.word(token)
        if token.value == "(":
            inner = self.expression()
            self.expect(")", "close the parenthesis")
            return inner
        if token.value == "[":
            self.at -= 1
            return ListLiteral(token.offset, self.arguments("]"))
        if token.value == "{":
            self.fail(token, "maps are not part of the language", "use a list: [a, b]")
        if token.kind == "end":
            self.fail(token, "the text ends where a value was expected" if self.at > 1 else "the text is empty")
        self.fail(token, f"unexpected '{token.value}'", "a value was expected here")

    def word(self, token: Token) -> Node:
        name = str(token.value)
        if name in _CONSTANTS:
            return Literal(token.offset, _CONSTANTS[name])
        if name == "null":
            self.fail(token, "null is not part of the language", "use has(name) to ask whether a value is present")
        if name in _WORD_HINTS:
            self.fail(token, f"unexpected '{name}'", _WORD_HINTS[name])
        if name in KEYWORDS or name in RESERVED:
            self.fail(token, f"'{name}' is a reserved word", "choose another name")
        if self.peek("("):
            return Call(token.offset, name, self.arguments(")"))
        return Identifier(token.offset, name)

    def arguments(self, closing: str) -> tuple[Node, ...]:
        self.take()
        items: list[Node] = []
        while not self.peek(closing):
            if len(items) == MAX_ITEMS:
                self.fail(self.token, f"more than {MAX_ITEMS} items", "keep long lists in the pack")
            items.append(self.expression())
            if not self.peek(closing):
                self.expect(",", f"separate by , and close by {closing}")
        self.take()
        return tuple(items)

    def number(self, token: Token, sign: int) -> Node:
        value = token.value
        if isinstance(value, float):
            return Literal(token.offset, sign * value)
        assert isinstance(value, int)
        if value > INT64_MAX + (sign < 0):
            self.fail(token, "the number is too large for a 64-bit int", "write it as a double: 1e20")
        return Literal(token.offset, sign * value)

    def finish(self) -> None:
        token = self.token
        if token.kind != "end":
            hint = _WORD_HINTS.get(str(token.value), "an operator is missing before it, or it is not needed")
            self.fail(token, f"unexpected '{token.value}'", hint)

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def precedence(self) -> int:
        token = self.token
        return _PRECEDENCE.get(str(token.value), 0) if token.kind in ("symbol", "word") else 0

    def peek(self, symbol: str) -> bool:
        return self.token.kind == "symbol" and self.token.value == symbol

    def take(self) -> Token:
        token = self.token
        self.at += token.kind != "end"
        return token

    def expect(self, symbol: str, suggestion: str) -> None:
        if not self.peek(symbol):
            found = f"'{self.token.value}'" if self.token.kind != "end" else "the end"
            self.fail(self.token, f"expected '{symbol}', found {found}", suggestion)
        self.take()

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail(self.token, f"nested deeper than {MAX_DEPTH} levels", "split the rule")

    def fail(self, token: Token, message: str, suggestion: str = "") -> NoReturn:
        raise ExpressionError([problem_at(self.text, token.offset, message, suggestion)])
