"""What a person wants changed in a clip, as canvases and kept frames: plain data and NumPy, no torch, no network, no file."""
