"""The human study: blinded pairs of whole conversations, votes, and what they amount to (paper, Table 1).

Knows pairs, votes and their analysis. Knows no web framework: its page lies in `web`, the page's
server in `server`.
"""
