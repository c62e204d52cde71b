"""The page, its named endpoints and the web server: one file per tab, and what stands between Gradio and the desk.

Handlers check what arrives and call the desk or the board; they decide nothing themselves.
"""
