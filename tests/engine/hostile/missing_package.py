"""Imports a package that is not there.

outcome: failed
says: No module named 'a_package_that_nobody_has', while week04_sequences.py was being imported
"""

import a_package_that_nobody_has
