"""The upsampler: frames to frames twice as large, streamed, deterministic."""
