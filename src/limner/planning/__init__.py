"""Conversations in front of any painter: which earlier pictures and faces it is given, and in what words.

Limner's own model reads the whole history. Other painters read one instruction and a few pictures. A planner
(`plan.py`) stands between: from the history and what is said now it makes a plan that needs no history.
"""
