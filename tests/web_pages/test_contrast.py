"""Every pair of colours that text or a control is made of, in both themes, by WCAG 2.2 AA."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

STATIC = Path(__file__).resolve().parents[2] / "src" / "tocsin" / "web" / "static"
TOKENS = (STATIC / "tokens.css").read_text(encoding="utf-8")

GROUNDS = ("paper", "sheet", "raised", "wash", "past")
TEXTS = ("ink", "soft", "faint", "link", "kept", "late", "missed")
LEVELS = ("sev-0", "sev-1", "sev-2", "sev-3", "sev-4")


def parts() -> tuple[str, str, str]:
    """Return the tokens of light, of a dark device, and of whoever chose dark."""
    light, _, rest = TOKENS.partition("@media (prefers-color-scheme: dark)")
    device, _, chosen = rest.partition(':root[data-theme="dark"] {')
    return light, device, chosen.partition("}")[0]


def themes() -> dict[str, dict[str, str]]:
    light, dark, _ = parts()

    def colours(text: str) -> dict[str, str]:
        return dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6});", text))

    return {"light": colours(light), "dark": {**colours(light), **colours(dark)}}


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_can_be_read_on_every_ground(theme: str) -> None:
    colours = themes()[theme]
    pairs = [(text, ground) for text in TEXTS for ground in GROUNDS]
    pairs += [
        ("ink", "missed-wash"),
        ("soft", "missed-wash"),
        ("faint", "missed-wash"),
        ("missed", "missed-wash"),
        ("ink", "late-wash"),
        ("faint", "late-wash"),
    ]
    pairs += [("paper", "ink"), ("paper", "soft"), ("sheet", "ink"), ("sheet", "missed")]
    low = {
        pair: round(contrast(colours[pair[0]], colours[pair[1]]), 2) for pair in pairs if contrast(colours[pair[0]], colours[pair[1]]) < 4.5
    }
    assert low == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_label_of_every_severity_can_be_read_and_its_chip_told_from_the_ground(theme: str) -> None:
    colours = themes()[theme]
    for level in LEVELS:
        assert contrast(colours["on-sev"], colours[level]) >= 4.5, level
        assert contrast(colours[level], colours["sheet"]) >= 2.4, level


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_edges_of_controls_and_the_focus_can_be_seen(theme: str) -> None:
    colours = themes()[theme]
    for ground in GROUNDS:
        assert contrast(colours["edge"], colours[ground]) >= 3, ground
        assert contrast(colours["focus"], colours[ground]) >= 3, ground


def test_colours_stand_in_the_tokens_only() -> None:
    for path in STATIC.glob("*.css"):
        if path.name != "tokens.css":
            text = re.sub(r"@media print \{.*", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
            inside = " ".join(re.findall(r"\{([^{}]*)\}", text))  # declarations only: a name of an element may look like a colour
            assert re.findall(r"#[0-9a-fA-F]{3,8}\b", inside) == [], path.name


def test_every_token_that_is_used_is_defined() -> None:
    defined = set(re.findall(r"(--[a-z0-9-]+):", TOKENS)) | {"--edge-colour"}
    for path in STATIC.glob("*.css"):
        text = path.read_text(encoding="utf-8")
        used = set(re.findall(r"var\((--[a-z0-9-]+)", text))
        assert used <= defined | set(re.findall(r"(--[a-z0-9-]+):", text)), path.name


def test_both_themes_define_every_colour() -> None:
    light, dark, _ = parts()
    assert set(re.findall(r"--([a-z0-9-]+): #", light)) == set(re.findall(r"--([a-z0-9-]+): #", dark))


def test_dark_is_the_same_whether_the_device_or_the_reader_chose_it() -> None:
    _, device, chosen = parts()
    assert re.findall(r"--[a-z0-9-]+: [^;]+;", device) == re.findall(r"--[a-z0-9-]+: [^;]+;", chosen)


def test_motion_stops_for_those_who_ask_for_it_and_touch_gets_large_targets() -> None:
    base, components = ((STATIC / name).read_text(encoding="utf-8") for name in ("base.css", "components.css"))
    assert "prefers-reduced-motion: reduce" in base
    assert "--touch: 44px" in TOKENS
    assert re.search(r"@media \(pointer: coarse\)[^{]*\{[^}]*button[^}]*min-block-size: var\(--touch\)", components)
    assert ":focus-visible" in base
