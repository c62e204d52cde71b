"""Colours and fonts of Gradio's own parts. Only fonts every machine has: nothing is fetched."""

from __future__ import annotations

import gradio as gr

_TEAL = gr.themes.Color(
    name="resposta",
    c50="#effaf8",
    c100="#d5f2ec",
    c200="#aee5db",
    c300="#7cd1c4",
    c400="#48b5a7",
    c500="#22998b",
    c600="#0f766e",
    c700="#0f5f59",
    c800="#114c48",
    c900="#123f3c",
    c950="#052523",
)


def build_theme() -> gr.themes.Base:
    """One accent colour on slate; system fonts."""
    return gr.themes.Base(
        primary_hue=_TEAL,
        secondary_hue=_TEAL,
        neutral_hue=gr.themes.colors.slate,
        font=["system-ui", "Segoe UI", "Roboto", "Helvetica Neue", "Arial", "sans-serif"],
        font_mono=["ui-monospace", "Consolas", "DejaVu Sans Mono", "monospace"],
    ).set(
        body_background_fill="#f6f8f9",
        body_background_fill_dark="#0e1416",
        background_fill_primary="#ffffff",
        background_fill_primary_dark="#161e21",
        block_background_fill="transparent",
        block_background_fill_dark="transparent",
        block_border_width="0px",
        block_shadow="none",
        block_padding="0",
        color_accent="*primary_600",
        color_accent_soft="*primary_50",
    )
