import subprocess
import sys

import numpy as np
import pytest
import torch

from misora.base.errors import InputError
from misora.models.text_encoder.config import TextEncoderConfig
from misora.models.text_encoder.model import TextEncoder
from misora.models.text_encoder.tokenizer import feature_names, hash_row, tokenize, word_features

torch.set_num_threads(1)


def tiny_text_encoder(**options):
    torch.manual_seed(0)
    return TextEncoder(TextEncoderConfig(dim=24, heads=2, out_dim=16, **options)).eval()


def test_words_numbers_and_characters_are_tokens_and_punctuation_is_not():
    first = [names[0].split(":")[1] for names in feature_names("A red Dog, 24fps! 狗在海滩 🐶")]
    assert first == ["a", "red", "dog", "24", "fps", "狗", "在", "海", "滩"]


def test_a_character_knows_its_neighbours_but_not_across_punctuation():
    assert list(feature_names("小狗。跑")) == [["character:小", "next:小狗"], ["character:狗", "pair:小狗"], ["character:跑"]]


def test_width_and_case_do_not_matter():
    assert np.array_equal(tokenize("ＲＥＤ Dog"), tokenize("red dog"))


def test_long_words_keep_their_start_and_end():
    names = word_features("extraordinarily")
    assert len(names) == 8
    assert names[1] == "trigram:<ex"
    assert names[-1] == "trigram:ly>"


def test_near_spellings_share_rows():
    one, other = set(tokenize("running")[0]), set(tokenize("runnning")[0])
    assert len(one & other) >= 5


def test_rows_are_in_the_table_and_the_same_in_every_process():
    assert hash_row("word:dog", 4096) == 3367
    features = tokenize("The quick brown fox 狐狸", 64, 32)
    assert features.shape == (6, 8)
    assert features.max() < 32
    assert features[:, 0].min() >= 1


def test_length_is_bounded_and_empty_text_has_no_tokens():
    assert tokenize("dog " * 100).shape == (64, 8)
    assert tokenize("dog " * 100, 5).shape == (5, 8)
    assert tokenize("  ... ").shape == (0, 8)


def test_cached_features_cannot_be_written():
    with pytest.raises(ValueError, match="read-only"):
        tokenize("dog")[0, 0] = 1


def test_tokenizer_needs_no_torch():
    code = "import sys, misora.models.text_encoder.tokenizer, misora.models.text_encoder.config; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_empty_text_is_one_token():
    encoded = tiny_text_encoder().encode([""])
    assert encoded.tokens.shape == (1, 1, 16)
    assert encoded.mask.tolist() == [[True]]
    assert encoded.pooled.shape == (1, 16)


def test_padding_changes_nothing():
    encoder = tiny_text_encoder()
    alone = encoder.encode(["red dog"])
    beside = encoder.encode(["red dog", "a very long text about one red dog on a beach", ""])
    assert beside.mask.sum(1).tolist() == [3, 12, 1]
    torch.testing.assert_close(beside.tokens[:1, :3], alone.tokens, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(beside.pooled[:1], alone.pooled, atol=1e-5, rtol=1e-5)


def test_texts_are_trimmed_to_the_longest_or_padded_to_a_length():
    encoder = tiny_text_encoder()
    assert encoder.collate(["red dog", "cat"]).shape == (2, 2, 8)
    assert encoder.collate(["red dog", "cat"], pad_to=5).shape == (2, 5, 8)
    assert encoder.encode(["red dog"], pad_to=5).mask.sum() == 3


def test_order_matters():
    encoded = tiny_text_encoder().encode(["red dog blue cat", "blue dog red cat"])
    assert not torch.allclose(encoded.pooled[0], encoded.pooled[1], atol=1e-4)


def test_gradients_reach_every_weight():
    encoder = tiny_text_encoder()
    encoded = encoder.encode(["red dog", "猫"])
    (encoded.tokens.square().mean() + encoded.pooled.square().mean()).backward()
    assert all(p.grad is not None and bool(p.grad.isfinite().all()) for p in encoder.parameters())
    assert bool((encoder.table.weight.grad[0] == 0).all())


def test_heads_must_divide_width():
    with pytest.raises(InputError, match="heads=5"):
        TextEncoderConfig(heads=5)


@torch.no_grad()
def test_neighbours_are_mixed_in_but_not_from_padding():
    model = tiny_text_encoder(neighbours=2, layers=1)
    plain = tiny_text_encoder(layers=1)
    plain.load_state_dict({name: value for name, value in model.state_dict().items() if name != "near.weight"})
    torch.testing.assert_close(model.encode(["a dog runs"]).tokens, plain.encode(["a dog runs"]).tokens)
    torch.nn.init.normal_(model.near.weight, std=0.1)
    alone, padded = model.encode(["a dog runs"]), model.encode(["a dog runs"], pad_to=9)
    assert not torch.allclose(alone.tokens, plain.encode(["a dog runs"]).tokens)
    torch.testing.assert_close(padded.tokens[:, :4], alone.tokens)
    torch.testing.assert_close(padded.pooled, alone.pooled)
