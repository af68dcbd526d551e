import pytest
import torch
from torch.nn import functional as F

from misora.models.transformer import blockwise
from misora.models.transformer.attention import attend
from misora.models.transformer.blockwise import attend_in_blocks, is_quicker

torch.set_num_threads(1)


def heads(queries, keys, dtype=torch.bfloat16):
    """Queries, keys and values of two clips and three heads, as the transformer makes them: (B, L, heads, head_dim), transposed."""
    generator = torch.Generator().manual_seed(queries)
    return [torch.randn(2, length, 3, 16, generator=generator).to(dtype).transpose(1, 2) for length in (queries, keys, keys)]


@pytest.mark.parametrize(("queries", "keys"), [(1, 1), (7, 12), (300, 280)])
def test_blocks_are_torch_s_attention(queries, keys):
    q, k, v = heads(queries, keys, torch.float32)
    torch.testing.assert_close(attend_in_blocks(q, k, v, None), F.scaled_dot_product_attention(q, k, v))


def test_a_long_clip_takes_smaller_blocks_with_the_same_result(monkeypatch):
    q, k, v = heads(70, 50, torch.float32)
    whole = attend_in_blocks(q, k, v, None)
    monkeypatch.setattr(blockwise, "MAX_SCORES", 1)
    torch.testing.assert_close(attend_in_blocks(q, k, v, None), whole)


def test_keys_that_do_not_count_are_as_if_they_were_not_there():
    q, k, v = heads(9, 6, torch.float32)
    keep = torch.tensor([[True, False, True, True, False, True], [True] * 6])[:, None, None]
    masked = attend_in_blocks(q, k, v, keep)
    torch.testing.assert_close(masked, F.scaled_dot_product_attention(q, k, v, attn_mask=keep))
    poisoned = k.masked_fill(~keep[..., None].squeeze(2), float("nan"))
    assert torch.equal(attend_in_blocks(q, poisoned, v, keep), masked)


def test_bfloat16_rounds_about_as_torch_does():
    q, k, v = heads(64, 64)
    exact = F.scaled_dot_product_attention(q.double(), k.double(), v.double())
    error = (attend_in_blocks(q, k, v, None).double() - exact).norm() / exact.norm()
    assert error < 0.01


def test_only_inference_in_bfloat16_on_few_threads_without_tiles_goes_in_blocks(monkeypatch):
    q, k, v = heads(4, 4)
    monkeypatch.setattr(blockwise, "has_tiles", lambda: True)
    with torch.no_grad():
        assert not is_quicker(q)
    monkeypatch.setattr(blockwise, "has_tiles", lambda: False)
    assert not is_quicker(q)  # gradients are on
    with torch.no_grad():
        assert is_quicker(q)
        assert torch.equal(attend(q, k, v, None), attend_in_blocks(q, k, v, None))
        assert not is_quicker(q.float())
        monkeypatch.setattr(torch, "get_num_threads", lambda: blockwise.FEW_THREADS + 1)
        assert not is_quicker(q)
