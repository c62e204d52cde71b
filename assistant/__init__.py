"""Resposta's answering side: find past answers, judge them, say why.

Importing this package loads nothing heavy; torch, Postgres and Gradio come in
with the modules that use them.
"""

import os

# Threads of OpenMP that wait for each other sleep meanwhile. By default they spin: no faster where cores are free, and
# beside another process that computes, such as a training next to the app, a step took 43 seconds instead of 2.
# OpenMP reads this when torch is loaded, so it stands in front of all.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
