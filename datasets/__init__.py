"""One loader per data set: the real data when it can be had, an embedded default when not.

`store` finds, checks and downloads files, once for all; each other module reads one data set and
holds its embedded default; `registry` lists them all. Nothing here imports the exercises, their
solutions or their graders. Importing a loader is cheap: pandas and pooch are imported on first use.
"""
