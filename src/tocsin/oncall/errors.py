"""Why something about on-call duty is refused."""

from __future__ import annotations

from tocsin.engine.errors import Conflict, Refused


class NotASchedule(Refused):
    """What was written down cannot be a schedule."""

    code = "oncall.not_a_schedule"


class NotATime(Refused):
    """A stretch of time that has no length, or is longer than anybody is on call."""

    code = "oncall.not_a_time"


class NobodyNamed(Refused):
    """It is not said who is meant, or what."""

    code = "oncall.nobody_named"


class NotOnCall(Conflict):
    """The person is not on call then."""

    code = "oncall.not_on_call"


class AlreadyOver(Conflict):
    """What was cannot be changed."""

    code = "oncall.already_over"


class OfferGone(Conflict):
    """The offer is not open, or not to this person."""

    code = "oncall.offer_gone"


class NotACalendar(Refused):
    """A calendar that cannot be read, or asks for more than anybody's duty has."""

    code = "oncall.not_a_calendar"


class NotSigned(Conflict):
    """A hand-off's summary cannot be changed, signed or acknowledged like this."""

    code = "oncall.not_signed"
