"""What loading costs before a first frame is thought of: an interpreter of its own, since this one has imported everything already."""

import os
import subprocess
import sys
from pathlib import Path

import torch

from misora.models.registry import load_text_encoder, save_model
from misora.models.text_encoder.config import TextEncoderConfig
from misora.models.text_encoder.model import TextEncoder
from misora.models.transformer.config import TransformerConfig
from misora.models.transformer.model import VideoTransformer
from misora.models.video_vae.config import TINY
from misora.models.video_vae.model import VideoVAE

SOURCE = Path(__file__).resolve().parents[2] / "src"
TEXT = TextEncoderConfig(table_size=16, dim=12, layers=1, heads=1, max_tokens=4, out_dim=12)
LOAD = """
import sys
from pathlib import Path
from misora.pipelines.native import load_pipeline
load_pipeline(Path(sys.argv[1]), "cpu", 1)
heavy = {"torch._dynamo", "sympy"} & sys.modules.keys()
assert not heavy, heavy
"""


def test_loading_does_not_import_torch_s_compiler(tmp_path):
    torch.manual_seed(0)
    save_model(tmp_path, "video_vae", VideoVAE(TINY))
    save_model(tmp_path, "transformer", VideoTransformer(TransformerConfig(8, 32, 3, 2, 48, 12)))
    save_model(tmp_path, "text_encoder", TextEncoder(TEXT))
    environ = os.environ | {"PYTHONPATH": str(SOURCE)}
    command = [sys.executable, "-c", LOAD, str(tmp_path)]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr


def test_loading_leaves_the_random_numbers_as_they_were(tmp_path):
    save_model(tmp_path, "text_encoder", TextEncoder(TEXT))
    before = torch.random.get_rng_state()
    load_text_encoder(tmp_path)
    assert torch.equal(torch.random.get_rng_state(), before)
