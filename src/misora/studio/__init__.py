"""The HTTP half of Misora: the ``/v1`` API that the official ``openai`` client speaks, and what that API never had."""
