"""One evaluation, from its rows to its report folder."""
