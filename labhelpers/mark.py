"""Mark a class in one command: ``python -m labhelpers.mark FILES… --out marks.csv``.

FILES are notebooks, folders of notebooks, or patterns such as ``"handed-in/*.ipynb"``. From each
one the exercises' functions are taken, with the imports, helpers and constants that they use; the
rest of the notebook is not run. Which lab it is, the exercises and the title tell, not the file's
name. Each answer is graded, as by `lab.check`, in a process of its own with limits of time and
memory (on Linux; elsewhere a notebook has a process, replaced when it hangs, and memory has no
limit). So an endless loop, a syntax error or an ``exit()`` costs that exercise and no other, and
what a cell prints, or does to ``lab.check``, counts for nothing.

The table has a row for each file and a column for each exercise:

    right               on all inputs
    known mistake: …    with the sentence that the student was told
    wrong               another result
    error: …            what was raised, or the line that is no Python
    timed out           no result within the limit, ``--seconds``
    not attempted       the dots are still there
    missing             no function of that name, with the one that it may have been renamed to

and with ``right`` and ``of``, how many of how many, and ``remark``: why a file has no marks.

**What it does not protect against.** The answers are programs of strangers, and they run as you:
they can read and delete your files and use your network. Mark in a container, or in an account of
its own, when that matters. And the solutions come with the package: a student who wants them has
them, and code that is written to deceive the grading can do so. It marks exercises; it is no
examination.
"""

from labhelpers.classroom.marks import main

if __name__ == "__main__":
    raise SystemExit(main())
