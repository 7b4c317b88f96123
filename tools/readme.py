"""Write the tables in README.md: labs and verdicts from figures/results.json, and the speed."""

from __future__ import annotations

import html
import json
import re
from collections import Counter
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[1]
MARKS = {
    name: re.compile(rf"(?<=<!-- {name} -->\n).*(?=<!-- /{name} -->)", re.DOTALL)
    for name in ("labs", "speed")
}
HEAD = "| lab | question | headline claims, as measured | minutes |\n|---|---|---|---|\n"
VERDICTS = ("holds", "refuted", "negligible", "undecided")
PICTURES = {  # the picture that a stranger would stop for; else a lab's first
    "01": "01-overfitting",
    "02": "02-cures",
    "03": "03-curves",
    "04": "04-heatmap",
    "05": "05-photos",
    "06": "06-plane",
    "06b": "06b-posterior",
    "07": "07-horses",
    "08": "08-paths",
    "08b": "08b-sweep",
    "09": "09-maps",
    "10": "10-maps",
    "11": "11-forest",
    "12": "12-ward",
    "13": "13-agreement",
    "14": "14-bits",
    "15": "15-target",
    "16": "16-policy",
    "16b": "16b-flights",
}


def main() -> None:
    """Rewrite what stands between the marks."""
    path = ROOT / "README.md"
    path.write_text(with_table(path.read_text(encoding="utf-8")), encoding="utf-8")


def with_table(readme: str) -> str:
    """Return the text of a README with the tables as they have to be now."""
    results = read(ROOT / "figures" / "results.json")
    labs = sorted((ROOT / "notebooks").glob("[0-9][0-9]*-*.ipynb"))
    rows = "".join(row(lab, nbformat.read(lab, 4), results.get(lab.stem, {})) for lab in labs)
    measured = read(ROOT / "benchmarks" / "results.json")
    readme = MARKS["labs"].sub(lambda _: f"{HEAD}{rows}\n{conditions(results)}\n", readme)
    return MARKS["speed"].sub(lambda _: speed(measured), readme)


def read(path: Path) -> dict:
    """Return what a JSON file holds."""
    return json.loads(path.read_text(encoding="utf-8"))


def row(path: Path, notebook: nbformat.NotebookNode, result: dict) -> str:
    """Return a lab's row: picture and link, question, headline claims with verdicts, minutes."""
    number = path.name.partition("-")[0]
    question = notebook.cells[0].source.splitlines()[0].split(" · ", 1)[1]
    link = f"[{number}](notebooks/{path.name})"
    figure = PICTURES.get(number) or first_figure(number)
    if figure:
        alt = html.escape(alt_text(notebook, figure))
        link += f'<br><img src="figures/{figure}.png" width="160" alt="{alt}">'
    cells = (
        link,
        question,
        "<br>".join(headline(*claim) for claim in headlines(result)),
        minutes(result.get("minutes", {})),
    )
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |\n"


def minutes(measured: dict[str, float]) -> str:
    """Return a lab's minutes with the laptop budget: from the published rows, and from nothing."""
    whole, rows = measured.get("laptop"), measured.get("laptop, published rows")
    return " / ".join(f"{value:g}" for value in (rows, whole) if value is not None)


def headlines(result: dict) -> list[tuple[str, dict]]:
    """Return a lab's headline claims, by statement."""
    claims = result.get("claims", {}).items()
    return [(statement, claim) for statement, claim in claims if claim.get("headline")]


def headline(statement: str, claim: dict) -> str:
    """Return a claim in a line: statement, verdict, mean with its interval, n."""
    mean, low, high = (f"{value:.3g}" for value in claim["interval"])
    measured = f"{mean} [{low}, {high}] {claim['unit']}".strip()
    return f"{statement}: **{claim['verdict']}**, {measured}, n = {claim['n']}"


def first_figure(number: str) -> str:
    """Return the name of a lab's first figure, "" if there is none."""
    figures = (ROOT / "figures").glob(f"{number}-*.png")
    return min((path.stem for path in figures), default="")


def alt_text(notebook: nbformat.NotebookNode, figure: str) -> str:
    """Return the alt text of the picture that the cell with this figure's name showed."""
    for cell in notebook.cells:
        if cell.cell_type == "code" and f'"{figure}"' in cell.source:
            for output in cell.outputs:
                if alt := output.get("metadata", {}).get("image/png", {}).get("alt"):
                    return alt
    return figure


def conditions(results: dict) -> str:
    """Return the sentences on how many headlines came out how, and what they were measured with."""
    claims = [claim for result in results.values() for _, claim in headlines(result)]
    if not claims:
        return ""
    count = Counter(claim["verdict"] for claim in claims)
    counted = ", ".join(f"{count[verdict]} {verdict}" for verdict in VERDICTS)
    used = {
        key: ", ".join(sorted({claim[key] for claim in claims})) for key in ("budget", "device")
    }
    torch = ", ".join(sorted({claim["versions"]["torch"] for claim in claims}))
    data = ", ".join(sorted({source for claim in claims for source in claim["data"]}))
    return (
        f"Of {len(claims)} headline claims: {counted}. Square brackets: the interval, 95 % for one "
        "question, over n seeds (or cases); it covers the choice of seeds, not the finite set of "
        "test images. Minutes: from the published rows / with everything measured. Budget: "
        f"{used['budget']}; device: {used['device']}; torch {torch}; data: {data}."
    )


def speed(measured: dict) -> str:
    """Return the table of ratios to the bare loop, and the sentences on other costs and machine."""
    groups = grouped(measured["rows"])
    epochs = {name: rows for name, rows in groups.items() if ": an epoch of" in name}
    heads = [name.replace(": an epoch of", ",") for name in epochs]
    table = [["one epoch", *heads], ["---"] * (1 + len(epochs))]
    for what in next(iter(epochs.values())):
        table.append([what, *(times(rows[what]) for rows in epochs.values())])
    lines = "".join(f"| {' | '.join(line)} |\n" for line in table)
    sentences = "".join(f"- {sentence}\n" for sentence in costs(groups, epochs, measured))
    return f"{lines}\n{sentences}{GROWTH if growth(groups) else ''}"


def grouped(rows: list[dict]) -> dict[str, dict[str, dict]]:
    """Return the rows of a measurement by their group and by what they are of."""
    groups: dict[str, dict[str, dict]] = {}
    for found in rows:
        groups.setdefault(found["group"], {})[found["what"]] = found
    return groups


def costs(groups: dict, epochs: dict, measured: dict) -> list[str]:
    """Return a sentence on each of the other costs, and on the machine."""
    bare = [f"{next(iter(rows.values()))['median']:.2f} s" for rows in epochs.values()]
    start = [found["median"] for found in groups["start"].values()]
    saved = groups["checkpoint, MLP on MNIST"]
    saving, size = saved["saving model and optimizer"], saved["size"]
    studies = {
        name.split()[3]: [times(found) for found in rows.values()]
        for name, rows in groups.items()
        if "four runs" in name
    }
    turns = [f"{whole} and {one} ({name})" for name, (_, whole, one) in studies.items()]
    held = {
        what: found["median"] / 1e3
        for what, found in groups["peak memory, MLP on MNIST"].items()
        if "n" in found
    }
    memory = [f"{what} {value:.1f} GB" for what, value in held.items()]
    machine = f"{measured['machine']}; {measured['versions']}; {measured['data']}"
    return [
        f"1.00 × is {' and '.join(bare)}.",
        f"`import labhelpers` takes {start[1]:.2f} s beyond the {start[0]:.1f} s of torch.",
        f"A checkpoint of the MLP ({size['median']:.1f} MB) takes {1e3 * saving['median']:.0f} ms, "
        f"{saving['ratio']:.1%} of its epoch.",
        f"Four runs in turn take, with all threads and with one, {', '.join(turns)} the time of "
        "`study` in two processes.",
        f"Peak memory, MLP: {', '.join(memory)}.",
        *(peers(name, rows) for name, rows in groups.items() if name.startswith(PEERS)),
        *growth(groups),
        f"Medians, measured on {measured['date']}: {machine}.",
    ]


GROWTH = """
![Seconds against images, parameters and runs, for lab.fit and the bare loop](benchmarks/growth.png)
"""
# Groups of which each gets a sentence: a fairer loop, and those of labs 13 to 16
PEERS = ("With validation", "GPT", "DQN", "PPO", "1,000 moves")


def peers(name: str, rows: dict[str, dict]) -> str:
    """Return a sentence on one group: its first row is the measure of the others."""
    first, *others = rows.items()
    said = [f"{what} {times(found)}" for what, found in others]
    return f"{name}: {first[0]} 1.00 × ({first[1]['median']:.2f} s), {', '.join(said)}."


def growth(groups: dict) -> list[str]:
    """Return a sentence on what four times the work costs, if it was measured."""
    found = {
        name.split()[2]: [row["median"] for what, row in rows.items() if "bare" not in what]
        for name, rows in groups.items()
        if name.startswith("growth")
    }
    if not found:
        return []
    said = [f"{medians[-1] / medians[0]:.1f} × with four times the {name}"
            for name, medians in found.items()]  # fmt: skip
    return [f"Ours takes {', '.join(said)}."]


def times(found: dict) -> str:
    """Return a row's ratio in words, or that it is not installed."""
    return f"{found['ratio']:.2f} ×" if "ratio" in found else found["unit"]


if __name__ == "__main__":
    main()
