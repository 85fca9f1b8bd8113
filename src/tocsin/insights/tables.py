"""The read table of the numbers: what each incident comes to, so that no list of many incidents folds a single one."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, Table, Text

from tocsin.engine.tables import ROWS_VERSION, metadata

incident_figures = Table(
    "incident_figures",
    metadata,
    Column("incident", Text, primary_key=True),
    Column("time_to_detect", BigInteger),
    Column("time_to_acknowledge", BigInteger),
    Column("time_to_declare", BigInteger),
    Column("time_to_mitigate", BigInteger),
    Column("time_to_resolve", BigInteger),
    Column("detection_to_resolution", BigInteger),
    Column("estimated", Integer, nullable=False),
    Column("kept", Integer, nullable=False),
    Column("late", Integer, nullable=False),
    Column("missed", Integer, nullable=False),
    Column("waived", Integer, nullable=False),
    Column("open", Integer, nullable=False),
    Column("overdue", Integer, nullable=False),
    Column("promises_kept", Integer, nullable=False),
    Column("promises_due", Integer, nullable=False),
    Column("promises_open", Integer, nullable=False),
    Column("ticked", Integer, nullable=False),
    Column("ticks_waived", Integer, nullable=False),
    Column("cause", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("resolved_at", BigInteger),
    Column("milestones", Text, nullable=False),
    Column("duties", Text, nullable=False),
    info={ROWS_VERSION: 1},
)
"""Durations are whole seconds, null where they are not known; ``estimated`` has a bit for each of them, in their order, that is no exact one.

Duties are counted as they stood at the newest fact that can change them; while some are ``open`` or ``overdue``, time alone may change the row's
meaning, and the incident itself is asked. ``digest``: of the pinned playbook, empty without one. ``milestones`` and ``duties`` are JSON: see ``insights.figures``.
"""
