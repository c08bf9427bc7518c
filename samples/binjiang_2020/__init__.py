"""A synthetic 2020: invented figures for the published rubric, made by a seeded generator.

`python -m samples.binjiang_2020` writes `samples/binjiang-2020.jsonl`. No line of it describes anything that happened.
"""
