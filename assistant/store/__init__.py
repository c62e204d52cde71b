"""Everything kept between two starts, in Postgres. SQL is written in this package only.

`assistant.store.connection.open_store(settings)` is the way in.
"""
