"""Who rewrites a prompt: nobody, the offline rewriter, or a chat endpoint with the offline rewriter behind it."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, cast, get_args

from misora.base.errors import InputError
from misora.base.settings import Settings
from misora.prompting.chat import ChatError, ChatSettings, rewrite_by_chat
from misora.prompting.presets import Preset
from misora.prompting.rewriter import Rewrite, rewrite

Rewriter = Literal["off", "offline", "chat"]


def rewrite_prompt(
    prompt: str, settings: Settings, preset: Preset | None = None, rewriter: str | None = None, seconds: float | None = None
) -> Rewrite:
    """``prompt`` for a video of ``seconds`` rewritten as ``rewriter`` says; None is the settings' own choice, and any length.

    A chat endpoint that gives no usable answer is no error: the offline rewriter takes over, and ``note`` says why.

    Raises:
        InputError: ``rewriter`` is not known, or a chat endpoint is asked for and not set up.
    """
    chosen = check_rewriter(rewriter or settings.rewriter)
    if chosen == "off":
        read = rewrite(prompt, tier=settings.tier)
        return Rewrite(prompt, read.language, read.understood, read.unknown_words)
    if chosen == "chat":
        chat = chat_settings(settings)
        try:
            return rewrite_by_chat(prompt, chat, preset)
        except ChatError as error:
            return replace(rewrite(prompt, preset=preset, tier=settings.tier, seconds=seconds), note=f"{error}; rewritten offline instead")
    return rewrite(prompt, preset=preset, tier=settings.tier, seconds=seconds)


def check_rewriter(name: str) -> Rewriter:
    """Raises InputError unless ``name`` is a way to rewrite."""
    if name not in get_args(Rewriter):
        raise InputError(f"rewriter={name!r} is not known; choose one of {', '.join(get_args(Rewriter))}", field="rewriter")
    return cast(Rewriter, name)


def chat_settings(settings: Settings) -> ChatSettings:
    """The endpoint that the settings name; raises InputError when they name none."""
    if not settings.chat_url:
        raise InputError(
            "rewriter='chat' needs an endpoint; set MISORA_CHAT_URL and MISORA_CHAT_MODEL, or choose offline", field="MISORA_CHAT_URL"
        )
    return ChatSettings(settings.chat_url, settings.chat_model, settings.chat_key, settings.chat_timeout)
