"""Pictures of the pages for the documents, in two languages, and how it is noticed that they have grown old.

`scenes` says what there is to see in each language, `stage` brings it into a demo, `shots` walks through the pages;
`kept` holds the files in `docs/pictures/` and what stood on each page when it was taken.
"""
