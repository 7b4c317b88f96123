"""The package's own numbers: stored results are kept by `ERA`, which has to rise with them."""

import torch

import labhelpers as lab
from labhelpers.store.fingerprint import ERA

# What one small training gave when `ERA` was last raised, on a CPU
LOSSES = {1: [2.08208, 1.27176, 1.20232, 0.88137]}


def test_the_numbers_have_not_moved_since_this_era_began(session):
    assert set(LOSSES) == {ERA}, "ERA was raised: put the losses of the new one here"
    digits = lab.load_data("digits")
    lab.seed_everything(0)
    model = lab.MLP(digits.train.images[0].numel(), 16, len(digits.classes))
    run = lab.fit(model, digits, epochs=2, lr=1e-2, batch_size=50, seed=0)
    losses = [row[name] for row in run.history for name in ("loss", "val_loss")]
    torch.testing.assert_close(
        torch.tensor(losses),
        torch.tensor(LOSSES[ERA]),
        rtol=1e-3,
        atol=0,
        msg=lambda text: f"the package trains otherwise than before: raise ERA in store. {text}",
    )
