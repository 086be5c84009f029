"""From torch to Myelin.

program      what torch.export finds, in a form that does not need torch
exported     from a module to that, by torch.export
archive      from a `.pt` file to that, without torch
reading      the walk over its calls, which makes a model
table        what each operation becomes: layers, recurrent, functions
weight       a weight outside of any layer
"""
