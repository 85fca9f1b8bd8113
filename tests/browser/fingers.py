"""What a fingertip cannot reach well: controls whose place on the screen is smaller than 44 by 44 CSS pixels."""

from __future__ import annotations

from typing import Final

from playwright.sync_api import Page

LEAST: Final = 44
"""CSS pixels. A link may be as narrow as its word (24), never as low."""
_NARROW: Final = 24
_LOOK: Final = """([least, narrow]) => {
  const found = [];
  const hidden = (one) => !one.checkVisibility({checkVisibilityCSS: true}) || one.closest(".unseen, .skip") || getComputedStyle(one).clipPath.includes("inset");
  // In running text a link is as high as its line; and a drawing has a table beside it that says the same.
  const exempt = (one) => {
    if (one.closest("svg") || one.matches("[role=region], [role=application]")) return true;
    if (getComputedStyle(one).display !== "inline") return false;
    const block = one.closest("p");
    return block !== null && block.textContent.trim().length > one.textContent.trim().length + 3;
  };
  const size = (one) => {
    const box = one.getBoundingClientRect();
    let [width, height] = [box.width, box.height];
    const grow = (other) => { width = Math.max(width, other.width); height = Math.max(height, other.height); };
    const label = one.matches("[type=checkbox], [type=radio]") && one.labels?.[0];
    if (label) grow(label.getBoundingClientRect());
    for (const name of ["::before", "::after"]) {
      const style = getComputedStyle(one, name);
      if (style.content === "none" || style.position !== "absolute") continue;
      const around = (getComputedStyle(one).position === "static" ? one.offsetParent ?? one : one).getBoundingClientRect();
      const gap = (side) => parseFloat(style[side]) || 0;
      grow({width: around.width - gap("left") - gap("right"), height: around.height - gap("top") - gap("bottom")});
    }
    return [Math.round(width), Math.round(height)];
  };
  for (const one of document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, [role=button], [tabindex='0']")) {
    const box = one.getBoundingClientRect();
    if (box.width < 2 || box.height < 2 || hidden(one) || exempt(one)) continue;
    const [width, height] = size(one);
    if (height >= least && width >= (one.tagName === "A" ? narrow : least)) continue;
    const where = one.parentElement;
    const said = (one.ariaLabel || one.textContent || one.name || "").trim().replace(/\\s+/g, " ").slice(0, 40);
    found.push(`${where.tagName.toLowerCase()}.${where.classList} > ${one.tagName.toLowerCase()}.${one.classList} is ${width} x ${height}: ${said}`);
  }
  return [...new Set(found)];
}"""


def out_of_reach(page: Page) -> list[str]:
    """Return each control of the page that is smaller than a fingertip, with its size; it is to be called at the width of a telephone."""
    found: list[str] = page.evaluate(_LOOK, [LEAST, _NARROW])
    return found
