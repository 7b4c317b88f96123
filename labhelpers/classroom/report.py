"""`report`: the page that a student hands in."""

import html
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import EllipsisType

from labhelpers import session
from labhelpers.classroom.guesses import all_guesses
from labhelpers.evidence.claims import claims_so_far
from labhelpers.store.files import read_json, write_atomically

ANSWERS = ("What surprised you, and why?", "What would you try next?")
STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse}td,th{border-bottom:1px solid #bbb;padding:.2rem .7rem;"
    "text-align:left;vertical-align:top}@media(prefers-color-scheme:dark)"
    "{body{background:#161616;color:#eee}}"
)


@dataclass(frozen=True)
class Section:
    """A part of the page: a title, paragraphs, and a table whose first row is its head."""

    title: str
    paragraphs: Sequence[str] = ()
    table: Sequence[Sequence[str]] = ()


def report(
    name: str | EllipsisType = ..., answers: Sequence[str | EllipsisType] = (..., ...)
) -> None:
    """Write the page to hand in, as HTML and as Markdown, and say where it lies and what it lacks.

    On it stand your name, your guesses beside what was measured, the exercises with the state of
    your last `check`, your own claims and two free answers. It is written into the runs folder as
    ``report-<notebook>.html`` and ``….md``, again each time the cell is run.

    Args:
        name: yours.
        answers: to the two questions, what surprised you and what you would try next.

    Raises TypeError when `name` or an answer is no text.

    Example:
        >>> lab.report(name="A. Student", answers=["The plateau.", "A smaller rate."])
        the report is written: report-....html (and .md) in ...
    """
    texts = [name, *answers]
    odd = [text for text in texts if text is not ... and not isinstance(text, str)]
    if odd:
        raise TypeError(f"{odd[0]!r} is no text: write your name and answers in quotes")
    notebook = session.notebook_name()
    said = [text if isinstance(text, str) else "" for text in texts]
    sections = [
        Section(
            f"Report on {notebook}", [f"{said[0] or 'no name given'}, {date.today():%d %B %Y}"]
        ),
        Section("Guesses beside measurements", table=_guesses()),
        Section("Exercises", table=_exercises(notebook)),
        Section("Claims", table=_claims()),
        *(
            Section(question, [answer or "–"])
            for question, answer in zip(ANSWERS, said[1:], strict=False)
        ),
    ]
    folder = session.current().runs
    shown = session.shown(folder)
    _write(folder / f"report-{notebook}.html", _as_html(sections))
    _write(folder / f"report-{notebook}.md", _as_markdown(sections))
    print(f"the report is written: report-{notebook}.html (and .md) in {shown}")
    missing = [
        what
        for what, text in zip(("your name", "answer 1", "answer 2"), said, strict=False)
        if not text
    ]
    if missing:
        print(f"still missing: {', '.join(missing)}. Replace the dots and run this cell again.")


def _guesses() -> list[list[str]]:
    rows = [["what", "guess", "measured, with its interval"]]
    for what, entry in all_guesses().items():
        guessed, measured = entry.get("guess", {}), entry.get("measured", {}).get("values", {})
        unit = guessed.get("unit", "")
        for part in guessed.get("values", measured):
            number = guessed.get("values", {}).get(part)
            found = measured.get(part)
            rows.append(
                [
                    f"{what}, {part}" if part else what,
                    "–" if number is None else f"{number:g} {unit}".strip(),
                    "–" if found is None else "{:.3g} [{:.3g}, {:.3g}]".format(*found),
                ]
            )
    return rows


def _exercises(notebook: str) -> list[list[str]]:
    states = read_json(session.current().runs / "exercises.json", {}).get(notebook, {})
    return [["exercise", "last check"], *([name, state] for name, state in states.items())]


def _claims() -> list[list[str]]:
    rows = [["claim", "verdict", "interval"]]
    rows += [[claim.statement, claim.verdict, claim.words] for claim in claims_so_far()]
    return rows


def _as_markdown(sections: Sequence[Section]) -> str:
    lines = []
    for number, section in enumerate(sections):
        lines += [f"{'#' if number == 0 else '##'} {section.title}", ""]
        for paragraph in section.paragraphs:
            lines += [paragraph, ""]
        for i, row in enumerate(section.table):
            cells = (cell.replace("|", "\\|").replace("\n", " ") for cell in row)
            lines.append(f"| {' | '.join(cells)} |")
            if i == 0:
                lines.append("|" + " --- |" * len(row))
        lines.append("")
    return "\n".join(lines)


def _as_html(sections: Sequence[Section]) -> str:
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        f"<title>{html.escape(sections[0].title)}</title><style>{STYLE}</style></head><body>",
    ]
    for number, section in enumerate(sections):
        head = "h1" if number == 0 else "h2"
        parts.append(f"<{head}>{html.escape(section.title)}</{head}>")
        parts += [f"<p>{html.escape(paragraph)}</p>" for paragraph in section.paragraphs]
        rows = []
        for i, row in enumerate(section.table):
            tag = "th" if i == 0 else "td"
            rows.append(
                "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in row) + "</tr>"
            )
        if rows:
            parts.append(f"<table>{''.join(rows)}</table>")
    return "\n".join([*parts, "</body></html>\n"])


def _write(path: Path, text: str) -> None:
    write_atomically(path, text.encode("utf-8"))
