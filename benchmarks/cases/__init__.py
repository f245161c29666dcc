"""One module a group of rows; each has ``run(quick)``, which yields rows."""
