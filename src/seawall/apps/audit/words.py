"""What the ledger speaks of, in words: actions, kinds of objects, members of an entry's data, actors."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import pgettext_lazy

from seawall.apps.accounts.models import User
from seawall.apps.audit.actions import ACTIONS
from seawall.console.words import Text, Word, word

OBJECTS: Mapping[str, Text] = {
    "action": pgettext_lazy("ledger object", "Action"),
    "alert": pgettext_lazy("ledger object", "Alert"),
    "approval": pgettext_lazy("ledger object", "Approval request"),
    "assignment": pgettext_lazy("ledger object", "Role of a user"),
    "backtest": pgettext_lazy("ledger object", "Backtest"),
    "case": pgettext_lazy("ledger object", "Case"),
    "challenge": pgettext_lazy("ledger object", "Challenge"),
    "challenges": pgettext_lazy("ledger object", "Challenges"),
    "contact": pgettext_lazy("ledger object", "Contact"),
    "decision": pgettext_lazy("ledger object", "Decision"),
    "decisions": pgettext_lazy("ledger object", "Decisions"),
    "delivery": pgettext_lazy("ledger object", "Delivery"),
    "endpoint": pgettext_lazy("ledger object", "Webhook endpoint"),
    "entity": pgettext_lazy("ledger object", "Entity"),
    "journal": pgettext_lazy("ledger object", "Journal"),
    "label": pgettext_lazy("ledger object", "Label"),
    "ledger": pgettext_lazy("ledger object", "Ledger"),
    "limit": pgettext_lazy("ledger object", "Limit"),
    "limit_change": pgettext_lazy("ledger object", "Change of a limit"),
    "list": pgettext_lazy("ledger object", "List"),
    "list_change": pgettext_lazy("ledger object", "Change of a list"),
    "list_entry": pgettext_lazy("ledger object", "List entry"),
    "list_import": pgettext_lazy("ledger object", "List import"),
    "notice": pgettext_lazy("ledger object", "Notice"),
    "outbox": pgettext_lazy("ledger object", "Outbox"),
    "policy_content": pgettext_lazy("ledger object", "Content of a policy"),
    "policy_deployment": pgettext_lazy("ledger object", "Deployment"),
    "policy_draft": pgettext_lazy("ledger object", "Policy draft"),
    "policy_version": pgettext_lazy("ledger object", "Policy version"),
    "queue": pgettext_lazy("ledger object", "Queue"),
    "run": pgettext_lazy("ledger object", "Run of a job"),
    "sign_in": pgettext_lazy("ledger object", "Sign-in"),
    "suppression": pgettext_lazy("ledger object", "Suppression"),
    "token": pgettext_lazy("ledger object", "API token"),
    "user": pgettext_lazy("ledger object", "User"),
    "view": pgettext_lazy("ledger object", "Saved view"),
}
FIELDS: Mapping[str, Text] = {
    "address": pgettext_lazy("ledger field", "Address"),
    "alert": pgettext_lazy("ledger field", "Alert"),
    "alerts": pgettext_lazy("ledger field", "Alerts"),
    "assignee": pgettext_lazy("ledger field", "Assignee"),
    "attempts": pgettext_lazy("ledger field", "Tries"),
    "base": pgettext_lazy("ledger field", "Base"),
    "breached_at": pgettext_lazy("ledger field", "Time limit passed"),
    "bytes": pgettext_lazy("ledger field", "Bytes"),
    "case": pgettext_lazy("ledger field", "Case"),
    "chain": pgettext_lazy("ledger field", "Chain hash"),
    "change": pgettext_lazy("ledger field", "Change"),
    "changed": pgettext_lazy("ledger field", "What changed"),
    "channel": pgettext_lazy("ledger field", "Channel"),
    "closed_at": pgettext_lazy("ledger field", "Closed"),
    "collecting": pgettext_lazy("ledger field", "Collects further hits"),
    "count": pgettext_lazy("ledger field", "Count"),
    "decision": pgettext_lazy("ledger field", "Decision"),
    "digest": pgettext_lazy("ledger field", "Digest"),
    "disposition": pgettext_lazy("ledger field", "Disposition"),
    "due_at": pgettext_lazy("ledger field", "Due"),
    "entries": pgettext_lazy("ledger field", "Entries"),
    "event": pgettext_lazy("ledger field", "Event"),
    "evidence": pgettext_lazy("ledger field", "Evidence"),
    "expires_at": pgettext_lazy("ledger field", "Expires"),
    "file": pgettext_lazy("ledger field", "File"),
    "findings": pgettext_lazy("ledger field", "Findings"),
    "format": pgettext_lazy("ledger field", "Format"),
    "found": pgettext_lazy("ledger field", "Found"),
    "group": pgettext_lazy("ledger field", "Group"),
    "held_back": pgettext_lazy("ledger field", "Hits held back"),
    "job": pgettext_lazy("ledger field", "Job"),
    "key": pgettext_lazy("ledger field", "Key"),
    "key_id": pgettext_lazy("ledger field", "Key id"),
    "kind": pgettext_lazy("ledger field", "Kind"),
    "list": pgettext_lazy("ledger field", "List"),
    "name": pgettext_lazy("ledger field", "Name"),
    "note": pgettext_lazy("ledger field", "Note"),
    "ok": pgettext_lazy("ledger field", "Intact"),
    "owner": pgettext_lazy("ledger field", "Owner"),
    "page": pgettext_lazy("ledger field", "List page"),
    "passed": pgettext_lazy("ledger field", "Passed"),
    "person": pgettext_lazy("ledger field", "Person"),
    "policy": pgettext_lazy("ledger field", "Policy"),
    "problem": pgettext_lazy("ledger field", "Problem"),
    "provider": pgettext_lazy("ledger field", "Provider"),
    "purpose": pgettext_lazy("ledger field", "Purpose"),
    "reason": pgettext_lazy("ledger field", "Reason"),
    "request": pgettext_lazy("ledger field", "Request"),
    "restricted": pgettext_lazy("ledger field", "Restricted"),
    "role": pgettext_lazy("ledger field", "Role"),
    "rule": pgettext_lazy("ledger field", "Rule"),
    "scope": pgettext_lazy("ledger field", "Scope"),
    "sequence": pgettext_lazy("ledger field", "Journal record"),
    "sessions": pgettext_lazy("ledger field", "Sessions"),
    "severity": pgettext_lazy("ledger field", "Severity"),
    "sha256": pgettext_lazy("ledger field", "SHA-256"),
    "size": pgettext_lazy("ledger field", "Size"),
    "snoozed_until": pgettext_lazy("ledger field", "Snoozed until"),
    "state": pgettext_lazy("ledger field", "State"),
    "subject": pgettext_lazy("ledger field", "Subject"),
    "suppression": pgettext_lazy("ledger field", "Suppression"),
    "target": pgettext_lazy("ledger field", "Target"),
    "target_kind": pgettext_lazy("ledger field", "Kind of target"),
    "task": pgettext_lazy("ledger field", "Task"),
    "text": pgettext_lazy("ledger field", "Text"),
    "title": pgettext_lazy("ledger field", "Title"),
    "token": pgettext_lazy("ledger field", "API token"),
    "told": pgettext_lazy("ledger field", "People told"),
    "url": pgettext_lazy("ledger field", "Address (URL)"),
    "username": pgettext_lazy("ledger field", "User name"),
    "valid_until": pgettext_lazy("ledger field", "Valid until"),
    "value": pgettext_lazy("ledger field", "Value"),
    "version": pgettext_lazy("ledger field", "Version"),
    "waiting_since": pgettext_lazy("ledger field", "Waiting since"),
    "whole": pgettext_lazy("ledger field", "Whole list"),
}
_PARTS: Mapping[str, Text] = {
    "system": pgettext_lazy("actor", "System"),
    "operator": pgettext_lazy("actor", "Operator on the host"),
}


def action_word(code: str) -> Word:
    """What an action is called; a code of an older or newer release shows as itself."""
    return word(ACTIONS, code)


def object_title(kind: str) -> Text:
    """What a kind of object is called."""
    return OBJECTS.get(kind, kind)


def field_title(name: str) -> Text:
    """What a member of an entry's data is called."""
    return FIELDS.get(name, name)


def actor_title(actor: str, people: Mapping[str, str] | None = None) -> Text:
    """A ledger's actor as people know them; `people` as of `queries.people()` saves a query each."""
    kind, _sep, key = actor.partition(":")
    if kind == "rule":
        return f"{pgettext_lazy('actor', 'Rule')} {key}"
    if kind != "user":
        return _PARTS.get(actor, actor)
    if people is not None:
        return people.get(actor, actor)
    found = User.objects.filter(pk=key).first()
    return str(found) if found else actor
