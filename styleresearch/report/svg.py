"""Elements of a drawing inside the report. Whatever a label holds stays text."""

from __future__ import annotations

from xml.etree import ElementTree as ET


def element(tag: str, *inside: ET.Element | str, **attributes: float | str) -> ET.Element:
    """Return an element.

    Args:
        tag: its name.
        inside: elements, or one text.
        attributes: name -> value; ``_`` stands for ``-``, and a name that Python keeps for itself has one more at its
            end (``class_``). Numbers have one decimal.
    """
    found = ET.Element(tag, {name.strip("_").replace("_", "-"): _text(value) for name, value in attributes.items()})
    for one in inside:
        if isinstance(one, str):
            found.text = one
        else:
            found.append(one)
    return found


def drawing(kind: str, width: float, height: float, label: str, *inside: ET.Element) -> str:
    """Return a drawing as SVG, for a template to put in as it is.

    Args:
        kind: its classes in the style sheet.
        width: of its coordinates.
        height: likewise.
        label: what it shows, for those who cannot see it; empty for an ornament beside a number.
        inside: its elements.
    """
    role: dict[str, str] = {"role": "img", "aria-label": label} if label else {"aria-hidden": "true"}
    return ET.tostring(element("svg", *inside, class_=kind, viewBox=f"0 0 {width:g} {height:g}", **role), "unicode")


def _text(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.1f}"
