"""From torch to Myelin.

program      what torch.export finds, in a form that does not need torch
exported     from a module to that, by torch.export
archive      from a `.pt` file to that, without torch
reading      the walk over its calls, which makes a model
table        what each operation becomes: products, normalization, pooling, activation, recurrent
             make layers; arithmetic, shaping, making are functions of `myelin.ops`
values       what operations are called with, besides promises
weight       a weight outside of any layer
"""
