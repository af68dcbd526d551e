import pytest
import torch

from misora.models.layers.embedding import ScalarEmbedding, sinusoid
from misora.models.layers.norm import RmsNorm, rms_norm
from misora.models.layers.rotary import Rotary, axial_rotary, frame_times, prepend_still, rotate, still_grid
from misora.models.layers.swiglu import SwiGlu

torch.set_num_threads(1)

CPU = torch.device("cpu")


def test_rms_norm_is_torch_s_and_keeps_the_dtype():
    x = torch.randn(3, 8, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(rms_norm(x), torch.nn.functional.rms_norm(x, (8,), eps=1e-6))
    assert RmsNorm(8).bfloat16()(x.bfloat16()).dtype == torch.bfloat16


def test_sinusoid_of_zero_is_one_then_zero():
    assert sinusoid(torch.zeros(2), 6).tolist() == [[1, 1, 1, 0, 0, 0]] * 2


def test_scalars_of_any_shape_become_vectors():
    assert ScalarEmbedding(12, 1000.0)(torch.rand(2, 3)).shape == (2, 3, 12)


def test_swiglu_of_zero_is_zero():
    assert not SwiGlu(8, 12)(torch.zeros(1, 8)).any()


def test_swiglu_is_the_same_with_and_without_gradients():
    torch.manual_seed(0)
    layer, x = SwiGlu(16, 24), torch.randn(3, 5, 16)
    with torch.no_grad():
        without = layer(x)
    torch.testing.assert_close(without, layer(x))


def test_a_latent_frame_is_timed_by_its_last_pixel_frame():
    times = frame_times(torch.tensor([[0, 1, 3], [0, 1, 3]]), torch.tensor([24.0, 8.0]))
    torch.testing.assert_close(times, torch.tensor([[0, 1 / 3, 1], [0, 1, 3]]))


def test_rotation_keeps_lengths_and_products_depend_on_distance():
    rotary = axial_rotary(torch.tensor([[0.0, 1.0, 2.0]]), still_grid(2, 3, CPU), 16)
    q, k = torch.randn(2, 1, 1, 1, 16, generator=torch.Generator().manual_seed(0)).expand(-1, 1, 18, 1, 16)
    turned_q, turned_k = rotate(q, rotary), rotate(k, rotary)
    torch.testing.assert_close(turned_q.norm(dim=-1), q.norm(dim=-1))
    products = torch.einsum("bqhd,bkhd->qk", turned_q, turned_k)
    assert products[0, 6].item() == pytest.approx(products[6, 12].item(), abs=1e-4)  # one second later
    assert products[0, 1].item() == pytest.approx(products[1, 2].item(), abs=1e-4)  # one column right
    assert products[0, 3].item() != pytest.approx(products[0, 1].item(), abs=1e-3)


def test_a_larger_canvas_keeps_the_angles_of_its_middle():
    small, large = (axial_rotary(torch.zeros(1, 1), still_grid(side, side, CPU), 16).cos.reshape(side, side, 8) for side in (2, 4))
    torch.testing.assert_close(large[1:3, 1:3], small)


def test_text_is_not_turned():
    x = torch.randn(1, 5, 2, 16, generator=torch.Generator().manual_seed(0))
    rotary = prepend_still(axial_rotary(torch.ones(1, 3), still_grid(1, 1, CPU), 16), 2)
    assert isinstance(rotary, Rotary)
    turned = rotate(x, rotary)
    assert torch.equal(turned[:, :2], x[:, :2])
    assert not torch.allclose(turned[:, 2:], x[:, 2:])
