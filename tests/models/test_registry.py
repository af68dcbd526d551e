from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from misora.base.errors import WeightsError
from misora.models.registry import load_text_encoder, load_transformer, load_video_vae, save_model
from misora.models.weights_file import KINDS, describe_weights, read_header, read_info, weights_digest, weights_metadata, weights_path
from tiny import tiny_text_encoder, tiny_transformer, tiny_vae, write_tiny_weights

LOADERS = {"video_vae": load_video_vae, "transformer": load_transformer, "text_encoder": load_text_encoder}
BUILDERS = {"video_vae": tiny_vae, "transformer": tiny_transformer, "text_encoder": tiny_text_encoder}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_tiny_weights(tmp_path)


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_saved_is_loaded_in_bfloat16(folder: Path, kind: str) -> None:
    model, original = LOADERS[kind](folder, torch.bfloat16), BUILDERS[kind]()
    assert model.config == original.config and not model.training
    state = model.state_dict()
    for name, value in original.state_dict().items():
        wanted = value if name.startswith("latent_") else value.to(torch.bfloat16)
        assert torch.equal(state[name], wanted) and state[name].dtype == wanted.dtype


def test_the_latents_statistics_stay_in_float32(folder: Path) -> None:
    vae = load_video_vae(folder, torch.bfloat16)
    assert vae.latent_std.dtype == torch.float32 and vae.latent_std[0] == 1.25


def test_loading_into_float32_widens_what_was_stored(folder: Path) -> None:
    assert {parameter.dtype for parameter in load_transformer(folder, torch.float32).parameters()} == {torch.float32}


def test_headers_tell_configuration_parameters_and_provenance(folder: Path) -> None:
    infos = describe_weights(folder)
    assert list(infos) == list(KINDS)
    for kind, info in infos.items():
        model = BUILDERS[kind]()
        assert info.num_parameters == sum(parameter.numel() for parameter in model.parameters())
        assert info.provenance == {"recipe": "tiny"}
        assert info.dtypes[0] == "BF16"
    assert infos["transformer"].config["dim"] == 32


def test_a_digest_is_of_the_bytes(folder: Path) -> None:
    path = weights_path(folder, "transformer")
    before = weights_digest(path)
    path.write_bytes(path.read_bytes()[:-1] + b"\1")
    assert len(before) == 64 and weights_digest(path) != before


def test_a_folder_without_weights_is_described_as_empty(tmp_path: Path) -> None:
    assert describe_weights(tmp_path) == {}


@pytest.mark.parametrize("kind", KINDS)
def test_missing_weights_say_which_file_and_how_to_get_it(tmp_path: Path, kind: str) -> None:
    with pytest.raises(WeightsError, match=rf"no weights at .*{kind}\.safetensors; see `make weights`.*MISORA_WEIGHTS"):
        LOADERS[kind](tmp_path)


def spoil(path: Path, how: str) -> None:
    content = path.read_bytes()
    spoiled = {
        "empty": b"",
        "text": b"these are no weights, whatever their name says",
        "cut": content[:-100],
        "header cut": content[:50],
        "longer": content + b"tail",
        "header not json": content[:8] + b"#" * (len(content) - 8),
        "huge header": (2**62).to_bytes(8, "little") + content[8:],
    }
    path.write_bytes(spoiled[how])


@pytest.mark.parametrize("how", ["empty", "text", "cut", "header cut", "longer", "header not json", "huge header"])
def test_damaged_weights_are_called_damaged(folder: Path, how: str) -> None:
    spoil(weights_path(folder, "transformer"), how)
    with pytest.raises(WeightsError, match="transformer.safetensors is damaged"):
        load_transformer(folder)
    with pytest.raises(WeightsError, match="is damaged"):
        describe_weights(folder)


def test_another_kind_of_file_is_named(folder: Path) -> None:
    weights_path(folder, "video_vae").rename(weights_path(folder, "transformer"))
    with pytest.raises(WeightsError, match="holds a video_vae, not a transformer"):
        load_transformer(folder)


def test_a_strangers_safetensors_is_refused(folder: Path) -> None:
    path = weights_path(folder, "transformer")
    save_file({"weight": torch.zeros(2)}, path)
    with pytest.raises(WeightsError, match="not one of Misora's"):
        read_info(path)


@pytest.mark.parametrize("change", [{"blocks": 3}, {"dim": 33}, {"dim": "wide"}])
def test_a_configuration_that_cannot_be_built_is_refused(folder: Path, change: dict[str, object]) -> None:
    import json

    path = weights_path(folder, "transformer")
    metadata = dict(read_header(path)["__metadata__"])
    metadata["config"] = json.dumps(json.loads(metadata["config"]) | change)
    save_file(load_file(path), path, metadata=metadata)
    with pytest.raises(WeightsError, match="configuration that this version cannot build"):
        load_transformer(folder)


def test_tensors_that_do_not_fit_the_configuration_are_refused(folder: Path) -> None:
    path = weights_path(folder, "transformer")
    tensors = load_file(path)
    tensors.pop("first_frame")
    save_file(tensors, path, metadata=weights_metadata("transformer", tiny_transformer().config))
    with pytest.raises(WeightsError, match=r"does not fit its own configuration.*first_frame"):
        load_transformer(folder)


def test_some_matrices_may_be_kept_in_eight_bits(tmp_path: Path) -> None:
    model = tiny_transformer()
    whole, part = (save_model(tmp_path / name, "transformer", model, eight_bits=name) for name in ("", "modulation."))
    assert part.stat().st_size < whole.stat().st_size
    kept, wanted = load_transformer(part.parent, torch.float32).state_dict(), load_transformer(whole.parent, torch.float32).state_dict()
    changed = {name for name in wanted if not torch.equal(kept[name], wanted[name])}
    assert changed and all(name.startswith("modulation.") for name in changed)
    for name in changed:
        rows = wanted[name].abs().amax(1, keepdim=True)
        assert bool(((kept[name] - wanted[name]).abs() <= 0.01 * rows).all())
