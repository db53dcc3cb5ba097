"""Changes of a pack's YAML, as text in and text out: what is not touched keeps its order, its layout, its comments.

Pure: no Django, no files. `edits.EDITS` is the table of what can be asked for; `source.Source` does the splicing.
"""
