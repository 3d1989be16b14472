"""The human study: blinded pairs of whole conversations, votes, and what they amount to (paper, Table 1).

Knows pairs, votes and their analysis. Knows no web framework: the page and its server are in `app`.
"""
