"""The Llama and LoRA against transformers and peft; the order in which a model is looked for."""

import pytest
import torch

import labhelpers as lab
from labhelpers.models import pretrained

transformers = pytest.importorskip("transformers")
peft = pytest.importorskip("peft")


def theirs(shared=2, base=500.0):
    """A Llama of transformers, with weights large enough to tell variants apart."""
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=31, hidden_size=32, intermediate_size=48, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=shared, max_position_embeddings=40,
        rope_parameters={"rope_type": "default", "rope_theta": base}, tie_word_embeddings=True,
        rms_norm_eps=0.01,
    )  # fmt: skip
    model = transformers.LlamaForCausalLM(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn_like(parameter) / 3)
    return model


@pytest.fixture
def x():
    return torch.randint(31, (3, 20), generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("shared", [1, 2, 4])
def test_the_same_weights_give_the_logits_of_transformers(x, shared):
    model = theirs(shared)
    with torch.no_grad():
        torch.testing.assert_close(lab.Llama.copied(model)(x), model(x).logits)


def test_gradients_are_those_of_transformers(x):
    model = theirs()
    own = lab.Llama.copied(theirs())
    own(x).logsumexp(dim=-1).sum().backward()
    model(x).logits.logsumexp(dim=-1).sum().backward()
    for name, parameter in own.named_parameters():
        expected = model.model.get_parameter(name).grad
        torch.testing.assert_close(parameter.grad, expected, rtol=1e-3, atol=1e-3)


def test_no_guess_looks_ahead(x):
    model = lab.Llama.copied(theirs())
    later = x.clone()
    later[:, 12:] = 0
    torch.testing.assert_close(model(later)[:, :12], model(x)[:, :12])


def test_what_cannot_be_copied_or_built_is_refused(x):
    model = theirs()
    model.config.tie_word_embeddings = False
    with pytest.raises(ValueError, match="tied embeddings"):
        lab.Llama.copied(model)
    with pytest.raises(ValueError, match="heads=3 and width=32"):
        lab.Llama(31, width=32, heads=3)
    with pytest.raises(ValueError, match="shared=3 does not divide heads=4"):
        lab.Llama(31, heads=4, shared=3)
    with pytest.raises(ValueError, match="exceed the context of 10"):
        lab.Llama(31, context=10)(x)


def test_lora_by_hand_is_that_of_peft(x):
    names = ["q_proj", "v_proj", "down_proj"]
    own = lab.Llama.copied(theirs())
    added = lab.add_lora(own, rank=3, alpha=12, names=names)
    config = peft.LoraConfig(r=3, lora_alpha=12, target_modules=names)
    wrapped = peft.get_peft_model(theirs(), config).eval()
    pairs = [p for p in wrapped.parameters() if p.requires_grad]
    assert [p.shape for p in added] == [p.shape for p in pairs]
    with torch.no_grad():
        for mine, his in zip(added, pairs, strict=True):
            his.copy_(mine.normal_())
    torch.testing.assert_close(own(x), wrapped(x).logits)
    own(x).logsumexp(dim=-1).sum().backward()
    wrapped(x).logits.logsumexp(dim=-1).sum().backward()
    for mine, his in zip(added, pairs, strict=True):
        torch.testing.assert_close(mine.grad, his.grad, rtol=1e-3, atol=1e-3)


def test_lora_changes_nothing_at_the_start_and_leaves_when_it_is_removed(x):
    model = lab.Llama(31, width=32, context=40)
    before = model(x)
    added = lab.add_lora(model, rank=2)
    assert torch.equal(model(x), before)
    assert {p for p in model.parameters() if p.requires_grad} == {*added}
    with torch.no_grad():
        for parameter in added:
            parameter.normal_()
    assert not torch.allclose(model(x), before)
    with pytest.raises(ValueError, match="already"):
        lab.add_lora(model, rank=2)
    assert torch.equal(lab.remove_lora(model)(x), before)
    assert all(p.requires_grad for p in model.parameters())


def test_merged_equals_unmerged(x):
    model = lab.Llama(31, width=32, context=40)
    with torch.no_grad():
        for parameter in lab.add_lora(model, rank=2):
            parameter.normal_(std=0.3)
    plugged = model(x)
    torch.testing.assert_close(lab.remove_lora(model, merge=True)(x), plugged)


def test_an_unknown_layer_is_refused():
    with pytest.raises(ValueError, match="no linear layer is named key"):
        lab.add_lora(lab.Llama(31), rank=2, names=["key"])


TEXT = str(lab.Language(seed=0).text(2_000, seed=1))


@pytest.fixture
def looked(monkeypatch):
    """What was looked for, in order; nothing is found."""
    monkeypatch.setattr(pretrained, "_loaded", {})
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    places = []

    def read(transformers, place, kind, **options):
        places.append(kind)
        raise OSError("not here")

    monkeypatch.setattr(pretrained, "_read", read)
    monkeypatch.setattr(pretrained, "_reachable", lambda host: True)
    monkeypatch.setattr(pretrained.importlib.util, "find_spec", lambda name: None)
    return places


def test_cache_hub_wheel_and_then_a_stand_in_that_says_so(looked, start, monkeypatch, capsys):
    session = start("laptop")
    folder = session.data / "smollm2" / pretrained.WHEEL
    folder.mkdir(parents=True)
    (folder / pretrained.FILE).touch()
    taught = []
    found = lab.load_pretrained(TEXT, lambda model, tokens: taught.append(len(tokens)))
    assert looked == ["hub, from this machine's cache", "hub", "wheel, 4 bits"]
    assert found.stand_in and "stand-in" in capsys.readouterr().out and len(taught) == 1
    assert session.sources["pretrained"] == found.source
    assert lab.load_pretrained(TEXT, print) is found  # loaded once
    looked.clear()
    pretrained._loaded.clear()
    monkeypatch.setattr(pretrained, "_reachable", lambda host: False)
    lab.load_pretrained(TEXT, lambda model, tokens: None)
    assert "hub" not in looked


def test_the_smoke_budget_looks_nowhere(looked, session):
    assert lab.load_pretrained(TEXT, lambda model, tokens: None).stand_in and not looked


def test_offline_the_hub_is_not_even_probed(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(pretrained.socket, "create_connection", None)  # a call would fail
    assert not pretrained._reachable("huggingface.co")


@pytest.fixture
def small(session, monkeypatch):
    monkeypatch.setattr(pretrained, "_loaded", {})
    return lab.load_pretrained(TEXT, lambda model, tokens: None)


def test_features_do_not_depend_on_padding(small):
    texts = ["bado tumix. ", "ke", "salo remiq bado tumix ke salo remiq. "]
    together = lab.mean_features(small, texts, [0, 2])
    for i, text in enumerate(texts):
        alone = lab.mean_features(small, [text], [0, 2])
        for layer in (0, 2):
            torch.testing.assert_close(alone[layer][0], together[layer][i], rtol=1e-4, atol=1e-5)
    assert not torch.allclose(together[0], together[2])
    with pytest.raises(ValueError, match="layer 9 does not exist: choose from 0 to 3"):
        lab.mean_features(small, texts, [9])


def test_token_bits_are_the_models_loss(small):
    bits, spelled = lab.token_bits(small, TEXT[:200])
    x = torch.tensor([small.tokenizer(TEXT[:200]).input_ids])
    loss = small.model(x, labels=x).loss.item()  # it shifts by itself; nats a token
    assert bits.mean().item() == pytest.approx(loss / 0.6931472, rel=1e-4)
    assert spelled == 200 - len(small.tokenizer.decode(x[0, :1]))


def test_behind_a_context_all_characters_are_scored(small):
    whole, _ = lab.token_bits(small, TEXT[:60] + TEXT[60:90])
    bits, spelled = lab.token_bits(small, TEXT[60:90], context=TEXT[:60])
    assert spelled == 30 and len(bits) < len(whole)
