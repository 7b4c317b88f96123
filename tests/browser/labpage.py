"""A notebook that is open in JupyterLab: what its reader does, and what its reader sees."""

from pathlib import Path

OPEN = """async () => {
    window.panel = jupyterapp.shell.currentWidget;
    await panel.context.ready;
    await panel.sessionContext.ready;
    await panel.sessionContext.session.kernel.info;  // the toolbar says idle too early
    window.bars = [];  // every state of a progress bar that was ever on the screen
    new MutationObserver(changes => {
        for (const {target} of changes)
            bars.push(...(target.textContent.match(/[^\\n\\r]*\\d+%\\|/g) || []));
    }).observe(panel.content.node, {subtree: true, childList: true, characterData: true});
}"""
WIDTHS = """async () => {
    const pictures = [...panel.content.node.querySelectorAll('.jp-OutputArea-output img')];
    await Promise.all(pictures.map(picture => picture.decode()));  // fails on a broken one
    return pictures.map(picture => picture.naturalWidth);
}"""
SHOW = "i => panel.content.scrollToItem(i, 'center')"


class Notebook:
    """Cells are named by their index; pictures go to files that begin with `pictures`."""

    def __init__(self, page, url, pictures: Path):
        self.page, self.pictures, self.number = page, pictures, pictures.name[:2]
        page.goto(url)
        page.wait_for_function("window.jupyterapp?.shell.currentWidget?.context")
        page.evaluate(OPEN)

    def cells(self) -> list[dict]:
        """Return the cells as they would be saved now."""
        return self.page.evaluate("panel.content.model.toJSON().cells")

    def find(self, text: str) -> int:
        """Return the index of the code cell that contains `text`."""
        return next(
            i
            for i, c in enumerate(self.cells())
            if c["cell_type"] == "code" and text in "".join(c["source"])
        )

    def run_all(self) -> None:
        """Run all cells; return when the last one is done and the kernel is idle."""
        self.page.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')")
        self.page.wait_for_function("panel.sessionContext.session.kernel.status == 'idle'")

    def type(self, i: int, source: str) -> None:
        """Replace what stands in a cell, by keyboard."""
        self.page.evaluate(SHOW, i)
        self.editor(i).click()
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.insert_text(source)
        assert "".join(self.cells()[i]["source"]) == source

    def append(self, source: str) -> int:
        """Add a cell at the end and type into it; return its index."""
        last = len(self.cells()) - 1
        self.page.evaluate("i => { panel.content.activeCellIndex = i }", last)
        self.page.evaluate("jupyterapp.commands.execute('notebook:insert-cell-below')")
        self.type(last + 1, source)
        return last + 1

    def run(self, i: int) -> str:
        """Run a cell to its end and return what stands below it."""
        self.start(i)
        return self.finish(i)

    def start(self, i: int) -> None:
        """Begin to run a cell."""
        self.page.evaluate("i => { panel.content.activeCellIndex = i }", i)
        self.page.evaluate(
            "() => { window.running = jupyterapp.commands.execute('notebook:run-cell') }"
        )

    def finish(self, i: int) -> str:
        """Wait for the cell that was started and return what stands below it."""
        self.page.evaluate("running")
        self.page.wait_for_function("panel.sessionContext.session.kernel.status == 'idle'")
        return self.output(i)

    def interrupt(self) -> None:
        """Press the toolbar's stop button."""
        self.page.locator("[data-command='notebook:interrupt-kernel']").first.click()

    def editor(self, i: int):
        """Return the place where a cell's source is typed."""
        return self.cell(i).locator(".cm-content").first

    def cell(self, i: int):
        """Return a cell's element on the page."""
        return self.page.locator(f".jp-Notebook .jp-Cell[data-windowed-list-index='{i}']")

    def output(self, i: int) -> str:
        """Return the text that stands below a cell."""
        return self.cell(i).locator(".jp-Cell-outputArea").inner_text()

    def figure_widths(self) -> list[int]:
        """Return the width in pixels of every picture among the outputs, each decoded."""
        return self.page.evaluate(WIDTHS)

    def bars(self) -> list[str]:
        """Return every state of a progress bar that was on the screen at any time."""
        return self.page.evaluate("bars")

    def picture(self, name: str, i: int | None = None) -> None:
        """Keep a picture of the window, with a cell in the middle if one is named."""
        if i is not None:
            self.page.evaluate(SHOW, i)
        self.page.screenshot(path=f"{self.pictures}-{name}.png")
