"""A small playbook that holds together and has nothing for lint to find; tests break one thing of it at a time."""

from tocsin.playbooks.check import check
from tocsin.playbooks.errors import Problem
from tocsin.playbooks.finding import Finding
from tocsin.playbooks.lint import lint
from tocsin.playbooks.load import Loaded, load_text

SMALL = """\
playbook: small
version: 1
title: Small
summary: A small playbook for tests.
severities:
  - id: HIGH
    name: High
    rank: 1
    aliases: [H1]
    definition: Many users cannot work.
    signs: [Many users cannot work]
    response: {acknowledge_within: 5m, respond_within: 15m, says: within 15 minutes}
    team: [lead, on_call]
    page: [on_call]
    mandatory_roles: [lead]
    review: required
  - id: LOW
    name: Low
    rank: 3
    definition: Some users are hindered.
    signs: [Some users are hindered]
    mode: single_responder
    response: {respond_within: 4h, calendar: office, says: within 4 working hours}
    team: [on_call]
    page: [on_call]
    mandatory_roles: [lead]
default_severity: HIGH
classify:
  questions:
    - {id: users_percent, ask: How many users are affected?, kind: percent, unit: "%"}
    - {id: core, ask: Is a core function broken?}
    - {id: data, ask: What about data?, kind: choice, choices: [safe, lost]}
  rules:
    - {severity: HIGH, when: core, because: a core function is broken}
    - {severity: HIGH, when: 'data == "lost"', because: data is lost}
    - {severity: HIGH, when: users_percent > 25.0, because: more than a quarter of the users is affected}
    - {severity: LOW, when: users_percent <= 25.0, because: a quarter of the users or fewer are affected}
  otherwise: LOW
  otherwise_because: nothing else is known
  unsure: {use: HIGH, says: "Nobody knows yet: take HIGH."}
assessment:
  - {id: broken, ask: What is broken?}
marks:
  - {id: customer_visible, ask: Do customers notice?}
detection_sources: [monitoring, person]
roles:
  - {id: lead, name: Lead, does: Leads., lead: true, writes_review: true}
  - {id: on_call, name: On call, does: Answers., on_call: true, assign: on_call, may_share_with: [lead]}
audiences:
  - {id: team, name: Team, where: "#incident-{date}"}
  - {id: customers, name: Customers, public: true}
calendars:
  - {id: office, name: Office hours, zone: Europe/Berlin, start: "09:00", end: "17:00", holidays: [2026-12-25]}
  - {id: sprint, name: Next sprint, kind: next_sprint, sprint_starts: 2026-01-05, sprint_length: 2w}
escalations:
  - {id: older, when: age, after: 30m, if: rank <= 1, to: [manager]}
lifecycle:
  initial: open
  stages:
    - {id: open, name: Open, public: Investigating}
    - {id: watching, name: Watching, kind: mitigated, sets: [mitigated], window: stable}
    - {id: resolved, name: Resolved, kind: resolved, sets: [resolved], public: Resolved}
    - {id: closed, name: Closed, kind: closed, sets: [closed]}
    - {id: dismissed, name: Not an incident, kind: dismissed}
  transitions:
    - {move_from: open, move_to: watching}
    - {move_from: watching, move_to: resolved, gate: stable}
    - {move_from: watching, move_to: open, backward: true}
    - {move_from: resolved, move_to: closed}
    - {move_from: resolved, move_to: open, backward: true}
    - {move_from: open, move_to: dismissed}
gates:
  - {id: stable, name: Stable, checklists: [resolve], window: stable, requires: [mitigated], roles: [lead]}
checklists:
  - id: resolve
    name: Resolve
    items:
      - {id: error_rate, says: The error rate is normal., kind: metric, measure: error_rate, op: "<", value: 1}
      - {id: stable, says: It is stable., kind: timer, window: stable}
      - {id: quiet, says: Nobody complains., kind: quiet, for: 15m}
windows:
  - {id: stable, name: Stability, length: 30m, starts: mitigation_effective, back_to: open}
measures:
  - {id: error_rate, name: Error rate, unit: "%", normal: 0.2}
milestones:
  - {id: customers_told, name: Customers told, set_by: {update_to: customers}}
entry_types:
  - {id: ACTION, name: Action, key: a, progress: true}
obligations:
  - id: acknowledge
    name: Acknowledge
    if: rank <= 1
    after: alerted
    within: 5m
    owner: on_call
    done: {milestone: acknowledged}
    warn: 2m
    on_breach: [manager]
  - id: cadence
    name: Tell the customers
    if: marks.customer_visible
    after: declared
    every: 30m
    until: resolved
    owner: lead
    audience: customers
    done: {update_to: [customers], update_kind: update}
  - {id: review, name: Hold the review, if: rank <= 1, after: resolved, within: 48h, owner: lead, done: {milestone: postmortem_met}}
  - {id: tell, name: Tell at milestones, after: declared, at: [mitigated, resolved], grace: 10m, owner: lead, done: {update_to: [team]}}
mitigations:
  - {id: rollback, name: Roll back}
investigation:
  - {id: look, name: Look, time_box: 10m}
messages:
  - id: page
    name: Page
    kind: page
    audiences: [team]
    body: "{{ incident.severity }}: {{ incident.title }} {{ f.link }}"
    fields:
      - {id: link, label: Link}
  - id: customer_update
    name: Update
    kind: update
    audiences: [customers]
    subject: "Update {{ number }}"
    fields:
      - {id: impact, label: Impact, prefill: incident.impact}
    next_update: required
    body: |
      {{ sent_at|hm }} {{ status }}
      {% for r in roles %}{{ r.short or r.role }}: {{ r.person }}{% endfor %}
      {{ f.impact }}
      {% if milestones.mitigated %}{{ milestones.mitigated|hm }}{% endif %}
      Next update: {{ next_update }}
status_labels: [Investigating, Resolved]
metrics:
  - {id: time_to_resolve, name: Time to resolve, start: impact_started, end: resolved}
figures:
  - {id: users, name: Users}
review:
  kinds:
    - id: default
      name: Review
      sections:
        - {id: summary, title: Summary, content: summary}
  approvals:
    - {id: manager, name: Manager, by: manager}
actions:
  follow_ups:
    - {id: week, name: After a week, after: 1w}
on_call:
  duties:
    - {id: ack, says: Acknowledge., within: 5m}
contacts:
  - {id: manager, name: Manager}
"""


def edited(*changes: tuple[str, str], text: str = SMALL) -> str:
    """Return the small playbook with each (old, new) replaced; each old stands there exactly once."""
    for old, new in changes:
        assert text.count(old) == 1, f"{old!r} stands there {text.count(old)} times"
        text = text.replace(old, new)
    return text


def line_of(text: str, marker: str) -> int:
    """Return the line, from 1, in which the marker stands first."""
    return text[: text.index(marker)].count("\n") + 1


def loaded(*changes: tuple[str, str]) -> Loaded:
    """Load the small playbook, edited."""
    return load_text(edited(*changes), "small.yaml")


def problems(*changes: tuple[str, str]) -> list[Problem]:
    """Check the small playbook, edited."""
    return check(loaded(*changes))


def found(*changes: tuple[str, str]) -> dict[str, Finding]:
    """Lint the small playbook, edited; by id. What is linted must hold together."""
    playbook = loaded(*changes)
    assert check(playbook) == []
    return {finding.id: finding for finding in lint(playbook)}
