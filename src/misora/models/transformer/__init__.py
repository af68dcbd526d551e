"""The diffusion transformer over video latents, and its presets."""
