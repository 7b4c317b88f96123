"""Every sample of a profile is counted once, for the right kind of work."""

import lab_profile

ENGINE = "labhelpers/engine"
STEP = (
    f'process 1:"python";<module> (7.py:3);fit ({ENGINE}/fit.py:195);train_epoch ({ENGINE}/e.py:3);'
)
BACKWARD = "_engine_run_backward (torch/autograd/graph.py:1113)"
PREDICT = "predict (labhelpers/measures/metrics.py:33)"
RAW = f"""{STEP}Linear.forward (torch/nn/modules/linear.py:134) 30
{STEP}fit.<locals>.step ({ENGINE}/fit.py:180);{BACKWARD} 40
{STEP}Adam.step (torch/optim/adam.py:239);_fused_adam (torch/optim/adam.py:880) 10
{STEP}Batches.__iter__ (labhelpers/data/batches.py:87) 5
{STEP.removesuffix(";")} 5
fit.<locals>.evaluate ({ENGINE}/fit.py:187);{PREDICT};Linear.forward (torch/nn/a.py:1) 4
<module> (8.py:2);savefig (matplotlib/figure.py:3) 2
{STEP}fit.<locals>.step (labhelpers/engine/fit.py:180);relu_by_hand (8.py:9) 4
study (labhelpers/evidence/study.py:70);Parallel._retrieve (joblib/parallel.py:1846) 900
"""


def test_a_sample_counts_once_and_waiting_counts_nothing():
    found = lab_profile.shares(RAW)
    expected = {
        "forward": 0.3, "backward": 0.4, "optimizer": 0.1, "batch": 0.05, "loop": 0.05,
        "validation": 0.04, "picture": 0.02, "notebook": 0.04,
    }  # fmt: skip
    assert found.pop("seconds") == 100 / lab_profile.RATE
    assert {kind: share for kind, share in found.items() if share} == expected
    assert "| 07 | 5 | 0% | 2% |" in lab_profile.table({"07": found | {"seconds": 5.0}})


def test_what_is_committed_has_a_line_for_each_lab_that_was_profiled():
    labs = {
        path.name.partition("-")[0]
        for path in (lab_profile.ROOT / "notebooks").glob("[0-9][0-9]*-*.ipynb")
    }
    lines = lab_profile.RESULTS.read_text(encoding="utf-8").splitlines()
    profiled = [line.split()[1] for line in lines if line[2:4].isdigit()]
    assert profiled == sorted(profiled) and set(profiled) <= labs
