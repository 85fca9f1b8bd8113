"""A report by people: the public form for customers and support, or ``tocsin alert raise``. Pure.

Format: our own. A form or a JSON object with ``title`` (what is wrong), and if wanted ``details``, ``service``, ``severity``, ``name`` and
``contact`` (who reports), ``since`` (when it began), ``how`` (``customer`` or ``person``) and ``labels``.
"""

from __future__ import annotations

from typing import Final, get_args

from tocsin.alerts.errors import WrongBody
from tocsin.alerts.model import How, Signal
from tocsin.alerts.reading import Reading, Sent
from tocsin.alerts.sources.fields import LONGEST_SUMMARY, LONGEST_TITLE, WORDS, identity, labels, read_object, short
from tocsin.alerts.sources.times import moment

NAME: Final = "report"
TOOL: Final = "the report form"

HONEYPOT: Final = "website"
"""A field that people do not see; what fills it in is a machine."""


def read(sent: Sent) -> Reading:
    """Return the alert that a report is.

    Raises:
        WrongBody: it does not say what is wrong.

    """
    fields = read_object(sent, TOOL)
    if fields.text(HONEYPOT):
        return Reading(ignored="A field that people do not see was filled in, so no person wrote it.")
    title = short(" ".join(fields.text("title", longest=LONGEST_TITLE).split()), LONGEST_TITLE)
    if not title:
        raise WrongBody("title is missing.", fix="Write in a few words what does not work.", field="title")
    given = fields.text("how") or str(sent.options.get("how", "")) or "customer"
    if given not in get_args(How):
        raise WrongBody(f"how {given!r} is not known.", fix=f"Write one of {', '.join(get_args(How))}.", field="how")
    how: How = given  # type: ignore[assignment] # it is one of them, as the line above made sure
    details, service, severity = fields.text("details", longest=LONGEST_SUMMARY), fields.text("service"), fields.text("severity")
    reporter, contact = fields.text("name"), fields.text("contact")
    since = moment(fields.raw("since"))
    known = {"alertname": "report", "reported_by": reporter, "contact": contact, "service": service}
    signal = Signal(
        # The same words twice are one report: a double click, or a page that was sent again.
        fingerprint=identity("report", title.casefold(), details.casefold(), contact.casefold()),
        status="firing",
        title=title,
        labels={**labels(fields.raw("labels")), **{name: value for name, value in known.items() if value}},
        severity=severity,
        level=WORDS.get(severity.casefold()),
        service=service,
        starts_at=min(since, sent.now) if since is not None else sent.now,
        by=reporter,
        how=how,
        summary=details,
    )
    return Reading((signal,))
