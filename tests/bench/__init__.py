"""How fast it is, as ratios: every row runs ours and a hand-written reference in turns, on the same rows, in one run.

`python -m tests.bench --scale quick` prints the figures, `--json` keeps them, `--page` makes docs/performance.md of
them. A row is a module with `measure(ground, scale)`; `__main__.ROWS` lists them, and nothing else knows them.
"""
