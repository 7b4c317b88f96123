"""The look of every figure: colours that survive colour-blindness, quiet axes, readable sizes."""

QUIET = {
    "axes.edgecolor": "0.6",
    "grid.color": "0.92",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.formatter.min_exponent": 3,  # 6 and 0.01 on a logarithmic axis, not 6 × 10⁰
}


def use_theme() -> None:
    """Set the theme for the session, through seaborn; `setup` calls it."""
    import seaborn as sns

    size = {"figure.figsize": (6.4, 4.0), "figure.dpi": 100}
    sns.set_theme(style="whitegrid", palette="colorblind", rc=size | QUIET)
