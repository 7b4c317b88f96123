"""The GPT against GPT-2's own class, attention against PyTorch's, the cache against none, the
n-gram against a loop over dictionaries.
"""

import math
from collections import Counter, defaultdict

import pytest
import torch
import torch.nn.functional as F

from labhelpers.data.grammar import Language
from labhelpers.models.generation import generate, token_probabilities
from labhelpers.models.language import GPT, Attention, rotate
from labhelpers.models.ngram import NGram


def loud(model, scale=0.5):
    """Weights large enough that a wrong nonlinearity or a wrong scale shows in the logits."""
    torch.manual_seed(1)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=scale)
    return model


@pytest.fixture(params=["rotary", "learned"])
def model(request):
    return loud(GPT(11, width=24, layers=3, heads=3, context=20, positions=request.param)).double()


@pytest.fixture
def x():
    return torch.randint(11, (5, 20), generator=torch.Generator().manual_seed(2))


# The GPT


def test_logits_are_those_of_gpt_2_with_the_same_weights(x):
    transformers = pytest.importorskip("transformers")
    ours = loud(GPT(11, width=24, layers=3, heads=3, context=20, positions="learned")).double()
    config = transformers.GPT2Config(
        vocab_size=11, n_positions=20, n_embd=24, n_layer=3, n_head=3, resid_pdrop=0.0,
        embd_pdrop=0.0, attn_pdrop=0.0, bos_token_id=0, eos_token_id=0,
    )  # fmt: skip
    theirs = transformers.GPT2LMHeadModel(config).double().eval()
    names = {
        "ln_1": "norm1", "attn.c_attn": "attention.qkv", "attn.c_proj": "attention.out",
        "ln_2": "norm2", "mlp.c_fc": "up", "mlp.c_proj": "down",
    }  # fmt: skip
    mine = ours.state_dict()
    weights = {"transformer.wte.weight": mine["tokens.weight"]}
    weights["transformer.wpe.weight"] = mine["places.weight"]
    weights["lm_head.weight"] = mine["tokens.weight"]
    for end in ("weight", "bias"):
        weights[f"transformer.ln_f.{end}"] = mine[f"norm.{end}"]
        for i in range(3):
            for their, our in names.items():
                value = mine[f"blocks.{i}.{our}.{end}"]
                # GPT-2 keeps the matrices of linear layers the other way round.
                value = value.T if value.ndim == 2 else value
                weights[f"transformer.h.{i}.{their}.{end}"] = value
    missing, unexpected = theirs.load_state_dict(weights, strict=False)
    assert not unexpected and all("attn.bias" in m or "masked_bias" in m for m in missing)
    logits = ours(x)
    torch.testing.assert_close(theirs(x).logits, logits)
    assert logits.std() > 1


def plain_gpt(model, x):
    """The same network in plain tensor operations, one sequence, one head, one place at a time."""
    w = model.state_dict()
    h = w["tokens.weight"][x]
    if model.places is not None:
        h = h + w["places.weight"][: len(x)]
    for i, block in enumerate(model.blocks):
        p = f"blocks.{i}."
        heads = block.attention.heads

        def linear(name, value, p=p):
            return value @ w[p + name + ".weight"].T + w[p + name + ".bias"]

        def norm(name, value, p=p):
            centred = value - value.mean(-1, keepdim=True)
            scaled = centred / (centred.square().mean(-1, keepdim=True) + 1e-5).sqrt()
            return scaled * w[p + name + ".weight"] + w[p + name + ".bias"]

        qkv = linear("attention.qkv", norm("norm1", h))
        size = h.shape[1] // heads
        read = torch.zeros_like(h)
        for head in range(heads):
            part = slice(head * size, (head + 1) * size)
            q, k, v = (qkv[:, j * h.shape[1] :][:, part] for j in range(3))
            for t in range(len(x)):
                scores = torch.stack([_score(model, q, k, t, s) for s in range(t + 1)])
                read[t, part] = scores.softmax(0) @ v[: t + 1]
        h = h + linear("attention.out", read)
        up = linear("up", norm("norm2", h))
        gelu = 0.5 * up * (1 + (math.sqrt(2 / math.pi) * (up + 0.044715 * up**3)).tanh())
        h = h + linear("down", gelu)
    centred = h - h.mean(-1, keepdim=True)
    h = centred / (centred.square().mean(-1, keepdim=True) + 1e-5).sqrt()
    return (h * w["norm.weight"] + w["norm.bias"]) @ w["tokens.weight"].T


def _score(model, q, k, t, s):
    a, b = q[t], k[s]
    if model.places is None:
        half = len(a) // 2
        angle = 10_000 ** (-torch.arange(half, dtype=torch.float64) / half)
        # As complex numbers: turning is multiplying by e^(i angle).
        a = torch.complex(a[:half], a[half:]) * torch.exp(1j * t * angle)
        b = torch.complex(b[:half], b[half:]) * torch.exp(1j * s * angle)
        return (a * b.conj()).real.sum() / math.sqrt(len(q[t]))
    return a @ b / math.sqrt(len(a))


def test_logits_are_those_of_plain_loops(model, x):
    logits = model(x)
    for row in range(2):
        torch.testing.assert_close(logits[row], plain_gpt(model, x[row]), rtol=1e-5, atol=1e-5)


def test_a_later_token_changes_no_earlier_guess(model, x):
    before = model(x)
    changed = x.clone()
    changed[:, 12] = (changed[:, 12] + 1) % 11
    after = model(changed)
    torch.testing.assert_close(after[:, :12], before[:, :12])
    assert (after[:, 12:] - before[:, 12:]).abs().amin(dim=(0, 2)).max() > 0
    assert not torch.allclose(after[:, 12], before[:, 12])


def test_a_token_at_a_time_with_a_cache_is_the_whole_at_once(model, x):
    whole = model(x)
    logits, past = model.step(x[:, :7])
    pieces = [logits]
    for cut in (slice(7, 8), slice(8, 12), slice(12, 20)):
        logits, past = model.step(x[:, cut], past)
        pieces.append(logits)
    torch.testing.assert_close(torch.cat(pieces, dim=1), whole)


def test_weights_are_those_that_attention_uses(model, x):
    weights = model.attention_weights(x)
    assert weights.shape == (3, 5, 3, 20, 20)
    torch.testing.assert_close(weights.sum(-1), torch.ones(3, 5, 3, 20, dtype=torch.float64))
    assert (weights.triu(1) == 0).all()
    attention = model.blocks[0].attention
    h = torch.randn(5, 20, 24, dtype=torch.float64)
    _, _, v = attention._split(h, 0)
    read = attention.weights(h) @ v
    torch.testing.assert_close(attention.out(read.transpose(1, 2).flatten(2)), attention(h)[0])


def test_one_head_is_pytorch_s_multi_head_attention():
    torch.manual_seed(0)
    ours = Attention(12, heads=3, rotary=False)
    theirs = torch.nn.MultiheadAttention(12, 3, batch_first=True)
    theirs.in_proj_weight.data = ours.qkv.weight.data
    theirs.in_proj_bias.data = ours.qkv.bias.data
    theirs.out_proj.load_state_dict(ours.out.state_dict())
    h = torch.randn(2, 7, 12)
    hidden = torch.ones(7, 7, dtype=torch.bool).triu(1)
    torch.testing.assert_close(ours(h)[0], theirs(h, h, h, attn_mask=hidden)[0])


def test_turned_vectors_know_only_their_distance():
    q, k = torch.randn(2, 1, 8, dtype=torch.float64)
    products = [rotate(q, place) @ rotate(k, place + 3).T for place in (0, 5, 50)]
    torch.testing.assert_close(products[0], products[1])
    torch.testing.assert_close(products[0], products[2])
    torch.testing.assert_close(rotate(q).norm(), q.norm())
    assert not torch.allclose(products[0], rotate(q) @ rotate(k, 4).T)
    ones = torch.ones(1, 2, dtype=torch.float64)  # one pair: turned by one radian a place
    expected = torch.tensor([[math.cos(3) - math.sin(3), math.sin(3) + math.cos(3)]])
    torch.testing.assert_close(rotate(ones, 3), expected.double())


def test_sizes_of_the_start_follow_gpt_2():
    torch.manual_seed(0)
    model = GPT(500, width=64, layers=8)
    assert model.tokens.weight.std().item() == pytest.approx(0.02, rel=0.02)
    assert model.blocks[3].up.weight.std().item() == pytest.approx(0.02, rel=0.03)
    assert model.blocks[3].down.weight.std().item() == pytest.approx(0.005, rel=0.03)
    assert model.blocks[3].attention.out.weight.std().item() == pytest.approx(0.005, rel=0.03)
    assert not model.blocks[3].up.bias.any()


def test_attention_only_has_no_linear_layers():
    names = [name for name, _ in GPT(5, width=8, heads=2, mlp=False).named_parameters()]
    assert not any("up" in name or "down" in name for name in names)
    assert GPT(5, width=8, heads=2, mlp=False)(torch.zeros(1, 3, dtype=torch.int64)).shape[-1] == 5


def test_accumulated_gradients_are_those_of_the_large_batch(x):
    model = loud(GPT(11, width=24, heads=3, context=20), 0.1).double()

    def backward(part, share):
        loss = F.cross_entropy(model(part[:, :-1]).flatten(0, 1), part[:, 1:].flatten())
        (share * loss).backward()

    backward(x, 1.0)
    large = [p.grad.clone() for p in model.parameters()]
    model.zero_grad()
    backward(x[:2], 2 / 5)
    backward(x[2:], 3 / 5)
    for p, grad in zip(model.parameters(), large, strict=True):
        torch.testing.assert_close(p.grad, grad)


def test_a_small_gpt_learns_a_text_by_heart(session):
    torch.manual_seed(0)
    text = Language(seed=0).text(34, seed=1)
    model = GPT(24, width=32, context=33)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    x, y = text.tokens[None, :-1], text.tokens[None, 1:]
    for _ in range(60):
        loss = F.cross_entropy(model(x).flatten(0, 1), y.flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss < 0.1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"heads": 5}, "heads=5 do not divide width=24"),
        ({"heads": 8}, "width / heads is 3, and rotation needs pairs"),
        ({"layers": 0}, "layers=0"),
        ({"vocabulary": 2.5}, "vocabulary=2.5"),
        ({"positions": "sine"}, "positions='sine' is unknown: choose from rotary, learned"),
    ],
)
def test_a_gpt_refuses_bad_sizes(options, message):
    with pytest.raises(ValueError, match=message):
        GPT(**{"vocabulary": 5, "width": 24, **options})


def test_more_tokens_than_the_context_are_refused(model):
    with pytest.raises(ValueError, match="21 tokens are more than the context of 20"):
        model(torch.zeros(1, 21, dtype=torch.int64))
    _, past = model.step(torch.zeros(1, 20, dtype=torch.int64))
    with pytest.raises(ValueError, match="21 tokens are more"):
        model.step(torch.zeros(1, 1, dtype=torch.int64), past)


# Drawing


def test_the_text_is_the_same_with_and_without_the_cache(model, x):
    for options in ({"temperature": 0}, {"seed": 3}, {"top_p": 0.8}, {"top_k": 3, "seed": 1}):
        drawn = [generate(model, x[:, :4], 16, cache=cache, **options) for cache in (True, False)]
        assert torch.equal(*drawn), options
        assert torch.equal(drawn[0][:, :4], x[:, :4]) and drawn[0].shape == (5, 20)


def test_greedy_takes_the_most_probable_token_at_each_place(model, x):
    drawn = generate(model, x[:, :4], 16, temperature=0)
    assert torch.equal(model(drawn[:, :-1]).argmax(-1)[:, 3:], drawn[:, 4:])


def test_probabilities_by_hand():
    logits = torch.tensor([[0.4, 0.3, 0.2, 0.1]]).log()
    cases = [
        ({}, [0.4, 0.3, 0.2, 0.1]),
        ({"temperature": 0.5}, [0.16 / 0.3, 0.09 / 0.3, 0.04 / 0.3, 0.01 / 0.3]),
        ({"temperature": 0}, [1, 0, 0, 0]),
        ({"top_k": 2}, [4 / 7, 3 / 7, 0, 0]),
        ({"top_k": 9}, [0.4, 0.3, 0.2, 0.1]),
        ({"top_p": 0.5}, [4 / 7, 3 / 7, 0, 0]),
        ({"top_p": 0.3}, [1, 0, 0, 0]),
        ({"top_p": 1.0}, [0.4, 0.3, 0.2, 0.1]),
        ({"temperature": 0.5, "top_p": 0.6}, [16 / 25, 9 / 25, 0, 0]),
        ({"top_k": 3, "top_p": 0.85}, [4 / 9, 3 / 9, 2 / 9, 0]),
    ]
    for options, expected in cases:
        found = token_probabilities(logits, **options)
        torch.testing.assert_close(found, torch.tensor([expected], dtype=torch.float32))
    order = torch.tensor([2, 0, 3, 1])
    found = token_probabilities(logits[:, order], top_p=0.5)
    torch.testing.assert_close(found[0], torch.tensor([4 / 7, 3 / 7, 0, 0])[order])


def test_drawn_shares_are_the_probabilities(session):
    text = Language(seed=0).text(5000, seed=1)
    model = NGram(text.tokens, 24, order=0)
    drawn = generate(model, torch.zeros(2000, 1, dtype=torch.int64), 2)[:, 1:]
    shares = torch.bincount(drawn.flatten(), minlength=24) / 4000
    torch.testing.assert_close(shares, model(drawn[:1])[0, 0].exp(), rtol=0, atol=0.03)


def test_generation_refuses_what_cannot_be(model, x):
    for options, message in [
        ({"temperature": -1}, "temperature=-1 is not allowed"),
        ({"top_p": 0}, "top_p=0 is not allowed"),
        ({"top_p": 1.5}, "top_p=1.5"),
        ({"top_k": 0}, "top_k=0"),
        ({"length": 0}, "length=0"),
        ({"length": 18}, "use length=17 at most, or cache=False"),
    ]:
        with pytest.raises(ValueError, match=message):
            generate(model, x[:, :4], **{"length": 5, **options})
    assert generate(model, x[:, :4], 30, cache=False).shape == (5, 34)
    assert generate(model, x[:, :4], 17).shape == (5, 21)  # the last token is never read


# The n-gram


def plain_witten_bell(tokens, vocabulary, order):
    counts = defaultdict(Counter)
    for k in range(order + 1):
        for i in range(k, len(tokens)):
            counts[tuple(tokens[i - k : i])][tokens[i]] += 1

    def p(history, token):
        lower = p(history[1:], token) if history else 1 / vocabulary
        seen = counts.get(history)
        if not seen:
            return lower
        n, kinds = sum(seen.values()), len(seen)
        return (seen[token] + kinds * lower) / (n + kinds)

    return p


@pytest.mark.parametrize("order", [0, 1, 3, 5])
def test_probabilities_are_those_of_a_loop_over_dictionaries(session, order):
    text = Language(seed=0, nouns=3, verbs=2, adjectives=2).text(600, seed=1)
    model = NGram(text.tokens, 24, order)
    p = plain_witten_bell(text.tokens.tolist(), 24, order)
    other = Language(seed=0, nouns=4, verbs=2, adjectives=2).text(60, seed=2).tokens
    found = model(other[None])[0].exp()
    for place in range(60):
        history = tuple(other[: place + 1].tolist())
        history = history[len(history) - min(order, len(history)) :]
        expected = torch.tensor([p(history, token) for token in range(24)])
        torch.testing.assert_close(found[place], expected)


def test_probabilities_sum_to_one(session):
    text = Language(seed=0).text(3000, seed=1)
    sums = NGram(text.tokens, 24, order=6)(text.tokens[None, :500]).exp().sum(-1)
    torch.testing.assert_close(sums, torch.ones(1, 500))


def test_the_n_gram_by_hand():
    model = NGram(torch.tensor([0, 1, 0, 1, 0]), 2, order=1)
    one = (2 + 1 / 2 * 2) / 7  # of token 1: 2 of 5 counts, 2 kinds, half of the rest
    expected = [[1 - (2 + one) / 3, (2 + one) / 3], [(2 + 1 - one) / 3, 1 - (2 + 1 - one) / 3]]
    torch.testing.assert_close(model(torch.tensor([[0, 1]]))[0].exp(), torch.tensor(expected))


def test_the_n_gram_refuses_what_it_cannot_count():
    tokens = torch.arange(10)
    with pytest.raises(ValueError, match="order=-1"):
        NGram(tokens, 10, -1)
    with pytest.raises(ValueError, match="order=13 is too high for 50 tokens"):
        NGram(tokens, 50, 13)
    with pytest.raises(ValueError, match="10 tokens hold no history of 10"):
        NGram(tokens, 10, 10)
