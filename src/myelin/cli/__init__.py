"""The `myelin` command.

main         the commands and their options; how errors end
train        data to a trained, judged and saved model
reuse        `predict` and `evaluate` with a saved model
data/        reads files, folders and built-in sets; splits them
preparation  from rows as read to the arrays of the network, and how that is kept
parts        the rows that train, choose the epoch, and judge
networks     the network for the data
augmentation what is changed in images while it trains
own          the user's own network
fitting      trains it
judge        the scores and their tables
page         the HTML page of a run
files        the folder of a run
options      what `train` can be told, checked
screen       what is printed
"""
