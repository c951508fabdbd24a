r"""Trials: candidates trained for real.

A *trial* is one training of one architecture from one seed; an *experiment* is all trials of one search space on one
dataset with one recipe. A trial is a function of (architecture, data, recipe, seed): where and when it runs, in how
many pieces and how often it was begun anew, changes nothing. So the accuracy of an architecture is a sample over seeds,

    mean ± t_{0.975, n-1} s / sqrt(n)

and what is kept of a trial is its curve, a point per epoch, in one SQLite file.

``recipe``: how to train; ``data``: on what; ``train``: one trial; ``store``: the file; ``runner`` and ``cluster``:
many trials, here or through Ray.
"""
