"""Chains of edits on real pictures, and the rounds that reach back in them (slides, "Non-Markov Editing
dataset").
"""
