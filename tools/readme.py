"""Write the tables in README.md: the labs, from figures/results.json, and the speed, from benchmarks/results.json."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[1]
MARKS = {name: re.compile(rf"(?<=<!-- {name} -->\n).*(?=<!-- /{name} -->)", re.DOTALL) for name in ("labs", "speed")}
HEAD = "| lab | question | one of its claims, as measured | claims that hold | laptop |\n|---|---|---|---|---|\n"
SHOWN = {  # by lab: the claim to show, and the figure. Else: the first claim with an interval, and the first figure
    "01": ("On average over seeds a plain MLP reads at least 97.8 % of the test digits", "01-widths"),
    "02": (
        "With 40 hidden layers the plain net reads under 15 % of the test images, the residual net over 80 %",
        "02-curves",
    ),
    "03": (
        "ResNet, batch norm: with 25 blocks the residual net has the higher validation accuracy",
        "03-depth-resnet",
    ),
    "04": ("Batch norm, 20 layers: gradients of neighbouring inputs agree more in the residual net", "04-heatmap"),
    "05": ("pointing game: the CAM beats edges", "05-shapes"),
    "06": ("Test images: KL warm-up gives a higher log p(x) than none", "06-plane"),
    "07": ("strong D, no norm: less recall than in the balanced game", "07-side-by-side"),
    "08": ("With its own learning rate each, Adam reads more test images than momentum", "08-paths"),
    "09": ("distractor: attention reads more test images than LeNet-5", "09-maps"),
    "10": ("Validation accuracy is higher for “ResNet-18” than for “no batch norm”", "10-maps"),
    "11": ("At ten times the learning rate batch norm makes fewer errors than none", "11-forest"),
    "12": ("The rules name more than 80 % of the faults in networks that they have not seen", "12-ward"),
}


def main() -> None:
    """Rewrite what stands between the marks."""
    path = ROOT / "README.md"
    path.write_text(with_table(path.read_text(encoding="utf-8")), encoding="utf-8")


def with_table(readme: str) -> str:
    """Return the text of a README with the tables as they have to be now."""
    results = json.loads((ROOT / "figures" / "results.json").read_text(encoding="utf-8"))
    labs = sorted((ROOT / "notebooks").glob("[0-9][0-9]-*.ipynb"))
    rows = "".join(row(lab, nbformat.read(lab, 4), results.get(lab.stem, {})) for lab in labs)
    measured = json.loads((ROOT / "benchmarks" / "results.json").read_text(encoding="utf-8"))
    readme = MARKS["labs"].sub(lambda _: f"{HEAD}{rows}\n{conditions(results)}\n", readme)
    return MARKS["speed"].sub(lambda _: speed(measured), readme)


def row(path: Path, notebook: nbformat.NotebookNode, result: dict) -> str:
    """Return a lab's row: picture and link, question, headline claim with verdict, claims held, minutes."""
    number, claims = path.name[:2], result.get("claims", {})
    question = notebook.cells[0].source.splitlines()[0].split(" · ", 1)[1]
    link = f"[{number}](notebooks/{path.name})"
    if not claims:
        return f"| {link} | {question} | | | |\n"
    wanted, figure = SHOWN.get(number, (None, first_figure(number)))
    with_interval = [statement for statement, claim in claims.items() if "(n = " in claim["evidence"]]
    statement = next(s for s in (wanted, *with_interval, *claims) if s in claims)
    claim = claims[statement]
    held = sum(claim["verdict"] == "holds" for claim in claims.values())
    minutes = result.get("minutes", {}).get("laptop")
    cells = (
        f'{link}<br><img src="figures/{figure}.png" width="160" alt="{html.escape(alt_text(notebook, figure))}">',
        question,
        f"{statement}<br>**{claim['verdict']}**: {claim['evidence']}",
        f"{held} of {len(claims)}",
        f"{minutes:g} min" if minutes else "",
    )
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |\n"


def first_figure(number: str) -> str:
    """Return the name of a lab's first figure, "" if there is none."""
    return min((path.stem for path in (ROOT / "figures").glob(f"{number}-*.png")), default="")


def alt_text(notebook: nbformat.NotebookNode, figure: str) -> str:
    """Return the alt text of the picture that the cell with this figure's name showed."""
    for cell in notebook.cells:
        if cell.cell_type == "code" and f'"{figure}"' in cell.source:
            for output in cell.outputs:
                if alt := output.get("metadata", {}).get("image/png", {}).get("alt"):
                    return alt
    return figure


def conditions(results: dict) -> str:
    """Return the sentence on what the claims were measured with."""
    claims = [claim for result in results.values() for claim in result.get("claims", {}).values()]
    used = {name: ", ".join(sorted({claim[name] for claim in claims})) for name in ("budget", "device")}
    torch = ", ".join(sorted({claim["versions"]["torch"] for claim in claims}))
    data = ", ".join(sorted({source for claim in claims for source in claim["data"]}))
    held = sum(claim["verdict"] == "holds" for claim in claims)
    return (
        f"In all, {held} of {len(claims)} claims hold. Budget: {used['budget']}; device: {used['device']}; "
        f"torch {torch}; data: {data}. Square brackets: 95 % interval over n seeds."
    )


def speed(measured: dict) -> str:
    """Return the table of ratios to the bare loop, and the sentences on the other costs and on the machine."""
    groups: dict[str, dict[str, dict]] = {}
    for found in measured["rows"]:
        groups.setdefault(found["group"], {})[found["what"]] = found
    epochs = {name: rows for name, rows in groups.items() if ": an epoch of" in name}
    table = [["one epoch", *(name.replace(": an epoch of", ",") for name in epochs)], ["---"] * (1 + len(epochs))]
    for what in next(iter(epochs.values())):
        table.append([what, *(times(rows[what]) for rows in epochs.values())])
    start = [found["median"] for found in groups["start"].values()]
    saving, size = (groups["checkpoint, MLP on MNIST"][what] for what in ("saving model and optimizer", "size"))
    studies = {name.split()[3]: list(map(times, rows.values())) for name, rows in groups.items() if "four runs" in name}
    held = {what: found["median"] / 1e3 for what, found in groups["peak memory, MLP on MNIST"].items() if "n" in found}
    words = [
        "1.00 × is " + " and ".join(f"{next(iter(rows.values()))['median']:.2f} s" for rows in epochs.values()) + ".",
        f"`import labhelpers` takes {start[1]:.2f} s beyond the {start[0]:.1f} s of torch.",
        f"A checkpoint of the MLP ({size['median']:.1f} MB) takes {1e3 * saving['median']:.0f} ms, "
        f"{saving['ratio']:.1%} of its epoch.",
        "Four runs in turn take, with all threads and with one, "
        + ", ".join(f"{whole} and {one} ({name})" for name, (_, whole, one) in studies.items())
        + " the time of `study` in two processes.",
        "Peak memory, MLP: " + ", ".join(f"{what} {value:.1f} GB" for what, value in held.items()) + ".",
        f"Medians, measured on {measured['date']}: {measured['machine']}; {measured['versions']}; {measured['data']}.",
    ]  # fmt: skip
    return "".join(f"| {' | '.join(line)} |\n" for line in table) + "\n" + "\n".join(words) + "\n"


def times(found: dict) -> str:
    """Return a row's ratio in words, or that it is not installed."""
    return f"{found['ratio']:.2f} ×" if "ratio" in found else found["unit"]


if __name__ == "__main__":
    main()
