"""Private set intersection: how much, or which, two parties have in common, and nothing else. Bytes in, bytes out.

The asker sends `Asker(...).request()`, the holder replies `answer(request, ...)`, the asker reads
`Asker.result(answer)`. Both are taken to follow the protocol and to be curious: docs/reference/private-matching.md.
"""

from seawall.analytics.psi.group import PsiError
from seawall.analytics.psi.messages import Answer, Bounds, Mode, Request
from seawall.analytics.psi.roles import Asker, Result, answer

__all__ = ["Answer", "Asker", "Bounds", "Mode", "PsiError", "Request", "Result", "answer"]
