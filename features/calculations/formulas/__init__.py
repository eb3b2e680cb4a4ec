"""Formulas of calculators: a small language over a calculator's fields, with units, reckoned exactly.

A formula is text that a manager writes (`width * height * count`). It is parsed and checked here, once, and becomes a
tree of lists. The server (:mod:`.evaluator`) and the page (`web/widget/formulas.js`) only walk the tree, in exact
fractions, so both have the same result. There is no `eval`, no loop, and nothing that calls itself.
docs/calculators.md describes the language.
"""
