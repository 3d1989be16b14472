"""Any OpenAI-compatible server, from the client's side: requests, answers, troubles and what it has cost.

Knows nothing about what is asked: captions are `captions.py`'s business, systems under test the
evaluation's.
"""
