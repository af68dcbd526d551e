"""The flow path, noise schedules, samplers and guidance; knows a denoiser, never a network."""
