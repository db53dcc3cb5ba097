"""What may happen to a challenge, as its story tells it. No step holds anything about a person."""

from __future__ import annotations

OPENED, RESENT, UNSENT = "opened", "resent", "unsent"  # the detail of `unsent`: retry or refused
TRIED, UNJUDGED, WRONG = "tried", "unjudged", "wrong"  # a face's proof given, not judged; an answer that was not right
PASSED, FAILED, EXPIRED, ABANDONED = "passed", "failed", "expired", "abandoned"  # the detail: the reason
DECIDED, UNDECIDED = "decided", "undecided"  # the policy's word on the result
ENDS = (PASSED, FAILED, EXPIRED, ABANDONED)
STEPS = (OPENED, RESENT, UNSENT, TRIED, UNJUDGED, WRONG, *ENDS, DECIDED, UNDECIDED)
WRONG_ANSWER, ATTEMPTS_USED, BOUND_CHANGED = "wrong", "attempts_used", "bound_changed"
GIVEN_UP, OTHER_METHOD, ERASED = "given_up", "other_method", "erased"
REASONS = (WRONG_ANSWER, ATTEMPTS_USED, BOUND_CHANGED, GIVEN_UP, OTHER_METHOD, ERASED)  # why it stands as it does
