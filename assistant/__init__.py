"""Resposta's answering side: find past answers, judge them, say why.

Importing this package loads nothing heavy; torch, Postgres and Gradio come in
with the modules that use them.
"""
