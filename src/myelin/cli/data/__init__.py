"""From what the user names to rows: built-in sets, arrays, tables, folders of images.

reading   finds out what DATA is
rows      what every reader gives
builtin   digits, mnist and their like
arrays    .npz
tables    .csv and .parquet
columns   from a table's columns to numbers
dates     columns of dates
images    folders of images
targets   classes or values
splits    training, validation and test rows
"""
