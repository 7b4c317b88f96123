"""Breakout against MinAtar's, step for step; and by hand, where MinAtar is not installed."""

import pytest
import torch

import labhelpers as lab

PADDLE, BALL, TRAIL, BRICK = range(4)


class Luck:
    """What MinAtar asks its generator, answered with what ours drew for one game."""

    stick, right = 1.0, 0

    def rand(self):
        return self.stick

    def randint(self, _):
        return self.right


def minatar_s(ours):
    """One of MinAtar's games for each of ours, at the same start."""
    minatar = pytest.importorskip("minatar", reason="MinAtar is not installed: pip install minatar")
    games = []
    for ball in ours.ball:
        game = minatar.Environment("breakout", sticky_action_prob=ours.sticky)
        game.random = game.env.random = Luck()
        game.random.right = int(ball[0] == 9)
        game.reset()
        games.append(game)
    return games


def seen(game):
    return torch.from_numpy(game.state()).permute(2, 0, 1).float()


def player(obs, generator):
    """Mostly towards where the ball is, so that bricks are broken; now and then anything."""
    columns = obs.sum(dim=2).argmax(dim=2)  # (n, 4)
    side = (columns[:, BALL] - columns[:, PADDLE]).sign()
    towards = torch.tensor([1, 0, 2])[side + 1]
    anything = torch.randint(3, towards.shape, generator=generator)
    return torch.where(torch.rand(len(obs), generator=generator) < 0.25, anything, towards)


@pytest.mark.parametrize(("seed", "sticky"), [(0, 0.0), (1, 0.0), (2, 0.0), (0, 0.1), (2, 0.5)])
def test_it_is_minatar_s_step_by_step(seed, sticky):
    ours = lab.Breakout(n=8, seed=seed, limit=10_000, sticky=sticky)
    theirs, generator = minatar_s(ours), torch.Generator().manual_seed(seed)
    if seed == 2:  # one brick only, so that walls are redrawn
        ours.bricks[:, 1:3] = ours.bricks[:, 3, :9] = False
        ours.obs[:, BRICK] = ours.bricks.float()
        for game in theirs:
            game.env.brick_map[:] = ours.bricks[0]
    paid = lost = 0
    for _ in range(600):
        for game, obs in zip(theirs, ours.obs, strict=True):
            assert torch.equal(seen(game), obs)
        action, luck = player(ours.obs, generator), torch.Generator()
        luck.set_state(ours.generator.get_state())
        sticks, right = torch.rand(8, generator=luck), torch.randint(2, (8,), generator=luck)
        step = ours.step(action)
        for i, game in enumerate(theirs):
            game.random.stick, game.random.right = float(sticks[i]), int(right[i])
            reward, over = game.act([0, 1, 3][action[i]])  # no action, left, right
            assert torch.equal(step.after[i], seen(game))
            assert step.reward[i] == reward and bool(step.terminated[i]) == over
            paid, lost = paid + reward, lost + over
            if over:
                game.reset()
    assert paid > 100 and lost > 20  # or nothing has been compared


def game(column, row, across, down, paddle=4, bricks=()):
    """One game with the ball, the paddle and the bricks in given places, and nothing sticky."""
    found = lab.Breakout(n=1, seed=0, sticky=0.0)
    found.ball[0] = torch.tensor([column, row, across, down])
    found.paddle[0] = paddle
    found.bricks[:] = False
    for brick in bricks:
        found.bricks[(0, *brick)] = True
    return found


def acted(found, action=0):
    """The step, and where the ball is and flies to after it."""
    return found.step(torch.tensor([action])), found.ball[0].tolist()


def ball_in(picture, channel=BALL):
    """Columns and rows of the pixels that are on in one channel."""
    return [(x, y) for y, x in picture[channel].nonzero().tolist()]


def test_a_game_starts_with_a_whole_wall_and_the_ball_at_a_border():
    games = lab.Breakout(n=40, seed=0)
    assert games.obs.shape == (40, *games.observations) and games.obs.dtype == torch.float32
    for obs in games.obs:
        assert obs[BRICK, 1:4].all() and obs[BRICK].sum() == 30
        assert ball_in(obs, PADDLE) == [(4, 9)]
        assert ball_in(obs) == ball_in(obs, TRAIL)
        assert ball_in(obs) in ([(0, 3)], [(9, 3)])
    assert 8 < (games.ball[:, 0] == 9).sum() < 32  # either border about equally often
    assert set(games.obs.unique().tolist()) == {0.0, 1.0}
    # It flies inwards and down.
    assert torch.equal(games.ball[:, 2], 1 - 2 * (games.ball[:, 0] == 9).long())
    assert (games.ball[:, 3] == 1).all()


def test_the_ball_flies_diagonally_and_leaves_its_trail():
    step, ball = acted(game(5, 5, 1, -1, bricks=[(3, 0)]))
    assert ball == [6, 4, 1, -1] and step.reward == 0 and not step.terminated
    assert ball_in(step.after[0]) == [(6, 4)] and ball_in(step.after[0], TRAIL) == [(5, 5)]
    assert ball_in(step.after[0], BRICK) == [(0, 3)]


@pytest.mark.parametrize(
    ("ball", "after"),
    [
        ((0, 5, -1, 1), [0, 6, 1, 1]),  # left wall: it slides down along it
        ((9, 5, 1, -1), [9, 4, -1, -1]),  # right wall
        ((5, 0, 1, -1), [6, 0, 1, 1]),  # ceiling
        ((0, 0, -1, -1), [0, 0, 1, 1]),  # both, in the corner
    ],
)
def test_walls_throw_the_ball_back(ball, after):
    assert acted(game(*ball, bricks=[(1, 9)]))[1] == after


@pytest.mark.parametrize(
    ("ball", "paddle", "after"),
    [
        ((4, 8, 1, 1), 4, [5, 8, 1, -1]),  # above the paddle: it flies on to its side
        ((3, 8, 1, 1), 4, [4, 8, -1, -1]),  # on the paddle's edge: back the way it came
        ((9, 8, 1, 1), 9, [9, 8, -1, -1]),  # wall and paddle at once
    ],
)
def test_the_paddle_throws_the_ball_back(ball, paddle, after):
    step, found = acted(game(*ball, paddle=paddle, bricks=[(1, 0)]))
    assert found == after and not step.terminated and step.reward == 0


def test_the_paddle_moves_before_the_ball_and_stays_on_the_board():
    for action, paddle, wanted in ((1, 4, 3), (2, 4, 5), (0, 4, 4), (1, 0, 0), (2, 9, 9)):
        found = game(5, 5, 1, 1, paddle=paddle)
        step, _ = acted(found, action)
        assert found.paddle.item() == wanted and ball_in(step.after[0], PADDLE) == [(wanted, 9)]
    assert not acted(game(3, 8, -1, 1, paddle=4), action=1)[0].terminated  # in the last moment


def test_a_brick_pays_and_those_right_behind_it_do_not():
    found = game(4, 4, 1, -1, bricks=[(3, 5), (5, 6), (6, 7), (1, 0)])
    step, ball = acted(found)
    assert step.reward == 1 and ball == [5, 4, 1, 1]  # thrown back; the column has changed
    assert sorted(ball_in(step.after[0], BRICK)) == [(0, 1), (6, 5), (7, 6)]
    for place in ([6, 5, 1, 1], [7, 6, 1, 1]):  # two more in its way: it flies through both
        step, ball = acted(found)
        assert step.reward == 0 and ball == place and found.bricks.sum() == 3
    acted(found)
    assert not found.broke.any()  # the next one counts again


def test_a_new_episode_s_first_brick_counts():
    found = game(4, 4, 1, -1, bricks=[(3, 5)])
    found.limit = 1
    assert acted(found)[0].truncated.item() and not found.broke.any()


def test_a_ball_that_is_lost_ends_the_episode_and_a_new_one_begins():
    found = game(2, 8, 1, 1, paddle=7, bricks=[(1, 0)])
    step, ball = acted(found)
    assert step.terminated.item() and not step.truncated.item() and step.reward == 0
    assert ball_in(step.after[0]) == [(3, 9)] and ball_in(step.after[0], BRICK) == [(0, 1)]
    assert ball[1] == 3 and found.paddle.item() == 4 and found.age.item() == 0
    assert found.obs[0, BRICK].sum() == 30 and ball_in(found.obs[0]) == ball_in(found.obs[0], TRAIL)


def test_the_wall_is_redrawn_when_the_ball_comes_down_and_not_before():
    found = game(4, 4, 1, -1, paddle=9, bricks=[(3, 5)])
    step, _ = acted(found)
    assert step.reward == 1 and not found.bricks.any()
    for _ in range(4):  # from row 4 to row 8
        step, _ = acted(found)
        assert not step.after[0, BRICK].any()
    step, ball = acted(found)
    assert ball[1] == 8 and not step.terminated
    assert step.after[0, BRICK].sum() == 30 and torch.equal(step.after, found.obs)


def test_after_is_never_the_new_episode_s():
    games, generator = lab.Breakout(n=32, seed=0, limit=15), torch.Generator().manual_seed(0)
    ends = torch.zeros(2)
    for _ in range(200):
        before = games.obs.clone()
        step = games.step(player(before, generator))
        # The trail of where an action led is where the ball was, whatever has begun since.
        assert torch.equal(step.after[:, TRAIL], before[:, BALL])
        over = step.terminated | step.truncated
        assert torch.equal(step.after[~over], games.obs[~over])
        assert (games.obs[over, BRICK].sum(dim=(1, 2)) == 30).all()
        assert torch.equal(games.obs[over, BALL], games.obs[over, TRAIL])
        assert torch.equal(games.age == 0, over) and not (step.terminated & step.truncated).any()
        assert step.after[step.terminated, BALL, 9].any(dim=1).all()
        ends += torch.stack([step.terminated.sum(), step.truncated.sum()])
    assert (ends > 50).all()


def test_what_is_lost_at_the_last_moment_is_terminated_only():
    found = game(2, 8, 1, 1, paddle=7)
    found.limit = 1
    step, _ = acted(found)
    assert step.terminated.item() and not step.truncated.item()


def test_the_share_of_actions_that_stick_is_about_right():
    games = lab.Breakout(n=500, seed=0, sticky=0.1)
    repeated = 0
    for k in range(100):
        games.step(torch.full((500,), 1 + k % 2))
        repeated += (games.acted == 2 - k % 2).sum().item()
    # An action that stuck is the next one's, as left and right are asked for in turn: of shares s,
    # 0.1 (1 - s) = s in the long run.
    assert repeated / 50_000 == pytest.approx(1 / 11, abs=0.01)


def test_an_action_that_stuck_may_stick_again():
    games = lab.Breakout(n=4, seed=0, sticky=1.0)
    for _ in range(3):
        games.step(torch.full((4,), 2))
    assert not games.acted.any() and (games.paddle == 4).all()  # "stay", from before the start


def test_a_state_dict_brings_back_the_games_and_their_luck():
    first, generator = lab.Breakout(n=16, seed=1), torch.Generator().manual_seed(0)
    for _ in range(150):
        first.step(player(first.obs, generator))
    while not first.broke.any():  # a moment at which all that is kept matters
        first.step(player(first.obs, generator))
    second = lab.Breakout(n=16, seed=99)
    second.load_state_dict(first.state_dict())
    assert torch.equal(first.broke, second.broke) and torch.equal(first.obs, second.obs)
    for _ in range(150):
        action = player(first.obs, generator)
        for a, b in zip(first.step(action), second.step(action), strict=True):
            assert torch.equal(a, b)
        assert torch.equal(first.obs, second.obs)


def test_seeds_give_different_starts_and_the_same_one_the_same():
    first, again, other = (lab.Breakout(n=20, seed=seed).ball for seed in (3, 3, 4))
    assert torch.equal(first, again) and not torch.equal(first, other)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"n": 0}, "whole number"),
        ({"n": 2, "limit": 0}, "whole number"),
        ({"n": 2, "seed": -1}, "whole number"),
        ({"n": 2, "sticky": 1.5}, "probability"),
    ],
)
def test_it_refuses_nonsense(words, said):
    with pytest.raises(ValueError, match=said):
        lab.Breakout(**words)


@pytest.mark.usefixtures("session", "saved_every_step")
def test_a_run_that_was_cut_off_ends_with_the_same_games(monkeypatch, capsys):
    def played(run):
        lab.seed_everything(0)
        games = lab.Breakout(n=4, seed=2, limit=9)

        def step(_):
            return {"loss": games.step(torch.randint(3, (4,))).reward.mean()}

        ticks = torch.arange(20).split(1)
        done = lab.train(step, ticks, epochs=2, state={"games": games}, run=run, seed=0)
        return games.state_dict(), done.history

    whole = played("whole")
    step, calls = lab.Breakout.step, []

    def cut(games, action):
        calls.append(1)
        if len(calls) == 27:  # within the second epoch
            raise KeyboardInterrupt
        return step(games, action)

    monkeypatch.setattr(lab.Breakout, "step", cut)
    with pytest.raises(KeyboardInterrupt):
        played("cut")
    monkeypatch.setattr(lab.Breakout, "step", step)
    resumed = played("cut")
    assert "resumed after step" in capsys.readouterr().out
    assert resumed[1] == whole[1] and resumed[0].keys() == whole[0].keys()
    for name, value in whole[0].items():
        assert torch.equal(resumed[0][name], value), name
