"""The parser: reads a clip of the stage back into who is there, where, doing what, and how the camera moves."""
